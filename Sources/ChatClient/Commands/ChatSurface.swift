import Foundation

/// What `termchat` chats on.
enum ChatSurface: Equatable, Sendable {
    /// Lines, one below the other: no cursor is moved, nothing is drawn over.
    case plain
    case fullScreen

    /// What the decision depends on.
    struct Place: Equatable, Sendable {
        var inputIsTerminal: Bool
        var outputIsTerminal: Bool
        /// `TERM`, nil where it is not set.
        var terminal: String?

        /// This process' own.
        static var here: Place {
            Place(
                inputIsTerminal: isatty(STDIN_FILENO) == 1, outputIsTerminal: isatty(STDOUT_FILENO) == 1,
                terminal: Surroundings.environment["TERM"])
        }
    }

    /// The full screen needs keys to come in, cells to go out, and a terminal that says it can move its cursor.
    init(plain: Bool, _ place: Place) {
        let isCapable = place.terminal.map { !$0.isEmpty && $0 != "dumb" } ?? false
        self = !plain && place.inputIsTerminal && place.outputIsTerminal && isCapable ? .fullScreen : .plain
    }
}
