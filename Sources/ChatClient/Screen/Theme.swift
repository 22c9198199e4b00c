import TerminalUI

/// The styles of everything on the screen, by what it means. Nothing is said by colour alone.
struct Theme: Sendable, Equatable {
    var name: String
    var text = Style.plain
    var dim = Style(.standard, on: .standard, .dim)
    var bar = Style(.standard, on: .standard, .reverse)
    var ownName = Style(.indexed(6), on: .standard, .bold)
    var mention = Style(.indexed(3), on: .standard, .bold)
    var separator = Style(.standard, on: .standard, .dim)
    var unread = Style(.standard, on: .standard, .bold)
    var link = Style(.indexed(4), on: .standard, .underline)
    var warning = Style(.indexed(1), on: .standard, .bold)
    var good = Style(.indexed(2))
    var selected = Style(.standard, on: .standard, .reverse)
    /// Other people's names: each has one of them, by a hash.
    var names: [Style] = [1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14].map { Style(.indexed($0)) }

    static let standard = Theme(name: "standard")
}
