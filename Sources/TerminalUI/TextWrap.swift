/// Breaks styled text into rows, and cuts what must stay on one.
///
/// Text breaks behind spaces and between double-width clusters, so that Chinese and Japanese fill their rows; a word
/// that no row has room for breaks between any two clusters. No row begins or ends with the spaces it broke at, or ends
/// with any. Newlines end a row, tabs become spaces; controls, clusters that take no column and double-width clusters in
/// rows of one column are drawn as U+FFFD. It looks at each cluster once or twice, and at none of an ASCII line that
/// fits.
public enum TextWrap {
    /// - Parameters:
    ///   - columns: of a row; below 1 counts as 1.
    ///   - firstColumns: of the first row, where something stands before it or it begins further in. A word that fits
    ///     into `columns` but not here leaves the first row empty rather than being broken.
    /// - Returns: at least one row; an empty line is a row without spans.
    public static func wrap(_ spans: [Span], columns: Int, firstColumns: Int? = nil) -> [[Span]] {
        let columns = max(1, columns)
        let first = min(columns, max(1, firstColumns ?? columns))
        if fitsAsItIs(spans, columns: first) { return [spans.filter { !$0.text.isEmpty }] }
        var wrapper = Wrapper(spans, columns: columns, firstColumns: first)
        return wrapper.wrap()
    }

    /// One row of at most `columns`, ending in `…` where something is cut off. Newlines and tabs become spaces.
    public static func truncate(_ spans: [Span], columns: Int) -> [Span] {
        guard columns > 0 else { return [] }
        if fitsAsItIs(spans, columns: columns) { return spans }
        let line = spans.map { Span(oneLine($0.text, columns: columns), $0.style) }
        guard line.reduce(0, { $0 + TextWidth.of($1.text) }) > columns else { return line }
        var left = columns - 1
        var result: [Span] = []
        for span in line {
            let kept = TextWidth.prefix(span.text, columns: left)
            left -= TextWidth.of(kept)
            if kept.endIndex == span.text.endIndex {
                result.append(span)
            } else {
                result.append(Span(kept + "…", span.style))
                break
            }
        }
        return result
    }

    /// As ``truncate(_:columns:)-([Span],_)``, in no style.
    public static func truncate(_ text: String, columns: Int) -> String {
        truncate([Span(text)], columns: columns).map(\.text).joined()
    }

    private static func oneLine(_ text: String, columns: Int) -> String {
        if text.utf8.isPrintableASCII { return text }
        return String(text.map { $0.isNewline || $0 == "\t" ? " " : DrawnCluster($0, columns: columns).cluster })
    }

    /// The most frequent case: a short line of ASCII.
    private static func fitsAsItIs(_ spans: [Span], columns: Int) -> Bool {
        var bytes = 0
        for span in spans {
            bytes += span.text.utf8.count
            guard bytes <= columns, span.text.utf8.isPrintableASCII else { return false }
        }
        return spans.last(where: { !$0.text.isEmpty })?.text.utf8.last != 0x20
    }
}

/// One walk over the clusters of some spans, row by row.
private struct Wrapper {
    /// A cluster: its place in the text of its span, and what it is to wrapping.
    struct Item {
        enum Kind { case narrow, wide, space, tab, newline }

        let span: Int32
        let start: Int32
        let bytes: Int32
        let kind: Kind
        /// Of a tab: known once its place is.
        var width: UInt8

        var isSpace: Bool { kind == .space || kind == .tab }
    }

    /// Where the row may end, and where the next one would begin then.
    struct Break {
        let end: Int
        let next: Int
    }

    private var spans: [Span]
    private var items: [Item] = []
    private let columns: Int

    private var rows: [[Span]] = []
    /// The columns of this row.
    private var limit: Int
    /// The row's first item.
    private var start = 0
    private var width = 0
    private var lastBreak: Break?

    init(_ spans: [Span], columns: Int, firstColumns: Int) {
        self.spans = spans
        self.columns = columns
        limit = firstColumns
        items.reserveCapacity(spans.reduce(0) { $0 + $1.text.utf8.count })
        for index in spans.indices { addItems(of: index) }
    }

    mutating func wrap() -> [[Span]] {
        var index = 0
        while index < items.count {
            switch items[index].kind {
            case .newline:
                endRow(at: index, next: index + 1)
                index += 1
            case .space, .tab:
                addSpace(index)
                index += 1
            case .narrow, .wide:
                if items[index].kind == .wide, index > start, items[index - 1].kind == .wide {
                    lastBreak = Break(end: index, next: index)
                }
                if width + Int(items[index].width) <= limit {
                    width += Int(items[index].width)
                    index += 1
                } else {
                    makeRoom(for: index)
                }
            }
        }
        endRow(at: items.count, next: items.count)
        return rows
    }

