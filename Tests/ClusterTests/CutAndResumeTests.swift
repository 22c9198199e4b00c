import ChatTesting
import Testing

extension Scenarios {
    @Suite struct CutAndResume {
        private static let clients = 20
        private static let messagesEach = 100
        private static let cutsEach = 3

        @Test func everyoneHasEveryMessageOnceThroughCutsAndResumes() async throws {
            var generator = SeededGenerator.fresh()
            let total = Self.clients * Self.messagesEach
            let plans = (0..<Self.clients).map { _ in
                (0..<Self.cutsEach).map { _ in Int.random(in: 1..<total, using: &generator) }.sorted()
            }
            try await TestCluster.with(flags: ["--sends-per-second", "10000", "--history-entries", "10000"]) {
                cluster in
                let ports = try [cluster.edge("edge-a").port, cluster.edge("edge-b").port]
                let talkers = (0..<Self.clients).map { Talker(user: "user-\($0)", room: "storm") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, talker) in talkers.enumerated() {
                        group.addTask {
                            try await talker.connect(port: ports[index % 2])
                            let nextPorts = (1...Self.cutsEach).map { ports[(index + $0) % 2] }
                            try await talker.talk(
                                messages: Self.messagesEach, window: 4, cuts: plans[index], ports: nextPorts)
                            try await talker.read(until: total)
                        }
                    }
                    try await group.waitForAll()
                }
                let first = await talkers[0].log.entries
                #expect(first.count == total)
                for talker in talkers {
                    #expect(await talker.log.entries == first, "\(talker.user) has another sequence")
                    #expect(await talker.cutsMade == Self.cutsEach)
                }
                let stored = try await cluster.wholeHistory(of: "storm")
                #expect(stored.map(\.id) == first.map(\.id))
            }
        }
    }
}

extension TestCluster {
    /// Everything a room's history holds, read in pages by a stranger.
    func wholeHistory(of room: String) async throws -> [WireEntry] {
        let (reader, _) = try await WireClient.signIn("historian", port: edge("edge-a").port)
        _ = try await reader.join(room, limit: 0)
        var entries: [WireEntry] = []
        while true {
            let page = try await reader.history(room, after: entries.last?.id ?? "0-0", limit: 1000)
            entries += page.messages ?? []
            if page.more != true { break }
        }
        reader.close()
        _ = try await reader.ending()
        return entries
    }
}
