/// The signs that the view draws with, each one column wide: Unicode's, or ASCII for terminals that lack them.
///
/// Every non-ASCII character that the client itself draws stands here; the rest is what people wrote.
struct Glyphs: Sendable, Equatable {
    /// Between panes, and between name and text.
    var column = "│"
    var rule = "─"
    /// The ends of a rule that fades out: of a new day.
    var ruleFromLeft = "╴"
    var ruleFromRight = "╶"
    /// Of a frame.
    var topLeft = "┌"
    var topRight = "┐"
    var bottomLeft = "└"
    var bottomRight = "┘"
    /// The chosen line of a list.
    var current = "▌"
    var online = "●"
    var offline = "○"
    var waiting = "◌"
    var typing = "✎"
    var file = "▤"
    var sending = "…"
    var stored = "✓"
    var refused = "!"
    var prompt = "❯"
    var continuation = "…"
    var ellipsis = "…"
    var barFull = "█"
    var barEmpty = "░"
    var up = "↑"
    var down = "↓"
    var dash = "—"
    var range = "–"
    var dot = "·"
    var notice = "◆"

    static let unicode = Glyphs()

    static let ascii = Glyphs(
        column: "|", rule: "-", ruleFromLeft: "-", ruleFromRight: "-", topLeft: "+", topRight: "+", bottomLeft: "+",
        bottomRight: "+", current: ">",
        online: "*", offline: "o", waiting: "~", typing: "w", file: "=", sending: ".", stored: "v", refused: "!",
        prompt: ">", continuation: ".", ellipsis: "~", barFull: "#", barEmpty: "-", up: "^", down: "v", dash: "-",
        range: "-", dot: "-", notice: "*")

    /// What a terminal of this environment can draw: the kernel's console has few signs, and a locale without UTF-8
    /// has none.
    static func suited(to environment: [String: String]) -> Glyphs {
        if environment["TERM"] == "linux" { return .ascii }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8") ? .unicode : .ascii
    }
}
