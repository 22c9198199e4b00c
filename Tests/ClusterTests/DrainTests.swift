import ChatTesting
import Testing

extension Scenarios {
    @Suite struct Draining {
        @Test func aTerminatedNodeMovesItsClientsAndEndsInTime() async throws {
            try await TestCluster.with(flags: ["--drain-seconds", "2", "--stop-seconds", "6"]) { cluster in
                let (old, new) = (try cluster.edge("edge-a"), try cluster.edge("edge-b"))
                let (watcher, _) = try await WireClient.signIn("watcher", port: new.port)
                _ = try await watcher.join("lobby")
                var clients: [(client: WireClient, welcome: WireFrame)] = []
                for number in 0..<10 {
                    clients.append(try await WireClient.signIn("user-\(number)", port: old.port))
                    _ = try await clients[number].client.join("lobby")
                }

                let asked = ContinuousClock.now
                old.terminate()
                try await eventually("readyz to turn red", within: .seconds(1)) {
                    try await old.readiness().status == 503
                }
                let refusal = await #expect(throws: (any Error).self) { try await WireClient.connect(port: old.port) }
                if let refusal = refusal as? WireRefusal { #expect(refusal.answer.status == 503) }

                var slots: [Int] = []
                for (index, (client, welcome)) in clients.enumerated() {
                    let slot = try await client.expect("draining", within: .seconds(2)).reconnectAfterMs ?? -1
                    slots.append(slot)
                    // Half of them move as they should; the others ignore what they are told.
                    guard index.isMultiple(of: 2) else { continue }
                    let (moved, again) = try await WireClient.signIn(
                        "user-\(index)", port: new.port, resume: welcome.resume)
                    #expect(again.resumed == true)
                    #expect(again.session == welcome.session)
                    _ = try await moved.join("lobby")
                }
                #expect(slots.allSatisfy { (0...2000).contains($0) }, "\(slots)")
                #expect(Set(slots).count > 5, "each client has its own slot: \(slots)")
                for (index, (client, _)) in clients.enumerated() {
                    let ending = try await client.ending()
                    #expect(ending.code == (index.isMultiple(of: 2) ? 4005 : 4000), "user-\(index): \(ending)")
                }
                #expect(try await old.process.exit(within: .seconds(8)) == .status(0))
                #expect(asked.duration(to: .now) < .seconds(7))

                try await eventually("only those who moved to be left", within: .seconds(15)) {
                    try await watcher.who("lobby").count == 6
                }
                let gone = try await watcher.received().flatMap { $0.left ?? [] }.map(\.user)
                #expect(Set(gone) == Set((0..<10).filter { !$0.isMultiple(of: 2) }.map { "user-\($0)" }))
                #expect(try await cluster.redisKeys(bearing: "edge-a~").isEmpty)
            }
        }

        /// The drain is cut where it would take all the time that there is.
        @Test func aDrainAsLongAsTheStopStillEndsInOrder() async throws {
            try await TestCluster.with(flags: ["--drain-seconds", "3", "--stop-seconds", "3"]) { cluster in
                let (old, new) = (try cluster.edge("edge-a"), try cluster.edge("edge-b"))
                let (watcher, _) = try await WireClient.signIn("watcher", port: new.port)
                _ = try await watcher.join("lobby")
                let (stays, _) = try await WireClient.signIn("stays", port: old.port)
                _ = try await stays.join("lobby")
                old.terminate()
                #expect(try await stays.ending().code == 4000)
                #expect(try await old.process.exit(within: .seconds(5)) == .status(0))
                let left = try await watcher.expect("presence") { $0.left?.isEmpty == false }.left
                #expect(left?.map(\.user) == ["stays"])
                #expect(try await cluster.redisKeys(bearing: "edge-a~").isEmpty)
            }
        }

        @Test func aBrokerThatDoesNotAnswerDoesNotHoldTheEnd() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--drain-seconds", "0", "--stop-seconds", "3"]) {
                cluster in
                let edge = try cluster.edge("edge-a")
                let (client, _) = try await WireClient.signIn("ann", port: edge.port)
                _ = try await client.join("lobby")
                cluster.redis.pause()
                defer { cluster.redis.resume() }
                edge.terminate()
                #expect(try await client.ending().code == 4000)
                #expect(try await edge.process.exit(within: .seconds(5)) == .status(0))
            }
        }

