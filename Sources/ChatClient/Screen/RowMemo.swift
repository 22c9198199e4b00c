import TerminalUI

/// Keeps the rows of the lines that are seen from one picture to the next: a key changes none of them and a new line
/// adds one, and wrapping them is most of what a picture costs. A picture is the same with it and without.
///
/// It holds what the last picture showed, and nothing else.
final class RowMemo {
    /// What rows depend on beside their line.
    struct Setting: Equatable {
        var columns: LogColumns
        var theme: Theme
        var glyphs: Glyphs
        var user: String
        var today: Int
        /// It is marked.
        var found: LogLine.ID?
    }

    private struct Known {
        var line: LogLine
        var rows: [LogLayout.Row]
    }

    private var setting: Setting?
    private var shown: [LogLine.ID: Known] = [:]
    private var shownBefore: [LogLine.ID: Known] = [:]

    /// Another picture begins.
    func begin(_ setting: Setting) {
        swap(&shown, &shownBefore)
        shown.removeAll(keepingCapacity: true)
        if setting != self.setting { shownBefore.removeAll() }
        self.setting = setting
    }

    func rows(of line: LogLine, _ make: () -> [LogLayout.Row]) -> [LogLayout.Row] {
        if let known = shown[line.id] ?? shownBefore[line.id], known.line == line {
            shown[line.id] = known
            return known.rows
        }
        let rows = make()
        // A link's number belongs to one picture.
        let hasLinks = rows.contains { $0.spans.contains { $0.style.link > 0 } }
        if !hasLinks { shown[line.id] = Known(line: line, rows: rows) }
        return rows
    }
}
