import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import NIOCore
import NIOPosix
import Testing

/// A session has one connection in the cluster, and its rooms see nothing of its ways. Edge a's broker is held.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ResumeTests {
    private struct Edges {
        let a: HeldEdge
        let b: RunningEdge
        /// Of the nodes, so that a test can ask for either.
        func port(_ name: String) -> Int { name == "a" ? a.port : b.port }
    }

    private func withEdges(grace: TimeAmount = .seconds(10), _ body: (Edges) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group) { $0.grace = grace }
        let other = try await held.neighbour(on: group) { $0.grace = grace }
        try await body(Edges(a: held, b: other))
        await other.server.stop()
        await held.edge.server.stop()
        try await group.shutdownGracefully()
    }

    /// Says hello and does not wait.
    private func greet(_ edges: Edges, on node: String, resume: String?) async throws -> WireClient {
        let client = try await WireClient.connect(port: edges.port(node))
        try client.send(["type": "hello", "user": "ann", "resume": resume ?? ""])
        return client
    }

    @Test func ofResumesAtOnceTheNewestHoldsTheSession() async throws {
        try await withEdges { edges in
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.b.port)
            _ = try await ann.join("lobby")
            await ann.reset()
            try await edges.a.broker.hold(.send)
            let first = try await greet(edges, on: "a", resume: welcome.resume)
            try await eventually("the session is claimed") { try await edges.a.broker.waiting(.send) == 1 }
            let second = try await greet(edges, on: "a", resume: welcome.resume)
            #expect(try await first.ending().code == 4005)
            let third = try await greet(edges, on: "a", resume: welcome.resume)
            #expect(try await second.ending().code == 4005)
            #expect(try await edges.a.broker.waiting(.send) == 1)
            try await edges.a.broker.release(.send)
            let resumed = try await third.expect("welcome")
            #expect(resumed.resumed == true && resumed.session == welcome.session)
            _ = try await third.join("lobby")
            _ = try await third.say("here", in: "lobby")
            #expect(try await edges.a.occupants(of: "lobby").map(\.node.name) == ["edge-a"])
        }
    }

    @Test func whoseWelcomeWasLostResumesWithTheSecretThatItHas() async throws {
        try await withEdges { edges in
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.b.port)
            _ = try await ann.join("lobby")
            await ann.reset()
            let (second, _) = try await WireClient.signIn("ann", port: edges.a.port, resume: welcome.resume)
            let (third, resumed) = try await WireClient.signIn("ann", port: edges.a.port, resume: welcome.resume)
            #expect(resumed.resumed == true && resumed.session == welcome.session)
            #expect(try await second.ending().code == 4005)
            let (_, newest) = try await WireClient.signIn("ann", port: edges.b.port, resume: resumed.resume)
            #expect(newest.resumed == true && newest.session == welcome.session)
            #expect(try await third.ending().code == 4005)
        }
    }

    @Test func theOldSecretIsWorthNothingWhereTheSessionWas() async throws {
        try await withEdges { edges in
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.a.port)
            _ = try await ann.join("lobby")
            let (second, moved) = try await WireClient.signIn("ann", port: edges.b.port, resume: welcome.resume)
            #expect(moved.resumed == true)
            #expect(try await ann.ending().code == 4005)
            let (third, fresh) = try await WireClient.signIn("ann", port: edges.a.port, resume: welcome.resume)
            #expect(fresh.resumed == false && fresh.session != welcome.session)
            #expect(try await third.join("lobby").members?.first?.sessions == 2)
            _ = try await second.join("lobby")
            _ = try await second.say("here", in: "lobby")
            try await third.expect("message") { $0.body == "here" }
        }
    }

    @Test func aResumeThatBreaksBeforeItsJoinsIsResumedAnywhere() async throws {
        try await withEdges { edges in
            let (watcher, _) = try await WireClient.signIn("watcher", port: edges.a.port)
            _ = try await watcher.join("lobby")
            var (client, welcome) = try await WireClient.signIn("ann", port: edges.a.port)
            _ = try await client.join("lobby")
            let session = welcome.session
            for node in ["b", "a", "b", "b"] {
                await client.reset()
                (client, welcome) = try await WireClient.signIn("ann", port: edges.port(node), resume: welcome.resume)
                #expect(welcome.resumed == true && welcome.session == session)
            }
            #expect(try await client.join("lobby").count == 2)
            _ = try await client.say("here", in: "lobby")
            try await watcher.expect("message") { $0.body == "here" }
            #expect(try await watcher.received().filter { $0.type == "presence" }.count == 1)
            #expect(try await edges.a.occupants(of: "lobby").count == 2)
        }
    }

    @Test(arguments: ["a", "b"]) func aSessionWithoutRoomsIsResumed(on node: String) async throws {
        try await withEdges { edges in
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.a.port)
            await ann.reset()
            try await eventually("ann is gone") { edges.a.shows("connections", 0) }
            let (_, resumed) = try await WireClient.signIn("ann", port: edges.port(node), resume: welcome.resume)
            #expect(resumed.resumed == true && resumed.session == welcome.session)
        }
    }

    @Test(arguments: ["a", "b"]) func aRoomThatAConnectedSessionDoesNotJoinAgainIsLeftAndNotLost(
        node: String
    ) async throws {
        try await withEdges(grace: .milliseconds(500)) { edges in
            let (watcher, _) = try await WireClient.signIn("watcher", port: edges.a.port)
            _ = try await watcher.join("lobby")
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.a.port)
            _ = try await ann.join("lobby")
            let (back, resumed) = try await WireClient.signIn("ann", port: edges.port(node), resume: welcome.resume)
            #expect(resumed.resumed == true)
            let gone = try await watcher.expect("presence") { $0.left?.isEmpty == false }
            #expect(gone.left?.map(\.reason) == ["left"])
            #expect(try await back.join("lobby").count == 2)
        }
    }

    @Test(arguments: ["a", "b"]) func aRoomOfAResumedSessionIsLeftOnRequest(node: String) async throws {
        try await withEdges { edges in
            let (watcher, _) = try await WireClient.signIn("watcher", port: edges.a.port)
            _ = try await watcher.join("lobby")
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.a.port)
            _ = try await ann.join("lobby")
            let (back, _) = try await WireClient.signIn("ann", port: edges.port(node), resume: welcome.resume)
            let said = try await back.ask(["type": "send", "room": "lobby", "key": "k", "body": "x"])
            #expect(said.code == "not_joined")
            _ = try await back.leave("lobby")
            let gone = try await watcher.expect("presence") { $0.left?.isEmpty == false }
            #expect(gone.left?.map(\.reason) == ["left"])
            #expect(try await back.ask(["type": "leave", "room": "lobby"]).code == "not_joined")
        }
    }

    @Test func aRecordThatCouldNotBeMovedIsMovedLater() async throws {
        try await withEdges { edges in
            let (ann, welcome) = try await WireClient.signIn("ann", port: edges.b.port)
            _ = try await ann.join("lobby")
            try await edges.a.broker.fail(.enter)
            let (_, resumed) = try await WireClient.signIn("ann", port: edges.a.port, resume: welcome.resume)
            #expect(resumed.resumed == true)
            #expect(try await edges.a.occupants(of: "lobby").map(\.node.name) == ["edge-b"])
            try await edges.a.broker.succeed(.enter)
            try await eventually("the record is moved") {
                try await edges.a.occupants(of: "lobby").map(\.node.name) == ["edge-a"]
            }
        }
    }

    @Test func aSecretOfNothingIsNoName() async throws {
        try await withEdges { edges in
            let client = try await WireClient.connect(port: edges.a.port)
            for secret in ["zzz", "edge-z~1.u0000000000000000.00112233445566778899aabbccddeeff"] {
                #expect(try await client.ask(["type": "hello", "resume": secret]).code == "invalid_user")
            }
            #expect(try await client.hello("ann").user == "ann")
        }
    }
}
