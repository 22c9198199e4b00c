/// Brings screens to the terminal: each becomes the bytes that make it of the screen before, as few as possible.
///
/// Terminals disagree about the width of clusters of several scalars. Behind each the cursor is moved by an absolute
/// sequence, and a row that changes and holds such a cluster is erased and drawn whole, so that a disagreement costs a
/// blank and never spreads. Whatever the cells hold, no control and nothing invisible reaches the terminal: U+FFFD does.
///
/// The terminal must not wrap lines (`Terminal` turns that off), and nothing else may move its cursor or change its
/// colours between two screens; after anything that did, call ``invalidate()``.
public struct Renderer: Sendable {
    public let level: ColorLevel
    /// What the terminal shows; nil where that is not known.
    private var shown: Shown?
    private var plotter: Plotter

    private struct Shown {
        var cells: [[PackedCell]]
        var links: [String]
        var clusters: ClusterTable
        var cursor: Screen.Place?

        /// The cells with the links and clusters numbered as in the new screen.
        func numbered(as screen: Screen) -> [[PackedCell]] {
            if links == screen.links, clusters == screen.clusters { return cells }
            // A number that no cell has: an address that the new screen does not link to.
            let gone = UInt16.max
            let numbers = links.map { address in screen.links.firstIndex(of: address).map { UInt16($0 + 1) } ?? gone }
            let glyphs = screen.clusters.glyphs(of: clusters)
            return cells.map { row in
                row.map { cell in
                    var cell = cell
                    if cell.link > 0, Int(cell.link) <= numbers.count { cell.link = numbers[Int(cell.link) - 1] }
                    if let number = cell.glyph.number, number < glyphs.count { cell.glyph = glyphs[number] }
                    return cell
                }
            }
        }
    }

    /// Changes that need no more bytes than this arrive in one piece anyway: they are not framed, and the cursor is not
    /// hidden. A key's echo is one byte then and not 29.
    private static let unframedBytesMax = 64
    /// Scrolling is tried where more rows than this change.
    private static let scrollRowsMin = 3

    public init(level: ColorLevel) {
        self.level = level
        plotter = Plotter(columns: 1, rows: 1, level: level)
    }

    /// The next screen is drawn whole.
    public mutating func invalidate() { shown = nil }

    /// - Returns: what to write to the terminal, all of it and in order; nothing where nothing changed.
    public mutating func render(_ screen: Screen) -> [UInt8] {
        let cursor = screen.cursor.map { place in
            Screen.Place(
                column: min(max(0, place.column), screen.columns - 1), row: min(max(0, place.row), screen.rows - 1))
        }
        let cursorWasShown = shown.map { $0.cursor != nil } ?? true
        var isWhole = false
        let old: [[PackedCell]]
        if let shown, (plotter.columns, plotter.rows) == (screen.columns, screen.rows) {
            old = shown.numbered(as: screen)
        } else {
            isWhole = true
            plotter = Plotter(columns: screen.columns, rows: screen.rows, level: level)
            plotter.reset()
            old = Screen(columns: screen.columns, rows: screen.rows).packed
        }
        (plotter.links, plotter.clusters) = (screen.links, screen.clusters)
        plotter.draw(screen.packed, over: old, scrollRowsMin: Self.scrollRowsMin)
        plotter.endLink()
        if let cursor, !plotter.bytes.isEmpty || cursor != shown?.cursor {
            plotter.move(column: cursor.column, row: cursor.row)
        }
        shown = Shown(cells: screen.packed, links: screen.links, clusters: screen.clusters, cursor: cursor)
        return Self.framed(
            plotter.take(), isWhole: isWhole, cursorWasShown: cursorWasShown, cursorIsShown: cursor != nil)
    }

    private static func framed(
        _ body: [UInt8], isWhole: Bool, cursorWasShown: Bool, cursorIsShown: Bool
    ) -> [UInt8] {
        if body.count <= unframedBytesMax, !isWhole {
            if cursorWasShown == cursorIsShown { return body }
            return body + Array(cursorIsShown ? "\u{1b}[?25h".utf8 : "\u{1b}[?25l".utf8)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 32)
        bytes.append(contentsOf: "\u{1b}[?2026h".utf8)
        if cursorWasShown { bytes.append(contentsOf: "\u{1b}[?25l".utf8) }
        bytes.append(contentsOf: body)
        if cursorIsShown { bytes.append(contentsOf: "\u{1b}[?25h".utf8) }
        bytes.append(contentsOf: "\u{1b}[?2026l".utf8)
        return bytes
    }
}
