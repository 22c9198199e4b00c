import Foundation

/// Where everything is that the client remembers: `termchat` in the state folder of the XDG base directory
/// specification. Nothing else makes a path in it.
///
/// What belongs to one server or one user's session there has both in its name; nobody but the user may read any of it.
struct StateFolder: Equatable, Sendable {
    let path: String

    init(path: String) { self.path = path }

    /// Nil without a home.
    init?(environment: [String: String] = Surroundings.environment) {
        guard let path = XDGFolder.state.path(environment: environment) else { return nil }
        self.path = path
    }

    /// What was sent and is not stored yet, of one owner at one server.
    func outbox(_ server: ServerAddress, owner: String) -> String { file("outbox", server, owner) }
    /// What was typed in each room and not sent.
    func drafts(_ server: ServerAddress, owner: String) -> String { file("drafts", server, owner) + ".json" }
    /// What was typed and sent, for Up and Ctrl-R.
    func inputHistory(_ server: ServerAddress, owner: String) -> String { file("history", server, owner) }
    /// The rooms that the user was in.
    func rooms(_ server: ServerAddress, owner: String) -> String { file("rooms", server, owner) + ".json" }
    /// What `/set`, `/mute`, `/ignore` and `/theme` changed.
    func preferences(_ server: ServerAddress, owner: String) -> String { file("preferences", server, owner) + ".json" }
    /// The token that `termchat login` keeps.
    func token(_ server: ServerAddress) -> String { "\(path)/tokens/\(Self.name(server))" }
    /// The folder of the uploads that can be gone on with.
    var transfers: String { path + "/transfers" }
    /// What went wrong while the screen was up.
    var log: String { path + "/log" }

    private func file(_ kind: String, _ server: ServerAddress, _ owner: String) -> String {
        "\(path)/\(kind)/" + Self.safe("\(owner)@\(server.host)_\(server.port)")
    }

    private static func name(_ server: ServerAddress) -> String { safe("\(server.host)_\(server.port)") }

    /// A name is one part of a path, whatever a user or a host is called.
    private static func safe(_ name: String) -> String {
        String(name.map { $0 == "/" || $0 == "\0" ? "_" : $0 })
    }
}

/// What surrounds a command: set for the length of a test, the process' own else.
enum Surroundings {
    @TaskLocal static var environment: [String: String] = ProcessInfo.processInfo.environment
}
