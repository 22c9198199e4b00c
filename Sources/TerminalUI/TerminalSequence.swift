/// What is said to a terminal beside the cells. All of it is harmless to terminals that do not know it.
public enum TerminalSequence {
    /// Clusters of a title or a notification; the rest is cut off.
    public static let textMax = 256

    /// The window's title (OSC 2). What must not be drawn in a cell becomes U+FFFD here as well.
    public static func title(_ text: String) -> [UInt8] { Array("\u{1b}]2;\(filtered(text))\u{1b}\\".utf8) }

    public static let bell: [UInt8] = [7]

    /// The ways to a desktop notification. One is used: terminals that know both would show it twice.
    public enum NotificationKind: Sendable, Equatable {
        /// OSC 777, with a title (VTE, foot, kitty, Ghostty, WezTerm, urxvt): also for terminals nobody knows.
        case titled
        /// OSC 9 (iTerm2, Windows Terminal, ConEmu).
        case plain

        public init(environment: [String: String]) {
            let knowsPlainOnly =
                environment["TERM_PROGRAM"] == "iTerm.app" || environment["LC_TERMINAL"] == "iTerm2"
                || environment["WT_SESSION"] != nil || environment["ConEmuPID"] != nil
            self = knowsPlainOnly ? .plain : .titled
        }
    }

    /// A desktop notification.
    public static func notification(title: String, body: String, as kind: NotificationKind) -> [UInt8] {
        let (title, body) = (filtered(title), filtered(body))
        switch kind {
        case .titled:
            // The semicolon ends the title.
            return Array("\u{1b}]777;notify;\(title.replacing(";", with: ","));\(body)\u{1b}\\".utf8)
        case .plain:
            // A digit in front would make it one of ConEmu's commands.
            let mark = title.first?.isNumber ?? true ? " " : ""
            return Array("\u{1b}]9;\(mark)\(title): \(body)\u{1b}\\".utf8)
        }
    }

    private static func filtered(_ text: String) -> String {
        String(text.prefix(textMax).map { $0.isDrawable ? $0 : "\u{fffd}" })
    }

    /// Alternate screen, title kept aside, bracketed paste, focus reports; no wrapping at the edge: ``Renderer`` moves the
    /// cursor itself.
    static let setUp = "\u{1b}[?1049h\u{1b}[22;2t\u{1b}[?2004h\u{1b}[?1004h\u{1b}[?7l"
    /// Button presses, drags and the wheel, in decimal coordinates.
    static let mouseOn = "\u{1b}[?1002h\u{1b}[?1006h"
    static let mouseOff = "\u{1b}[?1006l\u{1b}[?1002l"
    /// Ends whatever was being sent (CAN, a link, a frame, margins, colours), then undoes ``setUp``.
    static let tearDown =
        "\u{18}\u{1b}]8;;\u{1b}\\\u{1b}[?2026l\u{1b}[r\u{1b}[m\(mouseOff)\u{1b}[?1004l\u{1b}[?2004l\u{1b}[?7h"
        + "\u{1b}[?25h\u{1b}[23;2t\u{1b}[?1049l"
}
