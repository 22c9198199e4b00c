/// The commands of the input line: the one table that help, completion and the documents are made of.
enum SlashCommand: String, Sendable, CaseIterable {
    case join, leave, rooms, msg, me, nick, names, topic, history, search, read, mute, ignore, notify
    case upload, files, get, open, cancel, theme, set, status, reconnect, resend, discard, logout, help, quit

    /// What a command takes, for completion.
    enum Argument: Sendable {
        case none, text, room, user, path, file, transfer, level, theme, option, command
    }

    struct Entry: Sendable {
        /// As help writes them; in brackets where they can be left out.
        var arguments: String
        var argument: Argument
        /// One line of help, without a full stop.
        var help: String
    }

    var entry: Entry {
        switch self {
        case .join: Entry(arguments: "ROOM", argument: .room, help: "join a room, or look at it")
        case .leave: Entry(arguments: "[ROOM]", argument: .room, help: "leave a room")
        case .rooms: Entry(arguments: "", argument: .none, help: "list the rooms that you may join")
        case .msg: Entry(arguments: "NAME [TEXT]", argument: .user, help: "say something that only the two of you see")
        case .me: Entry(arguments: "TEXT", argument: .text, help: "say what you do")
        case .nick: Entry(arguments: "NAME", argument: .text, help: "be somebody else, where guests are let in")
        case .names: Entry(arguments: "[ROOM]", argument: .room, help: "who is in a room")
        case .topic: Entry(arguments: "[TEXT]", argument: .text, help: "what the room is about; - takes it away")
        case .history:
            Entry(arguments: "[COUNT]", argument: .text, help: "fetch older messages, that many or a few more")
        case .search: Entry(arguments: "[TEXT]", argument: .text, help: "search this room, also what is not loaded")
        case .read: Entry(arguments: "[all]", argument: .text, help: "mark the room, or all of them, as read")
        case .mute: Entry(arguments: "[ROOM]", argument: .room, help: "be quiet about a room, or no longer")
        case .ignore:
            Entry(arguments: "[NAME]", argument: .user, help: "hide what somebody says, or no longer; or list them")
        case .notify: Entry(arguments: "[all|mentions|none]", argument: .level, help: "what this room notifies you of")
        case .upload: Entry(arguments: "PATH", argument: .path, help: "put a file into the room")
        case .files: Entry(arguments: "", argument: .none, help: "list the room's files")
        case .get: Entry(arguments: "NUMBER|NAME", argument: .file, help: "download a file")
        case .open:
            Entry(
                arguments: "[NUMBER|NAME|LINK]", argument: .file,
                help: "download a file and show it, or open the last link")
        case .cancel: Entry(arguments: "[NUMBER]", argument: .transfer, help: "cancel a transfer")
        case .theme: Entry(arguments: "[NAME]", argument: .theme, help: "change the colours, or list the themes")
        case .set: Entry(arguments: "[OPTION [on|off]]", argument: .option, help: "change an option, or list them")
        case .status: Entry(arguments: "", argument: .none, help: "how the connection is, and what waits")
        case .reconnect: Entry(arguments: "", argument: .none, help: "connect at once")
        case .resend: Entry(arguments: "", argument: .none, help: "send again what was refused or may be stored")
        case .discard: Entry(arguments: "", argument: .none, help: "forget what was refused or may be stored")
        case .logout: Entry(arguments: "", argument: .none, help: "forget the token and leave")
        case .help: Entry(arguments: "[COMMAND]", argument: .command, help: "keys and commands")
        case .quit: Entry(arguments: "", argument: .none, help: "leave")
        }
    }

    /// `/join ROOM`.
    var usage: String { entry.arguments.isEmpty ? "/\(rawValue)" : "/\(rawValue) \(entry.arguments)" }

    /// Has an argument that cannot be left out.
    var needsArgument: Bool { !entry.arguments.isEmpty && !entry.arguments.hasPrefix("[") }

    /// Short names that hands know from elsewhere.
    static let aliases: [String: SlashCommand] = [
        "j": .join, "part": .leave, "m": .msg, "query": .msg, "who": .names, "list": .rooms, "q": .quit, "exit": .quit,
        "?": .help,
        "s": .search,
    ]

    /// Reads `/name argument`.
    /// - Returns: nil where there is no such command. The argument has no blanks around it, and is nil where it is empty.
    static func parse(_ line: String) -> (command: SlashCommand, argument: String?)? {
        let words = line.dropFirst().split(maxSplits: 1, omittingEmptySubsequences: false) { $0.isWhitespace }
        guard let word = words.first.map({ $0.lowercased() }), let command = Self(rawValue: word) ?? aliases[word]
        else {
            return nil
        }
        var rest = words.count > 1 ? words[1] : ""
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return (command, rest.isEmpty ? nil : String(rest))
    }
}

/// What `/set` changes.
enum ScreenOption: String, Sendable, CaseIterable {
    /// Tell others that this user types.
    case typing
    /// The panes at the left and at the right.
    case rooms, members
    /// The terminal's bell for what is for this user.
    case bell
    /// The wheel scrolls and a click chooses a room, where else the terminal selects text.
    case mouse

    var path: WritableKeyPath<ChatModel, Bool> {
        switch self {
        case .typing: \.sharesTyping
        case .rooms: \.showsRooms
        case .members: \.showsMembers
        case .bell: \.ledger.rings
        case .mouse: \.ledger.hasMouse
        }
    }
}