    /// Spaces take what room there is; behind the last column they vanish.
    private mutating func addSpace(_ index: Int) {
        if items[index].kind == .tab {
            items[index].width = UInt8(DrawnCluster.tabWidth(at: width, columns: limit))
        }
        width = min(limit, width + Int(items[index].width))
        let goesOn = index > start && items[index - 1].isSpace
        lastBreak = Break(end: goesOn ? lastBreak?.end ?? index : index, next: index + 1)
    }

    /// Ends the row before the item, or finds that spaces at its beginning must go. Each call moves ``start`` or widens
    /// the row from the first one's columns, so that the item fits in the end.
    private mutating func makeRoom(for index: Int) {
        if let point = lastBreak {
            if point.end > start {
                endRow(at: point.end, next: point.next)
            } else {
                start = point.next
                lastBreak = nil
            }
            width = items[start..<index].reduce(0) { $0 + Int($1.width) }
        } else if limit < columns, index == start || wordFitsRow(from: start) {
            rows.append([])
            limit = columns
        } else {
            endRow(at: index, next: index)
        }
    }

    private func wordFitsRow(from start: Int) -> Bool {
        var width = 0
        for index in start..<items.count {
            let item = items[index]
            if item.isSpace || item.kind == .newline { return true }
            if item.kind == .wide, index > start, items[index - 1].kind == .wide { return true }
            width += Int(item.width)
            if width > columns { return false }
        }
        return true
    }

    private mutating func endRow(at end: Int, next: Int) {
        var end = end
        while end > start, items[end - 1].isSpace { end -= 1 }
        rows.append(row(start..<max(start, end)))
        (start, width, limit, lastBreak) = (next, 0, columns, nil)
    }

    // MARK: Spans to items and back

    private mutating func addItems(of index: Int) {
        let text = spans[index].text
        if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x09 || $0 == 0x0a }) {
            var start: Int32 = 0
            for byte in text.utf8 {
                let kind: Item.Kind = byte > 0x20 ? .narrow : byte == 0x20 ? .space : byte == 0x09 ? .tab : .newline
                items.append(Item(span: Int32(index), start: start, bytes: 1, kind: kind, width: byte < 0x20 ? 0 : 1))
                start += 1
            }
        } else {
            addClusters(of: text, index)
        }
    }

    private mutating func addClusters(of text: String, _ index: Int) {
        var drawn = ""
        drawn.reserveCapacity(text.utf8.count)
        var start: Int32 = 0
        for cluster in text {
            let item: (cluster: Character, kind: Item.Kind, width: Int)
            if cluster.isNewline {
                item = ("\n", .newline, 0)
            } else if cluster == "\t" {
                item = ("\t", .tab, 0)
            } else {
                let place = DrawnCluster(cluster, columns: columns)
                // The ideographic space separates as well as the other one; a no-break space is none.
                let isSpace = cluster == " " || cluster == "\u{3000}"
                item = (place.cluster, isSpace ? .space : place.width == 2 ? .wide : .narrow, place.width)
            }
            drawn.append(item.cluster)
            let bytes = Int32(item.cluster.utf8.count)
            items.append(
                Item(span: Int32(index), start: start, bytes: bytes, kind: item.kind, width: UInt8(item.width)))
            start += bytes
        }
        spans[index].text = drawn
    }

    private func row(_ range: Range<Int>) -> [Span] {
        var result: [Span] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let span = items[index].span
            var text = ""
            while index < range.upperBound, items[index].span == span {
                if items[index].kind == .tab {
                    text += String(repeating: " ", count: Int(items[index].width))
                    index += 1
                } else {
                    text += plainText(from: &index, to: range.upperBound)
                }
            }
            if !text.isEmpty { result.append(Span(text, spans[Int(span)].style)) }
        }
        return result
    }

    /// The text up to the next tab or span.
    private func plainText(from index: inout Int, to end: Int) -> Substring {
        let first = items[index]
        while index < end, items[index].span == first.span, items[index].kind != .tab { index += 1 }
        let last = items[index - 1]
        let text = spans[Int(first.span)].text
        let from = text.utf8.index(text.startIndex, offsetBy: Int(first.start))
        return text[from..<text.utf8.index(text.startIndex, offsetBy: Int(last.start + last.bytes))]
    }
}
