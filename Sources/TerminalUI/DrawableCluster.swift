extension Character {
    /// The longest cluster that is drawn; emoji sequences have up to ten scalars.
    private static let scalarsMax = 24

    /// Whether the cluster may be sent to the terminal, see ``drawnWidth``.
    var isDrawable: Bool { drawnWidth > 0 }

    /// The columns that the cluster takes on the terminal, 1 or 2; 0 where it may not be sent there. This is the one rule,
    /// for layouts and for the bytes: the belt under `VisibleText`, for what a caller forgot to filter.
    /// Not allowed are controls, what has no picture of its own (directions, fillers, joiners outside of emoji), private
    /// and unassigned scalars, and piles of marks.
    var drawnWidth: Int {
        if let ascii = asciiValue { return (0x20..<0x7f).contains(ascii) ? 1 : 0 }
        return hasPicture ? TextWidth.of(self) : 0
    }

    private var hasPicture: Bool {
        let scalars = unicodeScalars
        guard let first = scalars.first, !first.joinsWhatIsBefore else { return false }
        if scalars.index(after: scalars.startIndex) == scalars.endIndex { return first.isVisible }
        let isEmoji = first.properties.isEmoji
        var count = 0
        for scalar in scalars {
            count += 1
            guard count <= Self.scalarsMax, scalar.isVisible || isEmoji && scalar.belongsToEmoji(of: first) else {
                return false
            }
        }
        return true
    }

    /// Whether terminals are known to disagree about its width: clusters of several scalars, the newest emoji, which
    /// older ones draw in one column, and what the next cell could become one cluster with.
    var isDoubtful: Bool {
        if utf8.count == 1 { return false }
        let scalars = unicodeScalars
        guard let first = scalars.first else { return false }
        return first.isDoubtful || scalars.index(after: scalars.startIndex) != scalars.endIndex
    }
}

extension Unicode.Scalar {
    /// See ``Character/isDoubtful``.
    var isDoubtful: Bool {
        switch value {
        // Initial consonants of Hangul, signs over Arabic numbers, letters of flags; emoji since Unicode 12.
        case 0x1100..<0x1160, 0x600...0x605, 0x6dd, 0x1f1e6..<0x1f200, 0x1fa70..<0x1fb00: true
        default: false
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        switch value {
        case 0x20..<0x7f, 0xa1..<0xad, 0xae..<0x300, 0x2500..<0x2600, 0x3041..<0x3097, 0x4e00..<0xa000, 0xac00..<0xd7a4:
            return true
        default: break
        }
        return switch properties.generalCategory {
        case .control, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        // Arabic signs that span the digits behind them are formats, and seen.
        case .format: (0x600...0x605).contains(value) || value == 0x6dd
        default: !properties.isDefaultIgnorableCodePoint
        }
    }

    /// Marks and skin tones change the cell to the left where nothing in their own cell is before them.
    fileprivate var joinsWhatIsBefore: Bool {
        if value < 0x300 { return false }
        if properties.isEmojiModifier { return true }
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The invisible scalars that hold an emoji together.
    fileprivate func belongsToEmoji(of first: Unicode.Scalar) -> Bool {
        switch value {
        case 0xfe0e, 0xfe0f: true
        case 0x200d: !first.isASCII
        // The tags of a region's flag.
        case 0xe0020...0xe007f: first.value == 0x1f3f4
        default: false
        }
    }
}
