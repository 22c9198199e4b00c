import ArgumentParser
import ChatWire
import Foundation

/// Which server, and as whom: the flags that every command has.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server, or its name in config.toml (TERMCHAT_SERVER; default: \(ServerChoice.defaultServer)).",
            valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The name to use as a guest (TERMCHAT_USER; default: $USER).", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp("A token (TERMCHAT_TOKEN). Other users may see it in the process list.", valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp("A file with the token, readable by you alone (mode 0600).", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("Certificate authorities (PEM) to trust instead of the system's.", valueName: "file"),
        completion: .file())
    var caFile: String?

    /// What a session needs.
    /// - Throws: ``CommandFailure``.
    func configuration() async throws -> ChatSession.Configuration {
        var choice = try choice()
        try await choice.signIn()
        return choice.session
    }

    /// Flags over the environment over `config.toml` over defaults; no token yet.
    /// - Throws: ``CommandFailure`` with status usage.
    func choice(environment: [String: String] = Surroundings.environment) throws -> ConnectionChoice {
        let settings = try ConfigFile.read(environment: environment)
        let server = try ServerChoice(server ?? environment["TERMCHAT_SERVER"], settings)
        let state = StateFolder(environment: environment)
        let paths = SettingsPath(environment: environment)
        let profile = server.profile
        let source = TokenSource(
            .init(
                flag: token, fileFlag: tokenFile, environment: environment["TERMCHAT_TOKEN"],
                settingsFile: profile.tokenFile.map(paths.absolute), command: profile.tokenCommand,
                loginPath: state?.token(server.address)))
        var session = ChatSession.Configuration(
            server: server.address, user: try userName(environment, profile.user))
        session.certificateAuthority = caFile ?? profile.caFile.map(paths.absolute)
        return ConnectionChoice(
            session: session, tokenSource: source, settings: settings, rooms: profile.rooms,
            tokenCommand: profile.tokenCommand, state: state)
    }

    private func userName(_ environment: [String: String], _ setting: String?) throws -> String {
        if let name = user ?? environment["TERMCHAT_USER"] ?? setting {
            do throws(WireError) { return try UserName(name).value } catch {
                throw CommandFailure(.usage, error.message)
            }
        }
        let system = Self.validName(from: environment["USER"] ?? "")
        return system.isEmpty ? "guest" : system
    }

    /// What of a system's user name is a valid name here.
    static func validName(from text: String) -> String {
        let kept = text.filter { $0.isLetter || $0.isNumber || ".-_".contains($0) }.prefix(Limits.userNameCharactersMax)
        return (try? UserName(kept))?.value ?? ""
    }
}

/// What flags, environment and settings came to.
struct ConnectionChoice: Sendable {
    /// Without a token until ``signIn()``.
    var session: ChatSession.Configuration
    var tokenSource: TokenSource
    var settings: ClientSettings
    /// The rooms that the settings name for this server.
    var rooms: [RoomName]?
    /// The command for this server, whether it is the source or not.
    var tokenCommand: String?
    /// Nil without a home: then nothing is kept.
    var state: StateFolder?

    /// Gets the token, which may run a command.
    mutating func signIn() async throws {
        session.token = try await tokenSource.token()
        session.renewToken = tokenSource.renewal
    }

    /// Whose the outbox, the drafts and the like are; once signed in.
    var owner: String { OutboxOwner.name(of: session) }
}

/// Paths in `config.toml`: `~/` is the home, and a relative one begins beside the file.
struct SettingsPath: Sendable {
    let environment: [String: String]

    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~/"), let home = environment["HOME"] { return home + path.dropFirst() }
        guard let file = ConfigFile.path(environment: environment) else { return path }
        return PathParts(file).folder + "/" + path
    }
}

extension RoomName {
    /// From an argument, with or without `#`.
    static func argument(_ text: String) throws -> RoomName {
        do throws(WireError) {
            return try RoomName(text.hasPrefix("#") ? String(text.dropFirst()) : text)
        } catch {
            throw CommandFailure(.usage, "'\(VisibleText(text).value)': \(error.message)")
        }
    }
}
