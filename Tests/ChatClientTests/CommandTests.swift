import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatClient

/// The commands as a script sees them: arguments in, exit status out.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CommandTests {
    @Test(arguments: [
        ["send"], ["who"], ["tail"], ["--nonsense"], ["send", "Not a room", "x"],
        ["who", "ops", "--server", "nowhere"],
        ["tail", "ops", "--since", "yesterday"], ["send", "ops", "--pipeline", "0", "x"],
        ["send", "ops", "--timeout", "inf", "x"], ["chat", "--timeout", "nan"], ["tail", "ops", "--timeout", "1e300"],
        ["who", "ops", "--timeout", "-1"], ["rooms", "--timeout", "inf"],
        ["lobby", "--user", "no spaces"],
        ["who", "ops", "--token-file", "/nonexistent"], ["chat", "--count", "-1"],
    ])
    func wrongArgumentsAreUsage(arguments: [String]) async {
        #expect(await runTermchat(arguments) == ExitStatus.usage.rawValue)
    }

    @Test(arguments: [
        ["rooms"], ["send", "ops", "x"], ["tail", "ops"], ["upload", "ops", "x"], ["download", "ops", "x"],
    ])
    func authoritiesThatCannotBeReadAreUsage(arguments: [String]) async throws {
        let home = try Home()
        let empty = try home.write("no certificate", to: "empty.pem")
        for file in [home.path + "/none", empty] {
            let flags = ["--server", "wss://127.0.0.1:1", "--user", "ann", "--ca-file", file]
            #expect(await runTermchat(arguments + flags) == ExitStatus.usage.rawValue)
        }
    }

    @Test(arguments: [["--help"], ["send", "--help"], ["help", "tail"]])
    func helpIsDone(arguments: [String]) async {
        #expect(await runTermchat(arguments) == ExitStatus.done.rawValue)
    }

    @Test func sendEndsWhenItsMessageIsStored() async throws {
        let server = try await ScriptedServer()
        async let status = runTermchat(["send", "ops", "two", "words"] + flags(server))
        let peer = try await server.accept()
        let hello = try await peer.greet()
        #expect(hello.user == "ann")
        let send = try await peer.nextSend()
        #expect(String(buffer: send.bodyJSON) == #""two words""#)
        peer.send(.ack(ref: send.ref, room: ops, id: position(1), duplicate: false))
        #expect(await status == 0)
        try await server.stop()
    }

    @Test func sendFailsWhereItsMessageIsRefused() async throws {
        let server = try await ScriptedServer()
        async let status = runTermchat(["send", "ops", "x"] + flags(server))
        let peer = try await server.accept()
        try await peer.greet()
        var error = errorFrame(.forbidden)
        error.ref = try await peer.nextSend().ref
        peer.send(.error(error))
        #expect(await status == ExitStatus.notPermitted.rawValue)
        try await server.stop()
    }

    @Test func sendGivesUpWhereTheServerStaysAway() async throws {
        let server = try await ScriptedServer()
        let flags = flags(server)
        try await server.stop()
        #expect(
            await runTermchat(["send", "ops", "x", "--timeout", "1"] + flags) == ExitStatus.unavailable.rawValue
        )
    }

    @Test func tailWithoutFollowingEndsAndReportsAGap() async throws {
        let server = try await ScriptedServer()
        async let status = runTermchat(
            ["tail", "ops", "--json", "--no-follow", "--since", "1-0"] + flags(server))
        let peer = try await server.accept()
        guard case .hello = try await peer.next() else { throw Unexpected() }
        peer.send(.welcome(welcomeFrame()))
        guard case .join(let join) = try await peer.next() else { throw Unexpected() }
        #expect(join.since == position(1))
        peer.send(.joined(joinedFrame([entry(5)], at: 5, room: ops, ref: join.ref, complete: false)))
        #expect(await status == ExitStatus.gap.rawValue)
        try await server.stop()
    }

    @Test func whoAsksWithoutJoiningUnlessItMust() async throws {
        let server = try await ScriptedServer()
        async let status = runTermchat(["who", "ops", "--json"] + flags(server))
        let peer = try await server.accept()
        guard case .hello = try await peer.next() else { throw Unexpected() }
        peer.send(.welcome(welcomeFrame()))
        guard case .who(let ref, _) = try await peer.next() else { throw Unexpected() }
        var error = errorFrame(.notJoined)
        error.ref = ref
        peer.send(.error(error))
        #expect(try await peer.answerJoin().limit == 0)
        #expect(await status == 0)
        try await server.stop()
    }

    @Test func aServerThatForbidsIsNotPermitted() async throws {
        let server = try await ScriptedServer()
        async let status = runTermchat(["tail", "ops"] + flags(server))
        try await server.accept().close(.unauthorized)
        #expect(await status == ExitStatus.notPermitted.rawValue)
        try await server.stop()
    }

    @Test(arguments: [("ada", "ada"), ("a b/c", "abc"), ("", ""), ("…", "")])
    func aSystemsUserNameIsMadeValid(name: String, valid: String) {
        #expect(ConnectionOptions.validName(from: name) == valid)
    }

    /// A token decides who one is, whatever name is asked for beside it.
    @Test func theOutboxIsTheTokensAndNotTheAskedNames() {
        let server = ServerAddress(host: "h", port: 80)
        let claims = Data(#"{"sub":"ädä","exp":1}"#.utf8).base64EncodedString()
        let token = "e30.\(claims.replacing("=", with: "").replacing("+", with: "-").replacing("/", with: "_")).c2ln"
        #expect(OutboxOwner.name(of: .init(server: server, user: "alice")) == "alice")
        #expect(OutboxOwner.name(of: .init(server: server, user: "alice", token: token)) == "token:ädä")
        let opaque = ["one", "two", "a.b.c", "e30.e30.c2ln"].map {
            OutboxOwner.name(of: .init(server: server, user: "alice", token: $0))
        }
        #expect(Set(opaque).count == 4)
        #expect(opaque.allSatisfy { $0.hasPrefix("token#") })
    }

    private func flags(_ server: ScriptedServer) -> [String] {
        ["--server", "ws://127.0.0.1:\(server.port)", "--user", "ann"]
    }
}
