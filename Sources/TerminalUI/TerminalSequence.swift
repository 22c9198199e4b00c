/// What is said to a terminal beside the cells. All of it is harmless to terminals that do not know it.
public enum TerminalSequence {
    /// Clusters of a title or a notification; the rest is cut off.
    public static let textMax = 256

    /// The window's title (OSC 2). What must not be drawn in a cell becomes U+FFFD here as well.
    public static func title(_ text: String) -> [UInt8] { Array("\u{1b}]2;\(filtered(text))\u{1b}\\".utf8) }

    public static let bell: [UInt8] = [7]

    /// A desktop notification for terminals that know OSC 9 (iTerm2, WezTerm, Windows Terminal).
    public static func notification(_ text: String) -> [UInt8] {
        // A digit in front would make it one of ConEmu's commands.
        let text = filtered(text)
        return Array("\u{1b}]9;\(text.first?.isNumber == true ? " " : "")\(text)\u{1b}\\".utf8)
    }

    /// A desktop notification for terminals that know OSC 777 (VTE, foot, Ghostty).
    public static func notification(title: String, body: String) -> [UInt8] {
        // The semicolon ends the title.
        let title = filtered(title).map { $0 == ";" ? "," : $0 }
        return Array("\u{1b}]777;notify;\(String(title));\(filtered(body))\u{1b}\\".utf8)
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
