import ChatWire
import Foundation

/// Where a session's token is from, the first of these that there is: `--token`, `--token-file`, `TERMCHAT_TOKEN`,
/// `token-file` of the settings, what `termchat login` keeps, `token-command`.
enum TokenSource: Equatable, Sendable {
    /// A guest.
    case none
    case flag(String)
    case environment(String)
    case file(String)
    /// Kept by `termchat login`; where it has expired and there is a command, that gives the next one.
    case login(path: String, command: String?)
    case command(String)

    struct Choices: Sendable {
        var flag: String?
        var fileFlag: String?
        var environment: String?
        var settingsFile: String?
        var command: String?
        /// Where a login is kept, whether there is one or not.
        var loginPath: String?
    }

    init(_ choices: Choices, exists: (String) -> Bool = TokenFile.exists) {
        if let token = choices.flag {
            self = .flag(token)
        } else if let file = choices.fileFlag {
            self = .file(file)
        } else if let token = choices.environment, !token.isEmpty {
            self = .environment(token)
        } else if let file = choices.settingsFile {
            self = .file(file)
        } else if let path = choices.loginPath, exists(path) {
            self = .login(path: path, command: choices.command)
        } else if let command = choices.command {
            self = .command(command)
        } else {
            self = .none
        }
    }

    /// The token to begin with; nil for a guest.
    /// - Throws: ``CommandFailure``.
    func token() async throws -> String? {
        switch self {
        case .none: return nil
        case .flag(let text): return try Token.checked(text, from: "--token")
        case .environment(let text): return try Token.checked(text, from: "TERMCHAT_TOKEN")
        case .file(let path): return try TokenFile.read(path)
        case .login(let path, let command):
            let token = try TokenFile.read(path)
            guard let command, Token.isExpired(token) else { return token }
            return try await Self.renewed(command, login: path)
        case .command(let command): return try await Self.renewed(command, login: nil)
        }
    }

    /// What gives another token when the server refuses the first one: the command is run, and files are read again,
    /// which another program may have written anew. Nil where nothing can have changed.
    var renewal: (@Sendable () async throws -> String?)? {
        switch self {
        case .none, .flag, .environment: nil
        case .file(let path): { try TokenFile.read(path) }
        case .login(let path, nil): { try TokenFile.read(path) }
        case .login(let path, let command?): { try await Self.renewed(command, login: path) }
        case .command(let command): { try await Self.renewed(command, login: nil) }
        }
    }

    /// For people: never the token.
    var words: String {
        switch self {
        case .none: "none: a guest"
        case .flag: "--token"
        case .environment: "TERMCHAT_TOKEN"
        case .file(let path): path
        case .login: "termchat login"
        case .command: "token-command"
        }
    }

    /// A login that is kept is kept up to date.
    private static func renewed(_ command: String, login: String?) async throws -> String {
        let token = try await TokenCommand(command: command).run()
        // The next start asks again where it cannot be kept.
        if let login { try? TokenFile.save(token, to: login) }
        return token
    }
}
