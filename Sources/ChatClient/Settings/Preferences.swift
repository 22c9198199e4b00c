import ChatWire
import Foundation

/// What the user changed while the client ran, with `/set`, `/mute`, `/ignore` and `/theme`: it lies over `config.toml`.
struct Preferences: Equatable, Sendable, Codable {
    /// Rooms and users named at most: a list that only grows by hand.
    static let namesMax = 1000

    var theme: String?
    var mouse: Bool?
    var typing: Bool?
    var bell: Bool?
    var notifications: String?
    var panes: String?
    var timeFormat: String?
    /// Rooms whose unread entries are not counted.
    var muted: [String]?
    /// Users whose messages are not shown.
    var ignored: [String]?
    /// What each room notifies about, where it is not the general setting.
    var roomNotifications: [String: String]?

    init() {}

    /// Anything else than what ``encoded()`` made counts as no preferences; members of later versions are ignored.
    init(_ bytes: [UInt8]) {
        guard let kept = try? JSONDecoder().decode(Preferences.self, from: Data(bytes)) else { return }
        self = kept
    }

    func encoded() throws -> [UInt8] {
        var bounded = self
        bounded.muted = muted.map { Array($0.suffix(Self.namesMax)) }
        bounded.ignored = ignored.map { Array($0.suffix(Self.namesMax)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array(try encoder.encode(bounded))
    }
}

/// ``Preferences`` on disk, mode 0600.
struct PreferencesFile: Sendable {
    let path: String

    private static let bytesMax = 1 << 20

    func load() throws -> Preferences { Preferences(try AtomicFile.read(path, bytesMax: Self.bytesMax) ?? []) }

    func save(_ preferences: Preferences) throws { try AtomicFile.write(try preferences.encoded(), to: path) }
}
