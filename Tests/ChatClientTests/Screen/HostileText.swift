import ChatWire

/// Text that means harm: escape sequences, bidirectional overrides, invisible characters, and piles of marks, mixed with
/// text that does not.
enum HostileText {
    /// Ends of what a terminal would obey or a reader would not see.
    private static let pieces: [String] = [
        "\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}]52;c;Zm9v\u{1b}\\", "\u{1b}[?1049l", "\u{1b}P+q544e\u{1b}\\",
        "\u{1b}c",
        "\u{9b}31m", "\u{9d}8;;http://evil\u{9c}", "\u{90}q", "\r", "\r\n", "\n", "\t", "\u{8}\u{8}\u{8}", "\u{7f}",
        "\0",
        "\u{202e}", "\u{202d}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}", "\u{200e}", "\u{200f}", "\u{061c}",
        "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}", "\u{00ad}", "\u{180e}", "\u{3164}", "\u{115f}",
        "\u{ffa0}", "\u{2800}", "\u{034f}", "\u{17b4}", "\u{2028}", "\u{2029}", "\u{85}", "\u{fe0f}", "\u{fe0e}",
        "\u{e0100}",
        "\u{e0001}", "\u{e0041}\u{e0042}", "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}", "\u{e000}", "\u{10ffff}", "\u{fffe}",
        "\u{0301}", "\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}\u{0489}", "\u{20e3}",
        "\u{0600}", "\u{06dd}", "\u{110bd}", "\u{1f1e6}", "\u{1f1fa}\u{1f1f8}", "\u{1100}\u{1161}\u{11a8}", "\u{1161}",
        "👩\u{200d}👩\u{200d}👧", "👍🏽", "1\u{fe0f}\u{20e3}", "✈\u{fe0f}", "\u{0d4e}", "\u{1d173}",
        "\u{fff9}a\u{fffa}b\u{fffb}",
        "https://example.org/\u{202e}gpj.exe", "http://a\u{1b}[0m", "`\u{1b}[1m`", "`a`\u{301}", "@ada\u{301}", "@ada",
        "/me ", " ", "word", "了解", "é", "e\u{301}", "क्षि", "ﷺ", "𒐫", "\u{0e33}", "￼", "\u{fffd}",
    ]

    /// A text of at most `pieces` pieces, single scalars of all of Unicode among them.
    static func text(pieces count: Int, using generator: inout some RandomNumberGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...max(1, count), using: &generator) {
            if Int.random(in: 0..<4, using: &generator) == 0 {
                text.unicodeScalars.append(scalar(using: &generator))
            } else {
                text.unicodeScalars.append(
                    contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &generator)].unicodeScalars)
            }
        }
        return text
    }

    /// Controls and the planes that hold format characters come more often than others.
    private static func scalar(using generator: inout some RandomNumberGenerator) -> Unicode.Scalar {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x9f, 0xa0...0x2fff, 0x2000...0x206f, 0xfe00...0xffff, 0xe0000...0xe01ef, 0x10000...0x10ffff,
        ]
        let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
        return Unicode.Scalar(UInt32.random(in: range, using: &generator)) ?? "\u{202e}"
    }

    /// Whether a cell of the screen may hold this cluster: nothing that a terminal obeys, that turns the direction of the
    /// text, or that nobody sees.
    static func isHarmless(_ cluster: Character) -> Bool {
        var hasEmoji = false
        var marks = 0
        for (index, scalar) in cluster.unicodeScalars.enumerated() {
            switch scalar {
            // Joiners, selectors and tags belong to emoji.
            case "\u{200d}", "\u{fe0e}", "\u{fe0f}", "\u{e0030}"..."\u{e0039}", "\u{e0061}"..."\u{e007a}", "\u{e007f}":
                guard hasEmoji else { return false }
                continue
            default: break
            }
            hasEmoji = hasEmoji || scalar.properties.isEmoji
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: return false
            // Arabic signs that span digits are format characters, but seen.
            case .format where !("\u{600}"..."\u{605}").contains(scalar) && scalar != "\u{6dd}": return false
            case .nonspacingMark, .enclosingMark:
                marks += 1
                guard index > 0, marks <= VisibleText.marksMax else { return false }
            default: marks = 0
            }
            guard !scalar.properties.isDefaultIgnorableCodePoint else { return false }
        }
        return !cluster.unicodeScalars.isEmpty
    }
}
