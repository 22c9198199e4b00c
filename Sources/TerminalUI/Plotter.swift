/// Writes to a terminal whose cursor and pen (colours, attributes, link) it knows, and takes the shortest way to each
/// place and style. A value, so that two ways of drawing the same can be tried and the shorter one sent.
struct Plotter {
    private(set) var bytes: [UInt8] = []
    let columns: Int
    let rows: Int
    let level: ColorLevel
    /// Where the cursor is; nil where that is not known, as behind a cluster that terminals do not agree about or at the
    /// right edge.
    private(set) var row: Int?
    private(set) var column: Int?
    /// What the terminal draws with, in colours it has.
    private(set) var pen = Style.plain
    /// The addresses of the screen being drawn.
    var links: [String] = []
    /// Its clusters of several scalars.
    var clusters = ClusterTable()
    /// Colours that were reduced before: the search for the nearest one is long. Emptied at ``reducedMax``.
    private var reduced: [Color: Color] = [:]
    /// A theme has some dozens; a picture in true colour has thousands.
    private static let reducedMax = 1024

    init(columns: Int, rows: Int, level: ColorLevel) {
        self.columns = columns
        self.rows = rows
        self.level = level
    }

    /// What was written since the last time.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Forgets what was known and clears the terminal.
    mutating func reset() {
        // Margins, colours, everything on the screen.
        raw("\u{1b}[r\u{1b}[m\u{1b}[2J")
        (row, column) = (nil, nil)
        pen = .plain
    }

    // MARK: Cells

    /// - Parameter isWide: the cell to the right belongs to it.
    mutating func draw(_ cell: PackedCell, isWide: Bool) {
        guard !cell.isBlank, cell.glyph != .rightHalf else {
            setPen(forBlank: cell.style)
            bytes.append(0x20)
            advance(1)
            return
        }
        setPen(cell.style)
        if (0x21..<0x7f).contains(cell.glyph.rawValue), !isWide {
            bytes.append(UInt8(truncatingIfNeeded: cell.glyph.rawValue))
            advance(1)
        } else if let cluster = clusters[cell.glyph], cluster.drawnWidth == (isWide ? 2 : 1) {
            bytes.append(contentsOf: cluster.utf8)
            if cluster.isDoubtful { column = nil } else { advance(isWide ? 2 : 1) }
        } else {
            raw(isWide ? "\u{fffd} " : "\u{fffd}")
            advance(isWide ? 2 : 1)
        }
    }

    /// Blanks from the cursor to the end of the row.
    mutating func eraseToEnd() {
        setPen(forBlank: .plain)
        raw("\u{1b}[K")
    }

    /// Blanks from the cursor on; it stays.
    mutating func erase(_ count: Int) {
        setPen(forBlank: .plain)
        sequence(count, "X")
    }

    /// What is from the cursor on goes one column to the right. The blank is of no certain colour: draw over it.
    mutating func insertBlank() { raw("\u{1b}[@") }

    private mutating func advance(_ count: Int) {
        guard let column else { return }
        // At the edge some terminals stay and some wait to wrap.
        self.column = column + count < columns ? column + count : nil
    }

    /// Moves rows `top...bottom` up by `count` (down where it is negative); blank rows come in.
    mutating func scroll(top: Int, bottom: Int, by count: Int) {
        setPen(forBlank: .plain)
        sequence(top + 1, bottom + 1, "r")
        // Setting the margins sends the cursor home.
        (row, column) = (0, 0)
        move(column: 0, row: count == 1 ? bottom : top)
        switch count {
        case 1: bytes.append(0x0a)
        case -1: raw("\u{1b}M")
        case 1...: sequence(count, "M")
        default: sequence(-count, "L")
        }
        raw("\u{1b}[r")
        (row, column) = (0, 0)
    }

    // MARK: Moves

    /// The bytes a move along the row takes.
    static func moveLength(by count: Int) -> Int { count == 1 ? 3 : 3 + digits(count) }

    mutating func move(column target: Int, row targetRow: Int) {
        if targetRow == row {
            moveInRow(to: target)
        } else if let row, targetRow > row,
            1 + (targetRow - row) + forwardLength(target) < absoluteLength(target, targetRow)
        {
            // To the start, then line by line: never from the last row, so nothing scrolls.
            bytes.append(0x0d)
            bytes.append(contentsOf: repeatElement(0x0a, count: targetRow - row))
            if target > 0 { sequence(target, "C") }
        } else if let row, target == column,
            Self.moveLength(by: abs(targetRow - row)) < absoluteLength(target, targetRow)
        {
            sequence(abs(targetRow - row), targetRow > row ? "B" : "A")
        } else {
            absolute(target, targetRow)
        }
        (column, row) = (target, targetRow)
    }

    private mutating func moveInRow(to target: Int) {
        guard target != column else { return }
        if target == 0 {
            bytes.append(0x0d)
            return
        }
        let absolute = 3 + Self.digits(target + 1)
        if let column, target < column, column - target < absolute {
            bytes.append(contentsOf: repeatElement(0x08, count: column - target))
        } else if let column, target > column, Self.moveLength(by: target - column) <= absolute {
            sequence(target - column, "C")
        } else {
            sequence(target + 1, "G")
        }
    }

