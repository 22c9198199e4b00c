import TerminalUI

/// Screens that follow each other as those of a program do, and wilder: text changes, lines scroll, panes are filled.
struct RandomScreens {
    static let calm: [Character] = Array("abcdefgh ij klm  nopq─│█…éß日本語カ한👍🚢✓●")
    static let clusters: [Character] = [
        "👩‍💻", "🏳️‍🌈", "🇩🇪", "👍🏽", "e\u{301}", "कि", "กำ", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🫠", "\u{1112}\u{1161}\u{11ab}",
    ]
    static let hostile: [Character] = [
        "\u{1b}", "\u{7}", "\n", "\r\n", "\u{7f}", "\u{9b}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{301}", "\u{fe0f}",
        "\u{378}", "\u{e000}", "\u{3164}", "\u{2028}", "🏽", "ि", "\u{e0041}", "a\u{200d}", "a\u{fe0f}", "\u{ad}",
        "\u{115f}",
    ]

    var numbers: SeededRandom
    var screen: Screen
    let pool: [Character]

    init(seed: UInt64, pool: [Character]) {
        numbers = SeededRandom(seed: seed)
        self.pool = pool
        screen = Screen(columns: Int.random(in: 1...50, using: &numbers), rows: Int.random(in: 1...20, using: &numbers))
    }

    /// - Returns: whether the terminal was disturbed: the renderer must draw it whole.
    mutating func step() -> Bool {
        switch below(24) {
        case 0:
            screen = Screen(columns: 1 + below(60), rows: 1 + below(24))
            return false
        case 1: return true
        case 2...7: scrollRows()
        case 8...10:
            screen.fill(
                column: below(screen.columns), row: below(screen.rows), width: below(screen.columns), height: below(4),
                with: Cell(below(3) > 0 ? " " : "─", style()))
        case 11: screen = Screen(columns: screen.columns, rows: screen.rows)
        default:
            for _ in 0...below(5) {
                screen.put(
                    text(below(30)), column: below(screen.columns + 4) - 4, row: below(screen.rows), style: style())
            }
        }
        screen.cursor = below(4) == 0 ? nil : Screen.Place(column: below(screen.columns), row: below(screen.rows))
        return false
    }

    private mutating func below(_ bound: Int) -> Int { bound < 1 ? 0 : Int.random(in: 0..<bound, using: &numbers) }

    private mutating func text(_ count: Int) -> String {
        var text = ""
        for _ in 0..<count { text.append(pool[below(pool.count)]) }
        return text
    }

    private mutating func style() -> Style {
        let colors: [Color] = [.standard, .standard, .indexed(3), .indexed(12), .indexed(100), .rgb(10, 200, 30)]
        var style = Style(
            colors[below(6)], on: colors[below(6)], Style.Attributes(rawValue: below(3) == 0 ? UInt8(below(64)) : 0))
        if below(8) == 0 { style.link = screen.link(to: "https://example.org/\(below(4))") }
        return style
    }

    /// A part of the rows moves by some; panes beside it stay.
    private mutating func scrollRows() {
        let old = screen
        let top = below(screen.rows)
        let bottom = top + below(screen.rows - top)
        let left = below(2) * below(screen.columns / 3)
        let count = below(7) - 3
        for row in top...bottom {
            var column = left
            while column < screen.columns {
                let cell = (top...bottom).contains(row + count) ? old[column, row + count] : .blank
                let cluster = cell.cluster ?? " "
                screen.put(String(cluster), column: column, row: row, style: cell.style)
                column += max(1, TextWidth.of(cluster))
            }
        }
    }
}
