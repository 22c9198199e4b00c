import TerminalUI

/// A terminal as far as ``Renderer`` uses one: cells, cursor, pen, margins, links. What it does not know is a complaint.
struct TestTerminal {
    struct Glyph: Equatable {
        /// Nil: the right half of the cluster before.
        var cluster: Character?
        var style: Style
        var link: String?
    }

    let columns: Int
    let rows: Int
    private(set) var glyphs: [Glyph]
    private(set) var column = 0
    private(set) var row = 0
    private(set) var showsCursor = true
    private(set) var isInFrame = false
    private(set) var complaints: [String] = []
    /// Every scalar that was to be drawn.
    private(set) var drawn: [Unicode.Scalar] = []
    /// How this terminal sees it; others than ours disagree.
    var width: (Character) -> Int = { TextWidth.of($0) }

    private var pen = Style.plain
    private var link: String?
    private var margins: ClosedRange<Int>
    /// The row was written to its edge: where the cursor is depends on the terminal.
    private var isAtEdge = false

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        margins = 0...(rows - 1)
        // Not blank: what is never erased shows.
        glyphs = Array(repeating: Glyph(cluster: "?", style: .plain, link: nil), count: columns * rows)
    }

    subscript(column: Int, row: Int) -> Glyph { glyphs[row * columns + column] }

    mutating func write(_ bytes: [UInt8]) {
        let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
        var index = 0
        var text = String.UnicodeScalarView()
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar.value >= 0x20 {
                text.append(scalar)
                index += 1
                continue
            }
            print(&text)
            index += 1
            if scalar == "\u{1b}" { escape(scalars, &index) } else { control(scalar) }
        }
        print(&text)
        if isInFrame || link != nil || margins != 0...(rows - 1) { complaints.append("left in the middle") }
    }

    private mutating func print(_ text: inout String.UnicodeScalarView) {
        defer { text = String.UnicodeScalarView() }
        drawn += text
        for cluster in String(text) {
            if isAtEdge { complaints.append("drew behind the edge") }
            let width = width(cluster)
            if joinsToTheLeft(cluster, width) { continue }
            for place in column..<min(columns, column + width) {
                clearHalves(place)
                glyphs[row * columns + place] = Glyph(cluster: place == column ? cluster : nil, style: pen, link: link)
            }
            column += width
            if column >= columns { (column, isAtEdge) = (columns - 1, true) }
        }
    }

    /// In the last column the cursor stays on a cluster's first scalar, and the others join what is to its left, as in tmux.
    private mutating func joinsToTheLeft(_ cluster: Character, _ width: Int) -> Bool {
        let scalars = cluster.unicodeScalars
        guard column > 0, column == columns - 1, width == 1, scalars.count > 1, let first = scalars.first else {
            return false
        }
        clearHalves(column)
        let last = row * columns + column
        glyphs[last] = Glyph(cluster: Character(first), style: pen, link: link)
        let left = glyphs[last - 1].cluster == nil ? last - 2 : last - 1
        var joined = glyphs[left].cluster.map(String.init) ?? ""
        joined.unicodeScalars.append(contentsOf: scalars.dropFirst())
        glyphs[left].cluster = joined.first
        isAtEdge = true
        return true
    }

    private mutating func insert() {
        clearHalves(column)
        let start = row * columns
        glyphs[(start + column)..<(start + columns)] = [blank] + glyphs[(start + column)..<(start + columns - 1)]
    }

    private mutating func clearHalves(_ column: Int) {
        let index = row * columns + column
        if glyphs[index].cluster == nil, column > 0 { glyphs[index - 1].cluster = " " }
        if column + 1 < columns, glyphs[index + 1].cluster == nil { glyphs[index + 1].cluster = " " }
    }

    private mutating func control(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\r": place(0, row)
        case "\n": index()
        case "\u{8}": relative(-1, 0)
        default: complaints.append("control \(scalar.value)")
        }
    }

    private mutating func index() {
        if row == margins.upperBound { scroll(from: margins.lowerBound, by: 1) } else { row = min(rows - 1, row + 1) }
    }

    private mutating func place(_ column: Int, _ row: Int) {
        self.column = min(max(0, column), columns - 1)
        self.row = min(max(0, row), rows - 1)
        isAtEdge = false
    }

    private mutating func relative(_ columns: Int, _ rows: Int) {
        if isAtEdge { complaints.append("moved from the edge by a distance") }
        place(column + columns, row + rows)
    }

    /// Rows from `top` to the lower margin go up, or down where negative.
    private mutating func scroll(from top: Int, by count: Int) {
        let old = glyphs
        for target in top...margins.upperBound {
            let source = target + count
            for column in 0..<columns {
                glyphs[target * columns + column] =
                    (top...margins.upperBound).contains(source) ? old[source * columns + column] : blank
            }
        }
    }

    private var blank: Glyph { Glyph(cluster: " ", style: Style(.standard, on: pen.background), link: nil) }

    private mutating func erase(_ count: Int) {
        for place in column..<min(columns, column + count) {
            clearHalves(place)
            glyphs[row * columns + place] = blank
        }
    }

    // MARK: Sequences

    private mutating func escape(_ scalars: [Unicode.Scalar], _ index: inout Int) {
        let start = index
        index += 1
        switch scalars[start] {
        case "M":
            if row == margins.lowerBound { scroll(from: row, by: -1) } else { row -= 1 }
        case "[":
            while index < scalars.count, !("@"..."~").contains(scalars[index]) { index += 1 }
            guard index < scalars.count else { return complaints.append("cut sequence") }
            let body = String(String.UnicodeScalarView(scalars[(start + 1)..<index]))
            index += 1
            sequence(body, scalars[index - 1])
        case "]":
            while index + 1 < scalars.count, scalars[index] != "\u{1b}" { index += 1 }
            let body = String(String.UnicodeScalarView(scalars[(start + 1)..<index]))
            index += 2
            guard scalars[index - 1] == "\\", body.hasPrefix("8;"),
                let address = body.split(separator: ";", maxSplits: 2, omittingEmptySubsequences: false).last
            else { return complaints.append("OSC \(body)") }
            link = address.isEmpty ? nil : String(address)
        default: complaints.append("ESC \(scalars[start])")
        }
    }

    private mutating func sequence(_ body: String, _ final: Unicode.Scalar) {
        let numbers = body.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
        let first = (numbers.first ?? nil) ?? 1
        let second = (numbers.count > 1 ? numbers[1] : nil) ?? 1
        switch (final, body) {
        case ("h", "?2026"): isInFrame = true
        case ("l", "?2026"): isInFrame = false
        case ("h", "?25"): showsCursor = true
        case ("l", "?25"): showsCursor = false
        case ("J", "2"): glyphs = Array(repeating: blank, count: columns * rows)
        case ("K", ""): erase(columns)
        case ("X", _): erase(first)
        case ("@", ""): insert()
        case ("A", _): relative(0, -first)
        case ("B", _): relative(0, first)
        case ("C", _): relative(first, 0)
        case ("G", _): place(first - 1, row)
        case ("H", _): place(second - 1, first - 1)
        case ("r", ""):
            margins = 0...(rows - 1)
            place(0, 0)
        case ("r", _):
            margins = (first - 1)...(second - 1)
            place(0, 0)
        case ("M", _): scroll(from: row, by: first)
        case ("L", _): scroll(from: row, by: -first)
        case ("m", _): render(numbers.map { $0 ?? 0 })
        default: complaints.append("CSI \(body) \(final)")
        }
    }

    private mutating func render(_ codes: [Int]) {
        var codes = codes[...]
        if codes.isEmpty { pen = .plain }
        while let code = codes.popFirst() {
            switch code {
            case 0: pen = .plain
            case 1: pen.attributes.insert(.bold)
            case 2: pen.attributes.insert(.dim)
            case 3: pen.attributes.insert(.italic)
            case 4: pen.attributes.insert(.underline)
            case 7: pen.attributes.insert(.reverse)
            case 9: pen.attributes.insert(.strike)
            case 22: pen.attributes.subtract([.bold, .dim])
            case 23: pen.attributes.remove(.italic)
            case 24: pen.attributes.remove(.underline)
            case 27: pen.attributes.remove(.reverse)
            case 29: pen.attributes.remove(.strike)
            case 30..<38: pen.foreground = .indexed(UInt8(code - 30))
            case 38: pen.foreground = color(&codes)
            case 39: pen.foreground = .standard
            case 40..<48: pen.background = .indexed(UInt8(code - 40))
            case 48: pen.background = color(&codes)
            case 49: pen.background = .standard
            case 90..<98: pen.foreground = .indexed(UInt8(code - 82))
            case 100..<108: pen.background = .indexed(UInt8(code - 92))
            default: complaints.append("SGR \(code)")
            }
        }
    }

    private mutating func color(_ codes: inout ArraySlice<Int>) -> Color {
        switch codes.popFirst() {
        case 5: return .indexed(UInt8(codes.popFirst() ?? 0))
        case 2: return .rgb(byte(&codes), byte(&codes), byte(&codes))
        default:
            complaints.append("colour")
            return .standard
        }
    }

    private func byte(_ codes: inout ArraySlice<Int>) -> UInt8 { UInt8(codes.popFirst() ?? 0) }
}
