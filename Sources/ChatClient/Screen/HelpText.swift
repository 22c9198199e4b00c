/// What the help shows: every key and every command.
enum HelpText {
    struct Entry: Sendable, Equatable {
        /// Keys, or a command with its arguments.
        var keys: String
        var use: String
    }
    struct Section: Sendable, Equatable {
        var title: String
        var entries: [Entry]
    }

    static func sections(_ glyphs: Glyphs) -> [Section] {
        fixed + [
            section(
                "SIGNS",
                [
                    (glyphs.sending, "your line is on its way; it is kept until it is stored"),
                    (glyphs.stored, "stored"), (glyphs.refused, "refused: the reason stands below it"),
                    ("@", "somebody means you"), (RoomModel.guestSign, "a guest, who has only claimed the name"),
                ])
        ]
    }

    private static let fixed = [
        section(
            "WRITING",
            [
                ("Enter", "send"), ("Alt-Enter, Ctrl-J", "new line"),
                ("Tab, Shift-Tab", "complete a name, #room, /command or path"),
                ("Up, Down", "earlier inputs"), ("Ctrl-R", "search earlier inputs"),
                ("Ctrl-A, Ctrl-E", "to the start, the end of the line"),
                ("Ctrl-B, Ctrl-F", "one character back, forward"),
                ("Alt-B, Alt-F, Ctrl-Left, Ctrl-Right", "one word back, forward"),
                ("Ctrl-D, Alt-D", "delete a character, a word"), ("Ctrl-W", "delete the word before the cursor"),
                ("Ctrl-U, Ctrl-K", "delete to the start, the end of the line"),
                ("Ctrl-Y, Ctrl-T", "put back what was deleted, swap two characters"),
                ("Ctrl-X E", "write in $EDITOR"), ("Ctrl-C", "clear the line; twice: leave"),
                ("//text", "sends a line that begins with a slash"),
            ]),
        section(
            "ROOMS",
            [
                ("Alt-1 to Alt-9", "the first nine rooms"), ("Alt-Up, Alt-Down", "the room above, below"),
                ("Alt-K", "go to a room by its name"), ("Alt-A", "next mention, then next unread room"),
            ]),
        section(
            "THE LOG",
            [
                ("PgUp, PgDn", "a page up, down"), ("Shift-Up, Shift-Down", "a line up, down"),
                ("Alt-Home, Alt-End", "the oldest, the newest line"),
                ("Alt-L", "the first unread line"), ("Ctrl-S", "search this room"),
            ]),
        section(
            "FILES AND THE SCREEN",
            [
                ("Alt-U", "upload a file"), ("Ctrl-X C", "cancel the transfer"),
                ("F7, F8", "show or hide the rooms, the people"), ("Ctrl-L", "draw everything again"),
                ("Ctrl-Z", "stop; fg comes back"), ("F1", "this help"),
            ]),
        section("COMMANDS", commands),
    ]

    private static let commands = SlashCommand.allCases.map { ($0.usage, $0.entry.help) }

    private static func section(_ title: String, _ entries: [(String, String)]) -> Section {
        Section(title: title, entries: entries.map { Entry(keys: $0.0, use: $0.1) })
    }
}
