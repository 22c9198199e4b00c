import TerminalUI

/// The styles of everything on the screen, by what it means. Nothing is said by colour alone.
struct Theme: Sendable, Equatable {
    var name: String
    var text = Style.plain
    var dim = Style(.standard, on: .standard, .dim)
    /// The top bar.
    var bar = Style(.standard, on: .standard, .reverse)
    /// The room's name in the top bar.
    var barTitle = Style(.standard, on: .standard, [.reverse, .bold])
    /// The line above the input.
    var status = Style.plain
    /// Headings of panes and overlays.
    var heading = Style(.standard, on: .standard, .bold)
    var prompt = Style(.standard, on: .standard, .bold)
    var ownName = Style(.indexed(6), on: .standard, .bold)
    var mention = Style(.indexed(3), on: .standard, .bold)
    var separator = Style(.standard, on: .standard, .dim)
    /// The line "new since".
    var newSince = Style(.indexed(3), on: .standard, .bold)
    var unread = Style(.standard, on: .standard, .bold)
    var link = Style(.indexed(4), on: .standard, .underline)
    /// `code` in backticks.
    var code = Style(.indexed(6))
    /// What somebody does (`/me`).
    var action = Style(.standard, on: .standard, .italic)
    /// What a search found in a line.
    var match = Style(.standard, on: .standard, [.reverse, .bold])
    var warning = Style(.indexed(1), on: .standard, .bold)
    var good = Style(.indexed(2))
    var selected = Style(.standard, on: .standard, .reverse)
    /// Other people's names: each has one of them, by a hash.
    var names: [Style] = [2, 3, 5, 6, 10, 11, 13, 14, 9, 12].map { Style(.indexed($0)) }

    static let standard = Theme(name: "standard")

    /// The style of a person's name: the same in every run and every client of this theme.
    func name(of user: String) -> Style {
        names.isEmpty ? text : names[Int(StableHash.of(user) % UInt64(names.count))]
    }
}
