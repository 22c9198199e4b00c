import ArgumentParser
import ChatWire
import Foundation
import TerminalUI

/// `termchat login`: checks a token and keeps it, so that later commands need none.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep a token for a server, or forget it.",
        discussion: """
            The token is asked for without showing it, or is the first line of standard input where that is no \
            terminal, or comes from token-command or a flag. It is kept, for you alone, once the server has accepted it.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Remove the token that is kept for the server.") var forget = false

    @Option(help: "Seconds to wait for the server.") var timeout = 15.0

    func validate() throws { try TimeoutOption.validate(timeout) }

    func run() async throws {
        var choice = try connection.choice()
        let server = choice.session.server
        guard let store = choice.state.map({ LoginStore(state: $0, server: server) }) else {
            throw CommandFailure(.failed, "There is no place to keep a token: neither HOME nor XDG_STATE_HOME is set.")
        }
        let output = LineOutput()
        if forget {
            let wasThere = try store.forget()
            return await output.say(wasThere ? "logged out of \(server)" : "not logged in to \(server)")
        }
        choice.session.token = try await token(for: choice)
        let user = try await Self.user(choice.session, timeout: timeout)
        if let token = choice.session.token { try store.keep(token) }
        await output.say("logged in to \(server) as \(VisibleText(user).value)")
    }

    /// What was given now counts, not what is kept from an earlier time.
    private func token(for choice: ConnectionChoice) async throws -> String {
        switch choice.tokenSource {
        case .flag, .environment, .file:
            if let token = try await choice.tokenSource.token() { return token }
        case .none, .login, .command:
            if let command = choice.tokenCommand { return try await TokenCommand(command: command).run() }
        }
        let server = choice.session.server
        guard let line = try await SecretInput.line(prompt: "Token for \(server): ") else {
            throw CommandFailure(.usage, "No token was given.")
        }
        return try Token.checked(line, from: "The input")
    }

    /// Whose the token is, as the server says.
    private static func user(_ configuration: ChatSession.Configuration, timeout: Double) async throws -> String {
        try await ChatSession.with(configuration) { session in
            try await withTimeout(seconds: timeout, await session.noAnswer(from: configuration.server)) {
                for await event in session.events {
                    switch event {
                    case .connected(let connected): return connected.user
                    case .stopped(let reason): throw CommandFailure(reason)
                    default: continue
                    }
                }
                throw CancellationError()
            }
        }
    }
}

/// The token that is kept for one server: what `login`, `login --forget` and `/logout` share.
struct LoginStore: Sendable {
    let state: StateFolder
    let server: ServerAddress

    func keep(_ token: String) throws { try TokenFile.save(token, to: state.token(server)) }

    /// - Returns: whether there was one.
    func forget() throws -> Bool { try TokenFile.remove(state.token(server)) }
}

/// Reads one line that nobody is to see.
enum SecretInput {
    /// From standard input; where that is a terminal, asked for and not shown.
    /// - Returns: nil at the end of input.
    /// - Throws: ``CommandFailure`` where it cannot be read, or is no token by its length alone.
    static func line(prompt: String) async throws -> String? {
        let isTerminal = isatty(STDIN_FILENO) == 1
        let termination = Termination()
        return try await LineReader.with { reader in
            let modes =
                isTerminal ? BorrowedModes(descriptor: STDIN_FILENO) { $0.c_lflag &= ~tcflag_t(ECHO) } : nil
            defer {
                modes?.end()
                if isTerminal { write("\n") }
            }
            if isTerminal { write(prompt) }
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    switch await reader.next() {
                    case .text(let text): return text
                    case .tooLong: throw CommandFailure(.usage, "The input holds no token.")
                    case .unreadable(let words): throw CommandFailure(.failed, words)
                    case nil: return nil
                    }
                }
                group.addTask {
                    await termination.wait()
                    try Task.checkCancellation()
                    throw CommandFailure(.failed, "Interrupted.")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
    }

    private static func write(_ text: String) {
        // A terminal that is gone has nobody to ask.
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
