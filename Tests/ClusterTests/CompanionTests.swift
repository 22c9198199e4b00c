import ChatTesting
import Testing

extension Scenarios {
    /// What a full-screen client needs beside messages, through two real edges and Redis.
    @Suite struct Companions {
        @Test func aReadMarkerFollowsTheUserFromOneClientToTheOther() async throws {
            try await TestCluster.with { cluster in
                let (here, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (there, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-b").port)
                for client in [here, there] { _ = try await client.join("lobby") }
                try await eventually("both are known to the one that reads") {
                    try await here.who("lobby").members?.first?.sessions == 2
                }
                let first = try #require(try await there.say("one", in: "lobby").id)
                let last = try #require(try await there.say("two", in: "lobby").id)
                try await here.expect("message") { $0.id == last }
                for id in [first, last] { try here.send(["type": "read", "room": "lobby", "position": id]) }
                try await there.expect("read") { $0.position == last }
                #expect(try await cluster.redis.cli("HGET", "tc:{lobby}:read", "guest:ann").contains(last))
                let (third, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-b").port)
                #expect(try await third.join("lobby").read == last)
            }
        }

        @Test func aDirectRoomIsOfferedOnTheOtherEdgeAndClosedToAnybodyElse() async throws {
            try await TestCluster.with { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                let (eve, _) = try await WireClient.signIn("eve", port: cluster.edge("edge-b").port)
                let room = try #require(try await ann.ask(["type": "direct", "user": "bob"], for: "direct").room)
                let offer = try await bob.expect("direct")
                #expect(offer.room == room && offer.user == "ann")
                _ = try await ann.join(room)
                _ = try await ann.say("psst", in: room)
                #expect(try await bob.expect("direct").room == room)
                #expect(try await bob.join(room).messages?.map(\.body) == ["psst"])
                #expect(try await eve.ask(["type": "join", "room": room]).code == "forbidden")
                #expect(try await eve.ask(["type": "history", "room": room]).code == "forbidden")

                let topic = try await bob.ask(["type": "topic", "room": room, "topic": "cake"], for: "topic")
                #expect(try await ann.expect("topic").ts == topic.ts)
                let found = try await ann.ask(["type": "search", "room": room, "text": "PSST"], for: "found")
                #expect(found.messages?.map(\.body) == ["psst"])
                let (again, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-a").port)
                let directs = try await again.ask(["type": "directs"], for: "directs").directs
                #expect(directs?.map(\.room) == [room] && directs?.first?.user == "ann")
            }
        }
    }
}
