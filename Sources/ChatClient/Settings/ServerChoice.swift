import ChatWire

/// Which server is meant, and what the settings say about it.
///
/// A token goes only to the server that it stands beside in the settings: to one that is named by its address alone goes
/// none of another's, while its user's name, rooms and certificates are as at the top of the file.
struct ServerChoice: Equatable, Sendable {
    var address: ServerAddress
    /// The keys that are in force for it.
    var profile: ClientSettings.Profile

    static let defaultServer = "ws://127.0.0.1:8080"

    /// - Parameter name: an address or the name of a profile, from a flag or the environment; nil: as the settings say.
    /// - Throws: ``CommandFailure`` with status usage.
    init(_ name: String?, _ settings: ClientSettings) throws {
        let top = settings.top
        if let asked = name ?? top.server, !asked.contains("://") {
            (address, profile) = try Self.named(asked, settings)
            return
        }
        address = try Self.address(name ?? top.server ?? Self.defaultServer, settings)
        let server = top.server ?? Self.defaultServer
        let isTop = server.contains("://") && ServerAddress(url: server) == address
        profile = isTop ? top : Self.merged(Self.profile(at: address, settings), over: top)
    }

    private static func named(
        _ name: String, _ settings: ClientSettings
    ) throws -> (ServerAddress, ClientSettings.Profile) {
        guard let profile = settings.profiles[name] else { throw unknown(name, settings) }
        guard let server = profile.server else {
            throw CommandFailure(.usage, "[servers.\(VisibleText(name).value)] has no 'server' in config.toml.")
        }
        return (try address(server, settings), merged(profile, over: settings.top))
    }

    private static func profile(at address: ServerAddress, _ settings: ClientSettings) -> ClientSettings.Profile {
        let found = settings.profiles.sorted { $0.key < $1.key }.first { _, profile in
            profile.server.flatMap(ServerAddress.init(url:)) == address
        }
        return found?.value ?? ClientSettings.Profile()
    }

    private static func merged(
        _ profile: ClientSettings.Profile, over top: ClientSettings.Profile
    ) -> ClientSettings.Profile {
        var merged = profile
        merged.user = profile.user ?? top.user
        merged.rooms = profile.rooms ?? top.rooms
        merged.caFile = profile.caFile ?? top.caFile
        return merged
    }

    private static func address(_ url: String, _ settings: ClientSettings) throws -> ServerAddress {
        guard let address = ServerAddress(url: url) else { throw unknown(url, settings) }
        return address
    }

    private static func unknown(_ name: String, _ settings: ClientSettings) -> CommandFailure {
        let near = Nearest.to(name, among: settings.profiles.keys.sorted())
        let hint = near.map { " Did you mean '\(VisibleText($0).value)'?" } ?? ""
        return CommandFailure(
            .usage,
            "'\(VisibleText(name).value)' is not a server; write ws://HOST:PORT, wss://HOST, or the name of a "
                + "[servers.NAME] in config.toml.\(hint)")
    }
}
