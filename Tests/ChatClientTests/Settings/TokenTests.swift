import ChatWire
import Foundation
import Testing

@testable import ChatClient

@Suite(.serialized, .timeLimit(.minutes(1))) struct TokenTests {
    @Test func theFirstSourceThatThereIsCounts() {
        var choices = TokenSource.Choices(
            flag: "a", fileFlag: "b", environment: "c", settingsFile: "d", command: "e", loginPath: "f")
        func source(_ hasLogin: Bool = true) -> TokenSource { TokenSource(choices) { _ in hasLogin } }
        #expect(source() == .flag("a"))
        choices.flag = nil
        #expect(source() == .file("b"))
        choices.fileFlag = nil
        #expect(source() == .environment("c"))
        choices.environment = ""
        #expect(source() == .file("d"))
        choices.settingsFile = nil
        #expect(source() == .login(path: "f", command: "e"))
        #expect(source(false) == .command("e"))
        choices.command = nil
        #expect(source(false) == .none)
    }

    @Test func aCommandsOutputIsTheToken() async throws {
        #expect(try await TokenCommand(command: "printf ' secret\\n\\n'").run() == "secret")
        #expect(try await TokenCommand(command: "cat; echo no-input").run() == "no-input")
    }

    @Test(arguments: ["exit 3", "echo", "echo two words", "kill -9 $$", "yes"])
    func aCommandThatGivesNoTokenIsNotPermitted(command: String) async {
        let failure = await #expect(throws: CommandFailure.self) { try await TokenCommand(command: command).run() }
        #expect(failure?.status == .notPermitted)
        #expect(failure?.message?.contains("words") != true, "the output is in no message")
    }

    /// With everything that it started: the last words of each command are the number of a process.
    @Test(arguments: [
        "sleep 20 & echo $! >FILE; wait", "exec 1>&-; sleep 20 & echo $! >FILE; wait",
        "trap '' TERM; sleep 20 & echo $! >FILE; wait", "(sleep 20 & echo $! >FILE; wait); true",
    ])
    func aCommandThatTakesTooLongIsEnded(command: String) async throws {
        let home = try Home()
        let file = home.path + "/child"
        let failure = await #expect(throws: CommandFailure.self) {
            try await TokenCommand(command: command.replacing("FILE", with: file), secondsMax: 1).run()
        }
        #expect(failure?.status == .unavailable)
        let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let child = try #require(pid_t(text))
        _ = try await within("the end of its child") {
            // Nobody's child any more, it is gone or about to be collected.
            while let state = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8),
                !state.contains(") Z")
            {
                try await Task.sleep(for: .milliseconds(5))
            }
            return true
        }
    }

    @Test func aCommandIsEndedWithItsTask() async {
        let task = Task { try await TokenCommand(command: "sleep 20").run() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aFileThatOthersCanReadIsRefused() throws {
        let home = try Home()
        let path = try home.write("secret\n", to: "token", mode: 0o644)
        #expect(throws: CommandFailure.self) { try TokenFile.read(path) }
        try home.write("secret\n", to: "token")
        #expect(try TokenFile.read(path) == "secret")
    }

    /// A token stands in a header: a second line in it would be a header of its own.
    @Test func aTokenIsOneWord() throws {
        #expect(try Token.checked(" abc\n", from: "x") == "abc")
        for text in ["", "a b", "a\nb", "a\u{0}b", "é", String(repeating: "a", count: Limits.tokenBytesMax + 1)] {
            #expect(throws: CommandFailure.self) { try Token.checked(text, from: "x") }
        }
    }

    @Test func aLoginThatHasExpiredIsReplacedByTheCommand() async throws {
        let home = try Home()
        let old = token(expires: 1)
        let path = try home.write(old, to: "login")
        #expect(try await TokenSource.login(path: path, command: nil).token() == old)
        #expect(try await TokenSource.login(path: path, command: "echo fresh").token() == "fresh")
        #expect(try TokenFile.read(path) == "fresh", "it is kept")
        #expect(mode(of: path) == 0o600)
    }

    private func token(expires: Int) -> String {
        let claims = Data(#"{"sub":"ada","exp":\#(expires)}"#.utf8).base64EncodedString()
        return "e30.\(claims.replacing("=", with: "")).c2ln"
    }
}

/// What a session does when the server does not take its token any more.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TokenRenewalTests {
    @Test func anExpiredTokenIsReplacedAndTheSessionGoesOn() async throws {
        try await withSession(renewing: { "second" }) { session, server in
            session.join(lobby)
            let first = try await server.accept()
            #expect(try await first.greet().token == "first")
            first.close(.tokenExpired)
            let second = try await server.accept()
            #expect(try await second.greet().token == "second")
        }
    }

    @Test func aTokenRefusedAtHelloIsReplacedOnce() async throws {
        try await withSession(renewing: { "second" }) { session, server in
            for token in ["first", "second"] {
                let peer = try await server.accept()
                guard case .hello(let hello) = try await peer.next() else { throw Unexpected() }
                #expect(hello.token == token)
                peer.send(.error(errorFrame(.unauthorized)))
            }
            #expect(try await stop(of: session).kind == .notPermitted)
        }
    }

    @Test func withoutAnotherTokenTheSessionEnds() async throws {
        for renew in [{ "first" }, { nil }] as [@Sendable () async throws -> String?] {
            try await withSession(renewing: renew) { session, server in
                try await server.accept().close(.tokenExpired)
                let reason = try await stop(of: session)
                #expect(reason.kind == .notPermitted)
                #expect(reason.message.hasPrefix("The token has expired"))
            }
        }
    }

    @Test func whyThereIsNoOtherTokenIsSaid() async throws {
        let renew: @Sendable () async throws -> String? = { throw CommandFailure(.failed, "The keyring is locked.") }
        try await withSession(renewing: renew) { session, server in
            try await server.accept().close(.tokenExpired)
            #expect(try await stop(of: session).message.hasSuffix("The keyring is locked."))
        }
    }

    @Test func aSessionThatIsClosedDoesNotWaitForTheToken() async throws {
        let asked = AsyncStream.makeStream(of: Void.self)
        let renew: @Sendable () async throws -> String? = {
            asked.continuation.yield()
            try await Task.sleep(for: .seconds(600))
            return nil
        }
        try await withSession(renewing: renew) { _, server in
            try await server.accept().close(.tokenExpired)
            for await _ in asked.stream { break }
        }
    }

    private func withSession(
        renewing renew: @escaping @Sendable () async throws -> String?,
        _ body: (ChatSession, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer()
        var configuration = ChatSession.Configuration(
            server: .init(host: "127.0.0.1", port: server.port), user: "ann", token: "first")
        configuration.renewToken = renew
        try await ChatSession.with(configuration) { try await body($0, server) }
        try await server.stop()
    }

    private func stop(of session: ChatSession) async throws -> StopReason {
        try await within("the end") { [events = session.events] in
            for await event in events {
                if case .stopped(let reason) = event { return reason }
            }
            return nil
        }
    }
}
