import ChatTesting
import Glibc
import Testing

extension Scenarios {
    @Suite struct RedisFaults {
        enum Fault: String, CaseIterable, Sendable {
            case subscriptionsKilled
            case commandsKilled
            case frozen
            case restarted
        }

        @Test(arguments: Fault.allCases)
        func clientsSeeAPauseAndNeverAHole(_ fault: Fault) async throws {
            let flags = ["--sends-per-second", "10000", "--history-entries", "200000"]
            try await TestCluster.with(flags: flags, persistent: true) { cluster in
                let ports = try [cluster.edge("edge-a").port, cluster.edge("edge-b").port]
                let talkers = (0..<4).map { Talker(user: "user-\($0)", room: "traffic") }
                for (index, talker) in talkers.enumerated() { try await talker.connect(port: ports[index % 2]) }

                try await withThrowingTaskGroup(of: Void.self) { group in
                    for talker in talkers {
                        group.addTask { try await talker.talk() }
                    }
                    group.addTask {
                        try await Scenarios.everyone(talkers, "has 50 entries") { await $0.count >= 50 }
                        try await Self.inflict(fault, on: cluster)
                        try await Scenarios.everyone(talkers, "is told degraded and restored") {
                            await $0.notices.starts(with: ["degraded", "restored"])
                        }
                        var before: [String: Int] = [:]
                        for talker in talkers { before[talker.user] = await talker.count }
                        let counts = before
                        try await Scenarios.everyone(talkers, "has 50 entries more") {
                            await $0.count >= counts[$0.user, default: 0] + 50
                        }
                        for talker in talkers { await talker.stop() }
                    }
                    try await group.waitForAll()
                }
                let stored = try await cluster.wholeHistory(of: "traffic")
                for talker in talkers {
                    try await talker.read(until: stored.last?.id ?? "0-0")
                    #expect(
                        await talker.log.entries.map(\.id) == stored.map(\.id), "\(talker.user) has another sequence")
                }
            }
        }

        private static func inflict(_ fault: Fault, on cluster: TestCluster) async throws {
            switch fault {
            case .subscriptionsKilled: try await cluster.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
            case .commandsKilled: try await cluster.redis.cli("CLIENT", "KILL", "TYPE", "normal")
            case .frozen: try await cluster.redis.cli("DEBUG", "SLEEP", "3")
            case .restarted: try await cluster.redis.restart()
            }
        }
    }

    /// Waits until something holds for each of the talkers.
    static func everyone(_ talkers: [Talker], _ what: String, _ holds: (Talker) async -> Bool) async throws {
        for talker in talkers {
            try await eventually("\(talker.user) \(what)", within: .seconds(20)) { await holds(talker) }
        }
    }
}
