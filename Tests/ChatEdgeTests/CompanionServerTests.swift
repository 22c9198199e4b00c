import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import NIOCore
import NIOPosix
import Testing

/// Search, read markers, topics and direct rooms, over two edges of one store.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CompanionServerTests {
    private func withEdges(_ body: (RunningEdge, RunningEdge, HeldEdge) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group)
        let other = try await held.neighbour(on: group)
        try await body(held.edge, other, held)
        for edge in [held.edge, other] { await edge.server.stop() }
        try await group.shutdownGracefully()
    }

    @Test func welcomeSaysWhatTheEdgeCanDo() async throws {
        try await withEdges { a, _, _ in
            let (_, welcome) = try await WireClient.signIn("ann", port: a.port)
            #expect(welcome.features == ["search", "read", "topic", "direct"])
        }
    }

    // MARK: Search

    @Test func aSearchFindsTheNewestFirstPageByPage() async throws {
        try await withEdges { a, b, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: a.port)
            _ = try await ann.join("lobby")
            for number in 1...30 { _ = try await ann.say(number % 3 == 0 ? "Grüner Tee \(number)" : "x", in: "lobby") }
            let (bob, _) = try await WireClient.signIn("bob", port: b.port)
            let first = try await bob.search("lobby", "gruner TEE", limit: 4)
            #expect(first.messages?.map(\.body) == [30, 27, 24, 21].map { "Grüner Tee \($0)" })
            #expect(first.more == true && first.before == first.messages?.last?.id)
            let rest = try await bob.search("lobby", "gruner tee", before: first.before, limit: 100)
            #expect(rest.messages?.map(\.body) == [18, 15, 12, 9, 6, 3].map { "Grüner Tee \($0)" })
            #expect(rest.more == false && rest.before == nil)
            #expect(try await bob.search("lobby", "ann", limit: 100).messages?.count == 30)
            #expect(try await bob.search("attic", "tee", limit: 1).messages?.isEmpty == true)
        }
    }

    @Test func aSearchWhoseConnectionIsGoneReadsNoFurther() async throws {
        try await withEdges { _, _, held in
            let (ann, _) = try await WireClient.signIn("ann", port: held.port)
            _ = try await ann.join("lobby")
            for number in 1...300 { try ann.post("x", in: "lobby", key: "k\(number)") }
            _ = try await ann.answer(to: "k300")
            try await held.broker.hold(.history)
            try ann.send(["type": "search", "room": "lobby", "text": "nowhere"])
            try await eventually("the first page is being read") { try await held.broker.waiting(.history) == 1 }
            await ann.reset()
            try await eventually("ann is gone") { held.shows("connections", 0) }
            try await held.broker.releaseAndHold(.history)
            let (bob, _) = try await WireClient.signIn("bob", port: held.port)
            try bob.send(["type": "history", "room": "lobby"])
            try await eventually("bob's read came") { try await held.broker.waiting(.history) >= 1 }
            try await held.broker.release(.history)
            _ = try await bob.expect("history")
            #expect(held.shows("searched_entries_total", 250))
            #expect(held.shows("searches_total", 0))
        }
    }

    // MARK: Read

    @Test func aMarkerReachesTheUsersOtherSessionsAndTheNextJoin() async throws {
        try await withEdges { a, b, _ in
            let (here, _) = try await WireClient.signIn("ann", port: a.port)
            let (there, _) = try await WireClient.signIn("ann", port: b.port)
            let (bob, _) = try await WireClient.signIn("bob", port: b.port)
            for client in [here, there, bob] { #expect(try await client.join("lobby").read == nil) }
            try await eventually("both are known there") {
                try await here.who("lobby").members?.first { $0.user == "ann" }?.sessions == 2
            }
            var ids: [String] = []
            for number in 1...3 { ids.append(try #require(try await bob.say("\(number)", in: "lobby").id)) }
            try await here.expect("message") { $0.body == "3" }
            try here.send(["type": "read", "room": "lobby", "position": ids[0]])
            try here.send(["type": "read", "room": "lobby", "position": ids[1]])
            // No further than the room goes.
            try here.send(["type": "read", "room": "lobby", "position": "18446744073709551615-0"])
            #expect(try await there.expect("read").position == ids[0])
            #expect(try await there.expect("read").position == ids[2])
            try here.send(["type": "read", "room": "lobby", "position": ids[0]])
            #expect(try await there.join("lobby").read == ids[2])
            #expect(try await bob.join("lobby").read == nil)
            #expect(try await here.received().filter { $0.type == "read" }.isEmpty)
            #expect(try await bob.received().filter { $0.type == "read" }.isEmpty)
        }
    }

    @Test func whatWasReadLastIsKnownAfterTheConnectionCloses() async throws {
        try await withEdges { a, b, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: a.port)
            _ = try await ann.join("lobby")
            let first = try #require(try await ann.say("1", in: "lobby").id)
            let second = try #require(try await ann.say("2", in: "lobby").id)
            try await ann.expect("message") { $0.id == second }
            for id in [first, second] { try ann.send(["type": "read", "room": "lobby", "position": id]) }
            ann.close()
            _ = try await ann.ending()
            let (again, _) = try await WireClient.signIn("ann", port: b.port)
            try await eventually("the marker is there") { try await again.join("lobby").read == second }
        }
    }

    // MARK: Topic

    @Test func aTopicIsToldToAllAndToThoseWhoCome() async throws {
        try await withEdges { a, b, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: a.port)
            let (bob, _) = try await WireClient.signIn("bob", port: b.port)
            #expect(try await ann.ask(["type": "topic", "room": "lobby", "topic": "x"]).code == "not_joined")
            #expect(try await ann.join("lobby").topic == nil)
            _ = try await bob.join("lobby")
            let answer = try await ann.ask(["type": "topic", "room": "lobby", "topic": "ship it 🚢"], for: "topic")
            #expect(answer.topic?.topic == "ship it 🚢" && answer.user == "ann" && answer.room == "lobby")
            let told = try await bob.expect("topic")
            #expect(told.topic?.topic == "ship it 🚢" && told.user == "ann" && told.ts == answer.ts && told.ref == nil)
            for edge in [a, b] {
                let (eve, _) = try await WireClient.signIn("eve", port: edge.port)
                let topic = try await eve.join("lobby").topic
                #expect(topic?.topic == "ship it 🚢" && topic?.user == "ann" && topic?.ts == answer.ts)
            }
            let cleared = try await bob.ask(["type": "topic", "room": "lobby", "topic": ""], for: "topic")
            #expect(cleared.topic?.topic == "" && cleared.ts ?? 0 > answer.ts ?? 0)
            #expect(try await ann.expect("topic").topic?.topic == "")
            #expect(try await ann.join("lobby").topic == nil)
            #expect(try await ann.received().filter { $0.type == "topic" }.count == 2)
        }
    }

    // MARK: Direct

    @Test func aDirectRoomIsForTwo() async throws {
        try await withEdges { a, b, held in
            let (ann, _) = try await WireClient.signIn("ann", port: a.port)
            let (bob, _) = try await WireClient.signIn("bob", port: b.port)
            let (eve, _) = try await WireClient.signIn("eve", port: b.port)
            let answer = try await ann.ask(["type": "direct", "user": "bob"], for: "direct")
            let room = try #require(answer.room)
            #expect(answer.user == "bob" && room.hasPrefix("dm-") && room.utf8.count == 35)
            let offer = try await bob.expect("direct")
            #expect(offer.room == room && offer.user == "ann" && offer.ref == nil)
            #expect(try await bob.ask(["type": "direct", "user": "ann"], for: "direct").room == room)

            for type in ["join", "history", "who"] {
                #expect(try await eve.ask(["type": type, "room": room]).code == "forbidden")
            }
            #expect(try await eve.ask(["type": "join", "room": "dm-nothing"]).code == "forbidden")
            #expect(try await ann.ask(["type": "direct", "user": "ann"]).code == "invalid_user")

            _ = try await ann.join(room)
            _ = try await bob.join(room)
            _ = try await ann.say("psst", in: room)
            #expect(try await bob.expect("message").body == "psst")
            #expect(try await bob.history(room).messages?.map(\.body) == ["psst"])
            let listed = try await bob.ask(["type": "directs"], for: "directs")
            #expect(listed.directs?.map(\.room) == [room] && listed.directs?.first?.user == "ann")
            #expect(try await eve.ask(["type": "directs"], for: "directs").directs?.isEmpty == true)
            let rooms = try await ann.ask(["type": "rooms"], for: "rooms")
            #expect(rooms.rooms?.contains { $0.room == room } == false)
            #expect(try await eve.received().filter { $0.type == "direct" }.isEmpty)
        }
    }

    @Test func whoIsNotInTheRoomIsOfferedItWhenSomethingIsSaidThere() async throws {
        try await withEdges { a, b, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: a.port)
            let room = try #require(try await ann.ask(["type": "direct", "user": "bob"], for: "direct").room)
            _ = try await ann.join(room)
            let (bob, _) = try await WireClient.signIn("bob", port: b.port)
            let (second, _) = try await WireClient.signIn("bob", port: a.port)
            _ = try await second.join(room)
            _ = try await ann.say("psst", in: room)
            let offer = try await bob.expect("direct")
            #expect(offer.room == room && offer.user == "ann")
            try await second.expect("message")
            // Asked last, so that an offer would be there.
            _ = try await second.ask(["type": "directs"], for: "directs")
            #expect(try await second.received().filter { $0.type == "direct" }.isEmpty)
        }
    }

    @Test func aResumedSessionMayJoinItsDirectRoomAgain() async throws {
        try await withEdges { a, b, _ in
            let (ann, welcome) = try await WireClient.signIn("ann", port: a.port)
            let room = try #require(try await ann.ask(["type": "direct", "user": "bob"], for: "direct").room)
            _ = try await ann.join(room)
            let (again, resumed) = try await WireClient.signIn("ann", port: b.port, resume: welcome.resume)
            #expect(resumed.resumed == true)
            _ = try await again.join(room)
            _ = try await again.say("psst", in: room)
        }
    }

    /// A topic is shown to a whole room, and an offer wherever its one is: neither goes round the limit of messages.
    @Test func topicsAndOffersCountAsMessages() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let edge = try await RunningEdge.alone(on: group) { $0.sendsPerSecond = 1 }
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
        _ = try await ann.join("lobby")
        _ = try await ann.say("one", in: "lobby")
        _ = try await ann.ask(["type": "topic", "room": "lobby", "topic": "two"], for: "topic")
        _ = try await ann.ask(["type": "direct", "user": "bob"], for: "direct")
        for frame in [
            ["type": "topic", "room": "lobby", "topic": "four"], ["type": "direct", "user": "cleo"],
        ] {
            let refused = try await ann.ask(frame)
            #expect(refused.code == "rate_limited" && refused.retryAfterMs ?? 0 > 0)
        }
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    /// Whoever is offered a room is told whether the name was proved.
    @Test func anOfferOfAGuestSaysSo() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let edge = try await RunningEdge.alone(on: group, verifier: try await TestKey.verifier())
        let (mask, _) = try await WireClient.signIn("ann", port: edge.port)
        let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
        #expect(try await mask.ask(["type": "direct", "user": "bob"], for: "direct").guest == nil, "a user is meant")
        let answer = try await mask.ask(["type": "direct", "user": "bob", "guest": true], for: "direct")
        #expect(answer.guest == true)
        #expect(try await bob.expect("direct").guest == true)
        #expect(try await bob.ask(["type": "directs"], for: "directs").directs?.map(\.guest) == [true])
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func whatWasReadWhileTheBrokerWasAwayIsKnownAfterwards() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let redis = try await LocalRedis.start()
        let edge = try await RunningEdge.overRedis(redis, on: group)
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
        _ = try await ann.join("lobby")
        let id = try #require(try await ann.say("1", in: "lobby").id)
        try await ann.expect("message") { $0.id == id }
        redis.pause()
        try await ann.expect("notice") { $0.code == "degraded" }
        try ann.send(["type": "read", "room": "lobby", "position": id])
        _ = try await ann.ask(["type": "ping"], for: "pong")
        redis.resume()
        try await ann.expect("notice") { $0.code == "restored" }
        try await eventually("the marker is there") {
            try await redis.cli("HGET", "tc:{lobby}:read", "guest:ann").contains(id)
        }
        await edge.server.stop()
        try await group.shutdownGracefully()
        try await redis.stop()
    }

    /// A guest who takes a user's name gets neither the user's room nor the user's marker.
    @Test func aGuestIsNotTheUserOfThatName() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let edge = try await RunningEdge.alone(on: group, verifier: try await TestKey.verifier())
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
        let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
        let withUser = try #require(try await ann.ask(["type": "direct", "user": "bob"], for: "direct").room)
        #expect(try await bob.ask(["type": "join", "room": withUser]).code == "forbidden")
        let withGuest = try #require(
            try await ann.ask(["type": "direct", "user": "bob", "guest": true], for: "direct").room)
        #expect(withGuest != withUser)
        _ = try await bob.join(withGuest)
        await edge.server.stop()
        try await group.shutdownGracefully()
    }
}

extension WireClient {
    func search(_ room: String, _ text: String, before: String? = nil, limit: Int? = nil) async throws -> WireFrame {
        var frame: [String: any Sendable] = ["type": "search", "room": room, "text": text]
        frame["before"] = before
        frame["limit"] = limit
        return try await ask(frame, for: "found")
    }
}
