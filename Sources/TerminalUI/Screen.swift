/// One place on the screen.
public struct Cell: Sendable, Hashable {
    /// What is drawn; a space where nothing is. Nil: the right half of the double-width cluster to the left.
    public var cluster: Character?
    public var style: Style

    public init(_ cluster: Character? = " ", _ style: Style = .plain) {
        self.cluster = cluster
        self.style = style
    }

    public static let blank = Cell()
}

/// A picture of the terminal: what a view draws and ``Renderer`` brings to the terminal. Drawing outside of it is
/// clipped, and a double-width cluster is drawn whole or not at all: every cell of a double-width cluster has a cell of
/// nil to its right, and there is no other nil.
public struct Screen: Sendable, Equatable {
    public struct Place: Sendable, Hashable {
        public var column: Int
        public var row: Int
        public init(column: Int, row: Int) {
            self.column = column
            self.row = row
        }
    }

    public let columns: Int
    public let rows: Int
    /// Each row has memory of its own, which a copy shares until it draws there: what most pictures change of the one
    /// before is a row or two.
    private(set) var packed: [[PackedCell]]
    private(set) var clusters = ClusterTable()
    /// Where the cursor stands; nil hides it.
    public var cursor: Place?
    /// The addresses that ``Style/link`` points to.
    public private(set) var links: [String] = []

    /// - Parameters: at least 1 each; smaller numbers count as 1.
    public init(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        packed = Array(repeating: Array(repeating: .blank, count: self.columns), count: self.rows)
    }

    public static func == (one: Screen, other: Screen) -> Bool {
        (one.columns, one.rows) == (other.columns, other.rows) && one.cursor == other.cursor && one.links == other.links
            && (one.clusters == other.clusters ? one.packed == other.packed : one.cells == other.cells)
    }

    /// Row by row.
    public var cells: [Cell] { packed.flatMap { $0.map(unpacked) } }

    private func unpacked(_ cell: PackedCell) -> Cell { Cell(clusters[cell.glyph], cell.style) }

    public subscript(column: Int, row: Int) -> Cell {
        guard (0..<columns).contains(column), (0..<rows).contains(row) else { return .blank }
        return unpacked(packed[row][column])
    }

    /// - Returns: what to put into ``Style/link``; 0 where the table is full.
    public mutating func link(to address: String) -> UInt16 {
        if let index = links.firstIndex(of: address) { return UInt16(index + 1) }
        guard links.count < Int(UInt16.max) else { return 0 }
        links.append(address)
        return UInt16(links.count)
    }

    /// Draws one line of text; it ends at `limit` columns or the screen's edge.
    /// - Returns: the column after what was drawn.
    @discardableResult
    public mutating func put(
        _ text: some StringProtocol, column: Int, row: Int, style: Style = .plain, limit: Int? = nil
    ) -> Int {
        put(String(text), column: column, row: row, style: style, limit: limit)
    }

    @discardableResult
    public mutating func put(
        _ text: String, column: Int, row: Int, style: Style = .plain, limit: Int? = nil
    ) -> Int {
        let end = min(columns, limit.map { column + max(0, $0) } ?? columns)
        // Most text: nothing to cut into clusters, and nothing to measure.
        if text.utf8.isPrintableASCII, column >= 0, (0..<rows).contains(row) {
            return putPlain(text.utf8, column: column, row: row, style: style, end: end)
        }
        var column = column
        func draw(_ cluster: Character, _ width: Int) -> Bool {
            guard column + width <= end else { return false }
            set(cluster, width: width, column: column, row: row, style: style)
            column += width
            return true
        }
        if text.unicodeScalars.allSatisfy(TextWidth.isSeparate) {
            for scalar in text.unicodeScalars {
                guard draw(Character(scalar), TextWidth.of(scalar)) else { break }
            }
            return column
        }
        for cluster in text {
            let width = TextWidth.of(cluster)
            // Nothing to stand on: a mark, a joiner, a direction. It gets a place of its own, and one that is seen.
            guard width == 0 ? draw("\u{fffd}", 1) : draw(cluster, width) else { break }
        }
        return column
    }

    /// One column for each byte; only at its ends can it cut a double-width cluster in half.
    private mutating func putPlain(_ text: String.UTF8View, column: Int, row: Int, style: Style, end: Int) -> Int {
        let count = min(text.count, end - column)
        guard count > 0 else { return column }
        clear(column: column, row: row)
        clear(column: column + count - 1, row: row)
        packed[row].withUnsafeMutableBufferPointer { cells in
            var index = column
            for byte in text.prefix(count) {
                cells[index] = PackedCell(PackedCell.Glyph(byte), style)
                index += 1
            }
        }
        return column + count
    }

    @discardableResult
    public mutating func put(_ spans: [Span], column: Int, row: Int, limit: Int? = nil) -> Int {
        var place = column
        let end = limit.map { column + max(0, $0) } ?? columns
        for span in spans { place = put(span.text, column: place, row: row, style: span.style, limit: end - place) }
        return place
    }

    /// Fills a rectangle, clipped to the screen, with a cell of one column; any other counts as a blank.
    public mutating func fill(column: Int, row: Int, width: Int, height: Int = 1, with cell: Cell = .blank) {
        let cluster = cell.cluster.flatMap { TextWidth.of($0) == 1 ? $0 : nil } ?? " "
        let cell = PackedCell(clusters.glyph(of: cluster), cell.style)
        let columns = max(0, column)..<max(0, column, min(columns, column + width))
        guard let last = columns.last else { return }
        for row in max(0, row)..<max(0, row, min(rows, row + height)) {
            clear(column: columns.lowerBound, row: row)
            clear(column: last, row: row)
            for column in columns { packed[row][column] = cell }
        }
    }

    private mutating func set(_ cluster: Character, width: Int, column: Int, row: Int, style: Style) {
        guard width > 0, column >= 0, (0..<rows).contains(row), column + width <= columns else { return }
        clear(column: column, row: row)
        if width == 2 {
            clear(column: column + 1, row: row)
            packed[row][column + 1] = PackedCell(.rightHalf, style)
        }
        packed[row][column] = PackedCell(clusters.glyph(of: cluster), style)
    }

    /// Leaves no half of a double-width cluster behind.
    private mutating func clear(column: Int, row: Int) {
        if column > 0, packed[row][column].glyph == .rightHalf { packed[row][column - 1].glyph = .space }
        if column + 1 < columns, packed[row][column + 1].glyph == .rightHalf { packed[row][column + 1].glyph = .space }
    }

    /// The rows as text, without trailing blanks: for tests and for people who read them.
    public var text: [String] {
        packed.map { cells in
            var line = ""
            for cell in cells {
                if let cluster = clusters[cell.glyph] { line.append(cluster) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
