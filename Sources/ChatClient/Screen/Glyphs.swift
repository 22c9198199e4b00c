/// The signs that the view draws with, each one column wide: Unicode's, or ASCII for terminals that lack them.
///
/// Every non-ASCII character that the client itself draws stands here; the rest is what people wrote.
enum Glyphs: Sendable {
    case unicode, ascii

    /// Between panes, and between name and text.
    var column: String { sign("│", "|") }
    var rule: String { sign("─", "-") }
    /// The ends of a rule that fades out: of a new day.
    var ruleFromLeft: String { sign("╴", "-") }
    var ruleFromRight: String { sign("╶", "-") }
    /// Of a frame.
    var topLeft: String { sign("┌", "+") }
    var topRight: String { sign("┐", "+") }
    var bottomLeft: String { sign("└", "+") }
    var bottomRight: String { sign("┘", "+") }
    /// The chosen line of a list.
    var current: String { sign("▌", ">") }
    var online: String { sign("●", "*") }
    var offline: String { sign("○", "o") }
    var waiting: String { sign("◌", "~") }
    var typing: String { sign("✎", "w") }
    var file: String { sign("▤", "=") }
    var sending: String { sign("…", ".") }
    var stored: String { sign("✓", "v") }
    var refused: String { sign("!", "!") }
    var prompt: String { sign("❯", ">") }
    var continuation: String { sign("…", ".") }
    var ellipsis: String { sign("…", "~") }
    var barFull: String { sign("█", "#") }
    var barEmpty: String { sign("░", "-") }
    var up: String { sign("↑", "^") }
    var down: String { sign("↓", "v") }
    var dash: String { sign("—", "-") }
    var range: String { sign("–", "-") }
    var dot: String { sign("·", "-") }
    var notice: String { sign("◆", "*") }

    private func sign(_ unicode: String, _ ascii: String) -> String { self == .unicode ? unicode : ascii }

    /// What a terminal of this environment can draw: the kernel's console has few signs, and a locale without UTF-8
    /// has none.
    static func suited(to environment: [String: String]) -> Glyphs {
        if environment["TERM"] == "linux" { return .ascii }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8") ? .unicode : .ascii
    }
}
