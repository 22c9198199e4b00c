import ChatTesting
import Testing

extension Scenarios {
    @Suite struct TwoEdges {
        @Test func clientsOfTwoEdgesSeeOneRoom() async throws {
            try await TestCluster.with { cluster in
                let (ann, annWelcome) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (bob, bobWelcome) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                #expect(annWelcome.node == "edge-a")
                #expect(annWelcome.resumed == false)
                #expect(annWelcome.session != annWelcome.resume)

                let alone = try await ann.join("lobby")
                #expect(alone.count == 1)
                #expect(alone.position == "0-0")
                let both = try await bob.join("lobby")
                #expect(both.members.map { Set($0.map(\.user)) } == ["ann", "bob"])
                let arrival = try await ann.expect("presence")
                #expect(arrival.joined?.first?.session == bobWelcome.session)
                #expect(arrival.joined?.first?.node == "edge-b")
                #expect(arrival.count == 2)

                let ack = try await ann.say("hello", in: "lobby", key: "k1")
                #expect(ack.duplicate == false)
                for client in [ann, bob] {
                    let message = try await client.expect("message")
                    #expect(message.id == ack.id)
                    #expect(message.ts == ack.ts)
                    #expect(message.prev == "0-0")
                    #expect(message.session == annWelcome.session)
                    #expect([message.user, message.key, message.body] == ["ann", "k1", "hello"])
                }
                let again = try await ann.say("hello", in: "lobby", key: "k1")
                #expect(again.duplicate == true)
                #expect(again.id == ack.id)
                let sameKeyOfBob = try await bob.say("mine", in: "lobby", key: "k1")
                #expect(sameKeyOfBob.duplicate == false)

                #expect(try await ann.history("lobby").messages == bob.history("lobby").messages)
                #expect(try await ann.history("lobby").messages?.map(\.body) == ["hello", "mine"])
                let (here, there) = (try await ann.who("lobby"), try await bob.who("lobby"))
                #expect(here.members.map(Set.init) == there.members.map(Set.init))
                #expect(here.count == 2)

                _ = try await bob.leave("lobby")
                let departure = try await ann.expect("presence")
                #expect(departure.left?.map(\.reason) == ["left"])
                #expect(departure.count == 1)
                let ofAnn = try await ann.received().filter { $0.type == "presence" }.flatMap { $0.joined ?? [] }
                #expect(!ofAnn.contains { $0.user == "ann" }, "the joiner's own presence is not sent to it")
            }
        }

        @Test func joinWithSinceThroughAProxyGivesExactlyWhatWasMissed() async throws {
            try await TestCluster.with(flags: ["--sends-per-second", "1000"]) { cluster in
                let proxy = try await cluster.startHAProxy()
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await ann.join("lobby")
                let known = try await ann.say("known", in: "lobby")
                for number in 1...5 { _ = try await ann.say("missed \(number)", in: "lobby") }

                let (carol, _) = try await WireClient.signIn("carol", port: proxy.port)
                let joined = try await carol.join("lobby", since: known.id)
                #expect(joined.messages?.map(\.body) == (1...5).map { "missed \($0)" })
                #expect(joined.messages?.first?.prev == known.id)
                #expect(joined.position == joined.messages?.last?.id)
                #expect(joined.complete == true)
                #expect(joined.more == false)

                let (dan, _) = try await WireClient.signIn("dan", port: proxy.port)
                let nothingMissed = try await dan.join("lobby", since: joined.position)
                #expect(nothingMissed.messages?.isEmpty == true)
                #expect(nothingMissed.complete == true)
            }
        }
    }
}
