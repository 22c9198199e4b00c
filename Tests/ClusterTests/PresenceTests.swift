import ChatTesting
import Testing

extension Scenarios {
    @Suite struct PresenceOfSessions {
        @Test func aLostConnectionIsAnnouncedAfterTheGrace() async throws {
            try await TestCluster.with(flags: ["--grace-seconds", "2"]) { cluster in
                let (watcher, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                _ = try await watcher.join("lobby")
                let (client, welcome) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await client.join("lobby")
                let cut = ContinuousClock.now
                await client.reset()
                let departure = try await watcher.expect("presence") { $0.left?.isEmpty == false }
                #expect(departure.left?.map(\.reason) == ["lost"])
                #expect(departure.left?.first?.session == welcome.session)
                let delay = cut.duration(to: .now)
                #expect(delay > .seconds(1.5) && delay < .seconds(5), "announced after \(delay)")
                let (_, again) = try await WireClient.signIn(
                    "ann", port: cluster.edge("edge-b").port, resume: welcome.resume)
                #expect(again.resumed == false)
            }
        }

        @Test func aResumeWithinTheGraceIsNotAnnounced() async throws {
            try await TestCluster.with(flags: ["--grace-seconds", "1"]) { cluster in
                let ports = try [cluster.edge("edge-a").port, cluster.edge("edge-b").port]
                let (watcher, _) = try await WireClient.signIn("bob", port: ports[1])
                _ = try await watcher.join("lobby")
                var (client, welcome) = try await WireClient.signIn("ann", port: ports[0])
                _ = try await client.join("lobby")
                for port in [ports[1], ports[1], ports[0]] {
                    await client.reset()
                    let (next, again) = try await WireClient.signIn("ann", port: port, resume: welcome.resume)
                    #expect(again.resumed == true)
                    #expect(again.session == welcome.session)
                    _ = try await next.join("lobby")
                    (client, welcome) = (next, again)
                }
                // A third session's whole grace lies behind the resumes: had they been lost, it would be known by now.
                let (other, _) = try await WireClient.signIn("carol", port: ports[0])
                _ = try await other.join("lobby")
                await other.reset()
                try await watcher.expect("presence") { $0.left?.first?.user == "carol" }
                let ofAnn = try await watcher.received().filter { $0.type == "presence" }
                    .flatMap { ($0.joined ?? []) + ($0.left ?? []) }.filter { $0.user == "ann" }
                #expect(ofAnn.count == 1, "\(ofAnn)")
                #expect(try await watcher.who("lobby").members.map { Set($0.map(\.user)) } == ["ann", "bob"])
            }
        }

        @Test func aResumeReplacesAConnectionThatStillStands() async throws {
            try await TestCluster.with { cluster in
                let ports = try [cluster.edge("edge-a").port, cluster.edge("edge-b").port]
                var (client, welcome) = try await WireClient.signIn("ann", port: ports[0])
                _ = try await client.join("lobby")
                for port in [ports[0], ports[1]] {
                    let (next, again) = try await WireClient.signIn("ann", port: port, resume: welcome.resume)
                    #expect(again.resumed == true)
                    #expect(try await client.ending().code == 4005)
                    _ = try await next.join("lobby")
                    (client, welcome) = (next, again)
                }
                let stolen = try await WireClient.signIn("mallory", port: ports[1], resume: welcome.resume)
                #expect(stolen.welcome.resumed == false, "a session's secret is worth nothing to another user")
                #expect(try await client.who("lobby").count == 1)
            }
        }

        @Test func typingIsTold() async throws {
            try await TestCluster.with { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                _ = try await ann.join("lobby")
                _ = try await bob.join("lobby")
                try ann.send(["type": "typing", "room": "lobby"])
                let typing = try await bob.expect("typing")
                #expect(typing.user == "ann")
                #expect(typing.room == "lobby")
            }
        }

        @Test func joiningTwiceIsOneMembership() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await ann.join("lobby")
                #expect(try await ann.join("LOBBY").count == 1)
                _ = try await ann.say("once", in: "lobby")
                _ = try await ann.who("lobby")
                #expect(try await ann.received().filter { $0.type == "message" }.count == 1)
            }
        }
    }
}
