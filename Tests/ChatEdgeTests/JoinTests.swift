import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import NIOCore
import NIOPosix
import ServerKit
import Testing

/// Joins whose broker answers late or not at all, and whose connection may not wait for it.
@Suite(.serialized, .timeLimit(.minutes(2))) struct JoinTests {
    private func withEdge(
        _ configure: (inout EdgeSettings) -> Void = { _ in },
        _ body: (HeldEdge, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group, configure)
        try await body(held, group)
        await held.edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func aJoinThatOutlivesItsConnectionLeavesNoRoom() async throws {
        try await withEdge({ $0.grace = .milliseconds(300) }) { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            try await edge.broker.hold(.subscribe)
            try ann.send(["type": "join", "room": "lobby"])
            try await eventually("the room is being opened") { edge.shows("rooms", 1) }
            await ann.reset()
            try await eventually("ann is gone") { edge.shows("connections", 0) && edge.shows("sessions", 0) }
            try await edge.broker.release(.subscribe)
            try await eventually("the room is closed") { edge.shows("rooms", 0) }
        }
    }

    @Test func aJoinThatOutlivesItsConnectionLeavesNoMember() async throws {
        try await withEdge({ $0.grace = .milliseconds(300) }) { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            _ = try await ann.join("attic")
            try await edge.broker.hold(.subscribe)
            try ann.send(["type": "join", "room": "lobby"])
            try await eventually("the room is being opened") { edge.shows("rooms", 2) }
            await ann.reset()
            try await eventually("ann is gone") { edge.shows("connections", 0) }
            try await edge.broker.release(.subscribe)
            try await eventually("nobody is in the room") { try await edge.occupants(of: "lobby").isEmpty }
            try await eventually("nothing is left") { edge.shows("rooms", 0) && edge.shows("sessions", 0) }
        }
    }

    @Test func aMemberStoredAfterItsConnectionBrokeIsLostAfterTheGrace() async throws {
        try await withEdge({ $0.grace = .milliseconds(300) }) { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            try await edge.broker.hold(.enter)
            try ann.send(["type": "join", "room": "lobby"])
            try await eventually("ann is being stored") {
                try await edge.broker.waiting(.enter) == 1 && edge.shows("rooms", 1)
            }
            await ann.reset()
            try await eventually("ann is gone") { edge.shows("connections", 0) }
            try await edge.broker.release(.enter)
            try await eventually("nobody is in the room") { try await edge.occupants(of: "lobby").isEmpty }
            try await eventually("nothing is left") { edge.shows("rooms", 0) && edge.shows("sessions", 0) }
        }
    }

    @Test(arguments: [HeldBroker.Call.subscribe, .enter, .occupants, .readMarker, .topic])
    func aJoinIsAnsweredWhenTheLinkGoes(_ call: HeldBroker.Call) async throws {
        try await withEdge { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            try await edge.broker.hold(call)
            ann.send(text: #"{"type":"join","ref":1,"room":"lobby"}"#)
            ann.send(text: #"{"type":"ping","ref":2}"#)
            try await eventually("the join waits") { try await edge.broker.waiting(call) == 1 }
            try await edge.broker.say(.down(reason: "a test"))
            #expect(try await ann.answer(to: .number(1)).code == "unavailable")
            #expect(try await ann.answer(to: .number(2)).type == "pong")
            try await edge.broker.release(call)
            try await eventually("nobody is in the room") { try await edge.occupants(of: "lobby").isEmpty }
            try await edge.broker.say(.up)
            #expect(try await ann.join("lobby").count == 1)
        }
    }

    @Test func whoseJoinFailedIsNotAMember() async throws {
        try await withEdge { edge, _ in
            let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
            _ = try await bob.join("lobby")
            _ = try await bob.say("hello", in: "lobby")
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            try await edge.broker.fail(.history)
            // No entry has that id, so that the room's tail cannot answer.
            let answer = try await ann.ask(["type": "join", "room": "lobby", "since": "1-1"])
            #expect(answer.code == "unavailable")
            try await eventually("only bob is in the room") {
                try await edge.occupants(of: "lobby").map(\.user.value) == ["bob"]
            }
            let said = try await ann.ask(["type": "send", "room": "lobby", "key": "k", "body": "x"])
            #expect(said.code == "not_joined")
        }
    }

    @Test func aJoinForNoEntriesIsCompleteOnlyWhereNothingIsMissing() async throws {
        try await withEdge { edge, _ in
            let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
            _ = try await bob.join("lobby")
            let first = try #require(try await bob.say("one", in: "lobby").id)
            _ = try await bob.say("two", in: "lobby")
            try await bob.expect("message") { $0.body == "two" }
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            let known = try await ann.join("lobby", since: first, limit: 0)
            #expect(known.complete == true && known.more == true && known.messages?.isEmpty == true)
            let unknown = try await ann.join("lobby", since: "1-1", limit: 0)
            #expect(unknown.complete == false && unknown.more == true && unknown.messages?.isEmpty == true)
            #expect(try await ann.expect("gap").before == first)
        }
    }

    @Test func aJoinThatIsNotCompleteSaysWhereTheGapIs() async throws {
        try await withEdge { edge, _ in
            let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
            _ = try await bob.join("lobby")
            let first = try #require(try await bob.say("one", in: "lobby").id)
            try await bob.expect("message") { $0.body == "one" }
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            #expect(try await ann.join("lobby", since: "1-1").complete == false)
            let past = try await ann.expect("gap")
            #expect(past.after == "1-1" && past.before == first)
            let future = "9999999999999-0"
            #expect(try await ann.join("lobby", since: future).complete == false)
            let lost = try await ann.expect("gap")
            #expect(lost.after == future && lost.before == first)
            #expect(try await ann.join("lobby", since: first).complete == true)
            #expect(try await ann.received().filter { $0.type == "gap" }.count == 2)
        }
    }

    @Test func aSessionThatCameBackOverAnotherNodeIsInNoRoomThatItDidNotJoinAgain() async throws {
        try await withEdge({ $0.grace = .milliseconds(400) }) { edge, group in
            let other = try await edge.neighbour(on: group)
            let (first, welcome) = try await WireClient.signIn("ann", port: edge.port)
            _ = try await first.join("attic")
            _ = try await first.join("lobby")
            let (second, moved) = try await WireClient.signIn("ann", port: other.port, resume: welcome.resume)
            #expect(moved.resumed == true)
            _ = try await second.join("lobby")
            let (third, back) = try await WireClient.signIn("ann", port: edge.port, resume: moved.resume)
            #expect(back.resumed == true)
            _ = try await third.join("lobby")
            try await eventually("the attic is left") { try await edge.occupants(of: "attic").isEmpty }
            try await eventually("the other node has forgotten it") {
                other.registry.prometheusText().contains("\ntermchat_edge_sessions 0\n")
            }
            #expect(try await edge.occupants(of: "lobby").map(\.node.name) == ["edge-a"])
            await other.server.stop()
        }
    }
}
