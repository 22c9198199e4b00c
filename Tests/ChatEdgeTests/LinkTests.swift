import ChatBroker
import ChatEdge
import ChatIdentity
import ChatTesting
import ChatWire
import Foundation
import NIOCore
import NIOPosix
import Testing

/// What people see while the link to the broker comes and goes.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LinkTests {
    private func withEdge(
        _ body: (HeldEdge, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group)
        try await body(held, group)
        await held.edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func whoCameWhileTheSnapshotWasReadStays() async throws {
        try await withEdge { edge, group in
            let other = try await edge.neighbour(on: group)
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            _ = try await ann.join("lobby")
            try await edge.broker.say(.down(reason: "a test"))
            try await edge.broker.hold(.occupants)
            try await edge.broker.say(.up)
            let (bob, _) = try await WireClient.signIn("bob", port: other.port)
            _ = try await bob.join("lobby")
            #expect(try await ann.expect("presence").joined?.map(\.user) == ["bob"])
            try await edge.broker.release(.occupants)
            #expect(try await ann.who("lobby").count == 2)
            #expect(try await ann.received().filter { $0.type == "presence" }.count == 1)
            await other.server.stop()
        }
    }

    @Test func membersThatAreBeingPutBackAreNotToldLost() async throws {
        try await withEdge { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
            _ = try await ann.join("lobby")
            _ = try await bob.join("lobby")
            try await ann.expect("presence")
            try await edge.broker.say(.down(reason: "a test"))
            try await edge.broker.answerSnapshots(with: [])
            try await edge.broker.say(.up)
            let restored = try await ann.expect("notice") { $0.code == "restored" }
            #expect(restored.text?.contains("nothing was lost") == true)
            #expect(try await ann.who("lobby").count == 2)
            #expect(try await ann.received().filter { $0.type == "presence" }.count == 1)
        }
    }

    @Test(arguments: [true, false]) func aMemberElsewhereIsLostOnlyWhereTwoListsLackIt(isPutBack: Bool) async throws {
        try await withEdge { edge, group in
            let other = try await edge.neighbour(on: group)
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            let (bob, _) = try await WireClient.signIn("bob", port: other.port)
            _ = try await ann.join("lobby")
            _ = try await bob.join("lobby")
            try await ann.expect("presence") { $0.joined?.first?.user == "bob" }
            try await edge.broker.say(.down(reason: "a test"))
            try await edge.broker.answerSnapshots(with: [])
            try await edge.broker.say(.up)
            #expect(try await ann.who("lobby").count == 2)
            try await edge.broker.hold(.occupants)
            if isPutBack { try await edge.broker.answerSnapshots(with: nil) }
            try await eventually("it is asked again") { try await edge.broker.waiting(.occupants) == 1 }
            try await edge.broker.release(.occupants)
            #expect(try await ann.who("lobby").count == (isPutBack ? 2 : 1))
            #expect(try await ann.received().flatMap { $0.left ?? [] }.map(\.reason) == (isPutBack ? [] : ["lost"]))
            await other.server.stop()
        }
    }

    @Test(arguments: [true, false]) func stoppingDoesNotWaitForALinkThatIsAway(isKnown: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group)
        let (ann, _) = try await WireClient.signIn("ann", port: held.port)
        _ = try await ann.join("lobby")
        try await held.broker.hold(.leave)
        if isKnown { try await held.broker.say(.down(reason: "a test")) }
        await held.edge.server.stop()
        #expect(try await ann.ending().code == 4000)
        try await group.shutdownGracefully()
    }

    @Test func nothingIsSaidBeforeWelcome() async throws {
        try await withEdge { edge, _ in
            let early = try await WireClient.connect(port: edge.port)
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            try await edge.broker.say(.down(reason: "a test"))
            try await ann.expect("notice") { $0.code == "degraded" }
            early.send(text: #"{"type":"ping","ref":1}"#)
            #expect(try await early.next().code == "unauthorized")
        }
    }

    @Test func fullPagesAskedForAtOnceAreAllAnswered() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let held = try await HeldEdge.start(on: group)
        let (ann, _) = try await WireClient.signIn("ann", port: held.port)
        _ = try await ann.join("lobby")
        let body = String(repeating: "x", count: 8000)
        for number in 1...70 { _ = try await ann.say(body, in: "lobby", key: "\(number)") }
        let (bob, _) = try await WireClient.signIn("bob", port: held.port)
        try await bob.pauseReading()
        for number in 1...18 { try bob.send(["type": "history", "ref": number, "room": "lobby", "limit": 1000]) }
        try bob.send(["type": "ping", "ref": 99])
        try await bob.resumeReading()
        for number in 1...18 {
            let page = try await bob.answer(to: .number(Double(number)))
            #expect(page.messages?.count ?? 0 > 50)
        }
        #expect(try await bob.answer(to: .number(99)).type == "pong")
        await held.edge.server.stop()
        try await group.shutdownGracefully()
    }
}

/// Guests and people with tokens on one edge.
@Suite(.serialized, .timeLimit(.minutes(2))) struct GuestTests {
    private static let secret = String(repeating: "s3cret-", count: 6)

    /// An edge that takes both, and a token of `user`.
    private func edge(
        on group: MultiThreadedEventLoopGroup, tokenOf user: String
    ) async throws -> (edge: RunningEdge, token: String) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        guard FileManager.default.createFile(atPath: file, contents: Data(Self.secret.utf8)) else {
            throw WireFailure("\(file) cannot be written")
        }
        let claims = TokenClaims(
            sub: user, exp: Date().timeIntervalSince1970 + 600, rooms: RoomsClaim(write: ["*"]))
        let token = try await TokenSigner.load(keyFile: file).sign(claims)
        let verifier = try await TokenVerifier.load(keyFile: file)
        let edge = try await RunningEdge.start(on: group, verifier: verifier) { node, loop in
            InProcessBroker(node: node, on: loop, store: .init(on: loop, history: .init()))
        }
        return (edge, token)
    }

    @Test func aGuestGetsNoNameOfAUserWithATokenInTheRoom() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let (edge, token) = try await edge(on: group, tokenOf: "ann")
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port, token: token)
        _ = try await ann.join("lobby")
        let (guest, _) = try await WireClient.signIn("ann", port: edge.port)
        #expect(try await guest.ask(["type": "join", "room": "lobby"]).code == "invalid_user")
        let (again, _) = try await WireClient.signIn("ann", port: edge.port, token: token)
        #expect(try await again.join("lobby").count == 1)
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func aGuestCannotResumeASessionOfAToken() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let (edge, token) = try await edge(on: group, tokenOf: "ann")
        let (ann, welcome) = try await WireClient.signIn("ann", port: edge.port, token: token)
        _ = try await ann.join("lobby")
        let thief = try await WireClient.connect(port: edge.port)
        let nameless = try await thief.ask(["type": "hello", "resume": welcome.resume ?? ""])
        #expect(nameless.code == "invalid_user")
        let greeted = try await thief.hello("ann", resume: welcome.resume)
        #expect(greeted.resumed == false)
        #expect(greeted.session != welcome.session)
        let (back, resumed) = try await WireClient.signIn("ann", port: edge.port, resume: welcome.resume, token: token)
        #expect(resumed.resumed == true)
        _ = try await back.join("lobby")
        await edge.server.stop()
        try await group.shutdownGracefully()
    }
}
