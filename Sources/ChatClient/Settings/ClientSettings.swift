import ChatWire

/// What `config.toml` says, checked. What it leaves out is nil here, so that flags, the environment and the file can be
/// laid over each other before the defaults.
struct ClientSettings: Equatable, Sendable {
    enum Notifications: String, CaseIterable, Sendable { case all, mentions, none }
    enum Panes: String, CaseIterable, Sendable { case both, rooms, members, none }
    enum TimeFormat: String, CaseIterable, Sendable { case hours24 = "24h", hours12 = "12h" }

    /// How to reach a server, and as whom: at the top of the file, and in each `[servers.NAME]`.
    struct Profile: Equatable, Sendable {
        /// At the top it may also be the name of a profile.
        var server: String?
        var user: String?
        var rooms: [RoomName]?
        var tokenCommand: String?
        var tokenFile: String?
        var caFile: String?
    }

    var top = Profile()
    var profiles: [String: Profile] = [:]
    var theme: String?
    var mouse: Bool?
    var typing: Bool?
    var notifications: Notifications?
    var bell: Bool?
    var panes: Panes?
    var timeFormat: TimeFormat?

    /// Every key and what it sets; docs/client.md has a row for each.
    enum Key: String, CaseIterable {
        case server, user, rooms
        case tokenCommand = "token-command"
        case tokenFile = "token-file"
        case caFile = "ca-file"
        case theme, mouse, typing, notifications, bell, panes
        case timeFormat = "time-format"

        /// Belongs to a server, and may stand in a profile.
        var isOfProfile: Bool {
            switch self {
            case .server, .user, .rooms, .tokenCommand, .tokenFile, .caFile: true
            case .theme, .mouse, .typing, .notifications, .bell, .panes, .timeFormat: false
            }
        }
    }

    init() {}

    /// - Throws: ``ConfigError``, with the nearest known key where one is unknown.
    init(_ document: ConfigDocument) throws(ConfigError) {
        for table in document.tables {
            guard table.path.count == 2, table.path[0] == "servers" else {
                let name = table.path.joined(separator: ".")
                throw ConfigError(
                    place: table.place, message: "[\(name)] is unknown; a server's keys stand under [servers.NAME]")
            }
            profiles[table.path[1]] = Profile()
        }
        for entry in document.entries {
            let known = Key.allCases.filter { entry.table.isEmpty || $0.isOfProfile }
            guard let key = known.first(where: { $0.rawValue == entry.key }) else {
                throw Self.unknown(entry, known.map(\.rawValue))
            }
            let reader = EntryReader(entry: entry)
            if entry.table.count == 2 {
                try profiles[entry.table[1], default: Profile()].set(key, reader)
            } else {
                try top.set(key, reader)
                try setAppearance(key, reader)
            }
        }
    }

    private mutating func setAppearance(_ key: Key, _ reader: EntryReader) throws(ConfigError) {
        switch key {
        case .theme: theme = try reader.theme()
        case .mouse: mouse = try reader.boolean()
        case .typing: typing = try reader.boolean()
        case .notifications: notifications = try reader.choice()
        case .bell: bell = try reader.boolean()
        case .panes: panes = try reader.choice()
        case .timeFormat: timeFormat = try reader.choice()
        case .server, .user, .rooms, .tokenCommand, .tokenFile, .caFile: break
        }
    }

    private static func unknown(_ entry: ConfigDocument.Entry, _ known: [String]) -> ConfigError {
        let all = Key.allCases.map(\.rawValue)
        if !entry.table.isEmpty, all.contains(entry.key) {
            return ConfigError(
                place: entry.place, message: "'\(entry.key)' belongs to no server; it stands above the first [header]")
        }
        let hint = Nearest.to(entry.key, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return ConfigError(place: entry.place, message: "the key '\(entry.key)' is unknown\(hint)")
    }
}

extension ClientSettings.Profile {
    fileprivate mutating func set(_ key: ClientSettings.Key, _ reader: EntryReader) throws(ConfigError) {
        switch key {
        case .server: server = try reader.string()
        case .user: user = try reader.user()
        case .rooms: rooms = try reader.rooms()
        case .tokenCommand: tokenCommand = try reader.string()
        case .tokenFile: tokenFile = try reader.string()
        case .caFile: caFile = try reader.string()
        case .theme, .mouse, .typing, .notifications, .bell, .panes, .timeFormat: break
        }
    }
}

/// Takes an entry's value as what its key is.
private struct EntryReader {
    let entry: ConfigDocument.Entry

    func string() throws(ConfigError) -> String {
        guard case .string(let text) = entry.value, !text.isEmpty else { throw mismatch("a text in quotes") }
        return text
    }

    func boolean() throws(ConfigError) -> Bool {
        guard case .boolean(let value) = entry.value else { throw mismatch("true or false") }
        return value
    }

    func choice<Choice: RawRepresentable & CaseIterable>() throws(ConfigError) -> Choice
    where Choice.RawValue == String {
        if case .string(let text) = entry.value, let choice = Choice(rawValue: text) { return choice }
        throw mismatch(oneOf: Choice.allCases.map(\.rawValue))
    }

    func theme() throws(ConfigError) -> String {
        if case .string(let text) = entry.value, Theme.named(text) != nil { return text }
        throw mismatch(oneOf: Theme.all.map(\.name))
    }

    func user() throws(ConfigError) -> String {
        do { return try UserName(try string()).value } catch let error as ConfigError { throw error } catch {
            throw mismatch("the name of a user")
        }
    }

    func rooms() throws(ConfigError) -> [RoomName] {
        guard case .strings(let names) = entry.value else { throw mismatch("a list of rooms: [\"lobby\", \"ops\"]") }
        var rooms: [RoomName] = []
        for name in names {
            guard let room = try? RoomName(name.hasPrefix("#") ? String(name.dropFirst()) : name) else {
                throw ConfigError(place: entry.place, message: "'\(name)' is no room's name")
            }
            if !rooms.contains(room) { rooms.append(room) }
        }
        return rooms
    }

    private func mismatch(oneOf names: [String]) -> ConfigError {
        mismatch("one of " + names.map { "\"\($0)\"" }.joined(separator: ", "))
    }

    private func mismatch(_ wanted: String) -> ConfigError {
        ConfigError(place: entry.place, message: "'\(entry.key)' is \(wanted), not \(entry.value.words)")
    }
}

extension ConfigDocument.Value {
    fileprivate var words: String {
        if case .string(let text) = self { return text.isEmpty ? "nothing" : "\"\(text)\"" }
        return kind
    }
}

/// Finds the word that somebody most likely meant.
enum Nearest {
    /// Nil where nothing known is near: more than a third of the word would have to change.
    static func to(_ word: String, among known: [String]) -> String? {
        let ranked = known.map { (distance: distance(word.lowercased(), $0), word: $0) }.min {
            $0.distance < $1.distance
        }
        guard let best = ranked, best.distance <= max(2, word.count / 3) else { return nil }
        return best.word
    }

    /// Levenshtein's: single letters added, left out or changed.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (line, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in right.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
