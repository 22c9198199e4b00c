import ChatTesting
import Glibc
import Testing

extension Scenarios {
    @Suite struct NodeLoss {
        @Test func aKilledNodesMembersAreAnnouncedOnceAndItsKeysGo() async throws {
            try await TestCluster.with { cluster in
                let (lost, kept) = (try cluster.edge("edge-a"), try cluster.edge("edge-b"))
                let (watcher, _) = try await WireClient.signIn("watcher", port: kept.port)
                _ = try await watcher.join("lobby")
                var doomed: Set<String> = []
                for number in 1...5 {
                    let (client, welcome) = try await WireClient.signIn("doomed-\(number)", port: lost.port)
                    _ = try await client.join("lobby")
                    doomed.insert(welcome.session ?? "")
                }
                #expect(try await watcher.who("lobby").count == 6)
                let node = try await cluster.nodeID(of: "edge-a")

                let killed = ContinuousClock.now
                try await lost.kill9()
                var announced: [WireFrame.Presence] = []
                while announced.count < doomed.count {
                    announced +=
                        try await watcher.expect("presence", within: .seconds(5)) { $0.left?.isEmpty == false }.left
                        ?? []
                }
                let delay = killed.duration(to: .now)
                #expect(delay < .seconds(2), "announced after \(delay)")
                #expect(announced.allSatisfy { $0.reason == "node-lost" && $0.node == "edge-a" })
                #expect(try await watcher.who("lobby").count == 1)

                try await eventually("Redis to forget \(node)", within: .seconds(60)) {
                    try await cluster.redisKeys(bearing: node).isEmpty
                }
                _ = try await watcher.say("still here", in: "lobby")
                let all = try await watcher.received().flatMap { $0.left ?? [] }
                #expect(all.count == doomed.count)
                #expect(Set(all.map(\.session)) == doomed)
            }
        }

        @Test func aFrozenNodesMembersAreAnnouncedWithinItsLeaseAndComeBack() async throws {
            try await TestCluster.with { cluster in
                let (frozen, kept) = (try cluster.edge("edge-a"), try cluster.edge("edge-b"))
                let (watcher, _) = try await WireClient.signIn("watcher", port: kept.port)
                _ = try await watcher.join("lobby")
                let (client, _) = try await WireClient.signIn("sleeper", port: frozen.port)
                _ = try await client.join("lobby")
                try await watcher.expect("presence") { $0.joined?.first?.user == "sleeper" }

                let stopped = ContinuousClock.now
                frozen.process.signal(SIGSTOP)
                let departure = try await watcher.expect("presence", within: .seconds(12)) { $0.left?.isEmpty == false }
                let delay = stopped.duration(to: .now)
                #expect(departure.left?.first?.reason == "node-lost")
                #expect(delay < .seconds(9), "announced after \(delay)")

                frozen.process.signal(SIGCONT)
                try await watcher.expect("presence") { $0.joined?.first?.user == "sleeper" }
                _ = try await watcher.say("welcome back", in: "lobby")
                try await client.expect("message") { $0.body == "welcome back" }
            }
        }
    }
}

extension TestCluster {
    /// The id a node has for this run, from the index of leases.
    func nodeID(of name: String) async throws -> String {
        let ids = try await redis.cli("ZRANGE", "tc:nodes", "0", "-1").split(separator: "\n").map(String.init)
        guard let id = ids.last(where: { $0.hasPrefix(name + "~") }) else {
            throw WireFailure("no node \(name) in \(ids)")
        }
        return id
    }
}
