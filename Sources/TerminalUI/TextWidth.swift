/// How many columns text takes. Terminals disagree about clusters of several scalars; where they do, the larger number
/// is taken, because a blank too many does less harm than a cell drawn over. ``Renderer`` does not depend on it: it sends
/// an absolute move behind each such cluster.
public enum TextWidth {
    /// The columns of one cluster: 0 (only what takes no place: nothing can be drawn), 1 or 2. A control counts as 1,
    /// the U+FFFD that is drawn in its place.
    public static func of(_ cluster: Character) -> Int {
        let utf8 = cluster.utf8
        if utf8.count == 1 { return 1 }
        var width = 0
        for scalar in cluster.unicodeScalars {
            // An emoji that is text by default and asks to be a picture: ❤️, 1️⃣.
            if scalar == "\u{fe0f}", width == 1, let base = cluster.unicodeScalars.first, base.properties.isEmoji {
                return 2
            }
            width += of(scalar)
            // Also flags (two letters of two columns), joined emoji and skin tones: the first scalar has two columns,
            // or the second makes them up.
            if width >= 2 { return isLineEnd(cluster) ? 1 : 2 }
        }
        return width
    }

    public static func of(_ text: some StringProtocol) -> Int { of(String(text)) }

    public static func of(_ text: String) -> Int {
        // CR LF is one cluster; other ASCII is one each.
        if text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x0d }) { return text.utf8.count }
        if text.unicodeScalars.allSatisfy(isSeparate) { return text.unicodeScalars.reduce(0) { $0 + of($1) } }
        return text.reduce(0) { $0 + of($1) }
    }

    /// Whether a scalar is a cluster of its own between others of which this is true, which need no segmentation then:
    /// Latin and its neighbours up to the combining marks, dashes, quotes and bullets, and the blocks from Letterlike
    /// Symbols to Miscellaneous Symbols and Arrows. None of them is a mark, a joiner, a letter of a flag or a skin tone;
    /// controls are left out, and the soft hyphen (U+00AD) joins neither side.
    static func isSeparate(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7f, 0xa0..<0x300, 0x2010..<0x2028, 0x2100..<0x2c00: true
        default: false
        }
    }

    /// The longest beginning of `text` that takes at most `columns`.
    public static func prefix<Text: StringProtocol>(_ text: Text, columns: Int) -> Text.SubSequence {
        var width = 0
        var index = text.startIndex
        while index < text.endIndex {
            width += of(text[index])
            guard width <= columns else { break }
            text.formIndex(after: &index)
        }
        return text[..<index]
    }

    /// The columns of one scalar on its own.
    static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        // Latin, and what the frames and bars of a screen are drawn with.
        case 0..<0x300, 0x2500..<0x25fd: 1
        // Kana, Han, Hangul.
        case 0x3041..<0x3097, 0x30a0..<0x3100, 0x4e00..<0xa000, 0xac00..<0xd7a4: 2
        case let value where WidthTable.zero.holds(value): 0
        case let value where WidthTable.wide.holds(value): 2
        default: 1
        }
    }

    private static func isLineEnd(_ cluster: Character) -> Bool { cluster == "\r\n" }
}

extension [UInt32] {
    /// Whether one of the ranges, first and last of each in order, has the value in it.
    fileprivate func holds(_ value: UInt32) -> Bool {
        withUnsafeBufferPointer { bounds in
            // The first range that ends at the value or behind it.
            var low = 0
            var high = bounds.count / 2
            while low < high {
                let middle = (low + high) / 2
                if bounds[2 * middle + 1] < value { low = middle + 1 } else { high = middle }
            }
            return 2 * low < bounds.count && bounds[2 * low] <= value
        }
    }
}

extension Sequence<UInt8> {
    /// ASCII without controls: a column for each byte, and each a cluster that joins no other of them.
    var isPrintableASCII: Bool { allSatisfy { (0x20..<0x7f).contains($0) } }
}