    private mutating func absolute(_ column: Int, _ row: Int) {
        if column == 0 { sequence(row + 1, "H") } else { sequence(row + 1, column + 1, "H") }
    }

    private func absoluteLength(_ column: Int, _ row: Int) -> Int {
        let rowLength = row == 0 ? 0 : Self.digits(row + 1)
        return column == 0 ? 3 + rowLength : 4 + rowLength + Self.digits(column + 1)
    }

    private func forwardLength(_ count: Int) -> Int { count == 0 ? 0 : Self.moveLength(by: count) }

    // MARK: Pen

    /// Whether a cell can be drawn as the pen is.
    func suits(_ cell: PackedCell) -> Bool {
        if cell.isBlank { return suits(blank: cell.style) }
        return known(cell.style).map { $0 == pen } ?? false
    }

    /// Nobody sees what colour a blank is written in, unless it is underlined or reversed.
    private func suits(blank style: Style) -> Bool {
        if style.link != pen.link || style.marksOfBlank != pen.marksOfBlank { return false }
        guard let style = known(style), style.background == pen.background else { return false }
        return style.marksOfBlank.isEmpty || style.foreground == pen.foreground
    }

    private mutating func setPen(forBlank style: Style) {
        if suits(blank: style) { return }
        setPen(style.isPlainBlank ? .plain : style)
    }

    mutating func setPen(_ style: Style) {
        let wanted = reduce(style)
        if wanted.link != pen.link { setLink(wanted.link) }
        guard wanted != pen else { return }
        let start = bytes.count
        raw("\u{1b}[")
        var afresh = Codes(from: .plain, to: wanted)
        afresh.startsWithReset = wanted != .plain
        let change = Codes(from: pen, to: wanted)
        (change.length < afresh.length ? change : afresh).append(to: &bytes)
        bytes.append(0x6d)
        assert(bytes.count > start)
        pen = wanted
    }

    /// Ends an open link, so that nothing that others write belongs to it.
    mutating func endLink() {
        if pen.link != 0 { setLink(0) }
    }

    private mutating func setLink(_ link: UInt16) {
        // One id for all: the parts of an address that is broken over rows belong together.
        if link > 0, Int(link) <= links.count, let address = LinkAddress(links[Int(link) - 1]) {
            raw("\u{1b}]8;id=l;")
            bytes.append(contentsOf: address.bytes)
            raw("\u{1b}\\")
        } else {
            raw("\u{1b}]8;;\u{1b}\\")
        }
        pen.link = link
    }

    private mutating func reduce(_ style: Style) -> Style {
        if let known = known(style) { return known }
        if reduced.count >= Self.reducedMax { reduced.removeAll(keepingCapacity: true) }
        for color in [style.foreground, style.background] { reduced[color] = level.reduce(color) }
        return known(style) ?? style
    }

    /// The style in the terminal's colours, where no search is needed.
    private func known(_ style: Style) -> Style? {
        if level == .truecolor || style.foreground == .standard && style.background == .standard { return style }
        guard let foreground = known(style.foreground), let background = known(style.background) else { return nil }
        var style = style
        (style.foreground, style.background) = (foreground, background)
        return style
    }

    private func known(_ color: Color) -> Color? { color == .standard ? .standard : reduced[color] }

    // MARK: Numbers

    /// `CSI number final`; 1 is left out, every sequence used here means it by default.
    private mutating func sequence(_ number: Int, _ final: Unicode.Scalar) {
        raw("\u{1b}[")
        if number != 1 { bytes.append(number: number) }
        bytes.append(UInt8(truncatingIfNeeded: final.value))
    }

    private mutating func sequence(_ first: Int, _ second: Int, _ final: Unicode.Scalar) {
        raw("\u{1b}[")
        if first != 1 { bytes.append(number: first) }
        bytes.append(0x3b)
        bytes.append(number: second)
        bytes.append(UInt8(truncatingIfNeeded: final.value))
    }

    static func digits(_ number: Int) -> Int { number < 10 ? 1 : number < 100 ? 2 : number < 1000 ? 3 : 4 }
}

extension Style {
    /// What is seen of the attributes where no glyph is.
    var marksOfBlank: Attributes { attributes.intersection([.underline, .reverse, .strike]) }

    /// A blank of this style is what erasing leaves.
    var isPlainBlank: Bool { background == .standard && marksOfBlank.isEmpty && link == 0 }
}

extension [UInt8] {
    /// In decimal digits.
    mutating func append(number: Int) {
        if number >= 10 { append(number: number / 10) }
        append(0x30 + UInt8(number % 10))
    }
}

/// An address as it may stand in a sequence: no byte that could end it.
private struct LinkAddress {
    /// Longer ones are not linked; VTE's limit.
    static let bytesMax = 2083
    var bytes: [UInt8] = []

    init?(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x21..<0x7f: bytes.append(byte)
            case 0x80...:
                bytes.append(0x25)
                bytes.append(contentsOf: [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x37 + $0 })
            default: return nil
            }
        }
        guard (1...Self.bytesMax).contains(bytes.count) else { return nil }
    }
}