        @Test func anEdgeWhoseAdminAddressIsTakenDoesNotStart() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let taken = "127.0.0.1:\(try cluster.edge("edge-a").adminPort)"
                let second = try await cluster.run(
                    "termchat-edge",
                    [
                        "--listen", "127.0.0.1:0", "--admin", taken, "--node", "edge-b", "--guests", "--redis",
                        cluster.redis.unixURL,
                    ])
                #expect(second.exit == .status(3))
                #expect(second.errors.contains("cannot bind \(taken)"))
                #expect(second.output.isEmpty)
                #expect(try await cluster.redisKeys(bearing: "edge-b~").isEmpty)
            }
        }

        @Test func anOperatorDrainsANodeFromAfar() async throws {
            try await TestCluster.with(flags: ["--stop-seconds", "10"]) { cluster in
                let old = try cluster.edge("edge-a")
                let (ann, _) = try await WireClient.signIn("ann", port: old.port)
                let wrong = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "drain", "edge-z", "--yes"])
                #expect(wrong.exit == .status(2), "\(wrong.errors)")
                let asked = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "drain", "edge-a", "--over", "1s", "--yes"])
                #expect(asked.exit == .status(0), "\(asked.errors)")
                let slot = try await ann.expect("draining", within: .seconds(2)).reconnectAfterMs ?? -1
                #expect((0...1000).contains(slot))
                #expect(try await ann.ending().code == 4000)
                #expect(try await old.process.exit(within: .seconds(8)) == .status(0))
                #expect(try await cluster.edge("edge-b").readiness().status == 200)
            }
        }

        @Test func aSecondSignalEndsItAtOnce() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--drain-seconds", "60", "--stop-seconds", "90"]) {
                cluster in
                let edge = try cluster.edge("edge-a")
                let (client, _) = try await WireClient.signIn("ann", port: edge.port)
                edge.terminate()
                try await client.expect("draining")
                #expect(edge.process.exitNow == nil)
                edge.terminate()
                #expect(try await edge.process.exit(within: .seconds(2)) == .status(1))
            }
        }

        @Test func nothingOutlivesTheSessions() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--grace-seconds", "1"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.visit(edge, clients: 5)
                try await Self.waitUntilEmpty(edge)
                let baseline = edge.process.openFiles

                try await Self.visit(edge, clients: 50)
                try await Self.waitUntilEmpty(edge)
                try await eventually("file descriptors to go back to \(baseline)", within: .seconds(5)) {
                    edge.process.openFiles <= baseline
                }
                // What is left is the node's own: its inbox, the probe and the way of `termchat-ctl`.
                let channels = try await cluster.redis.cli("PUBSUB", "CHANNELS", "tc:{*")
                #expect(channels.isEmpty, "subscriptions of rooms that nobody is in: \(channels)")
            }
        }

        /// Clients that join rooms of their own and a common one; a third leaves, a third closes, a third is cut.
        private static func visit(_ edge: EdgeProcess, clients: Int) async throws {
            var guests: [WireClient] = []
            for number in 0..<clients {
                let (client, _) = try await WireClient.signIn("guest-\(number)", port: edge.port)
                _ = try await client.join("lobby")
                _ = try await client.join("room-\(number)")
                guests.append(client)
            }
            for (number, guest) in guests.enumerated() {
                switch number % 3 {
                case 0:
                    _ = try await guest.leave("lobby")
                    _ = try await guest.leave("room-\(number)")
                    guest.close()
                case 1: guest.close()
                default: await guest.reset()
                }
                _ = try await guest.ending()
            }
        }

        private static func waitUntilEmpty(_ edge: EdgeProcess) async throws {
            let gauges = ["termchat_edge_connections", "termchat_edge_sessions", "termchat_edge_rooms"]
            try await eventually("\(gauges) to be 0", within: .seconds(10)) {
                let page = try await edge.metrics()
                for gauge in gauges { try require(page[gauge] != nil, "no metric \(gauge)") }
                return gauges.allSatisfy { page[$0] == 0 }
            }
        }
    }
}
