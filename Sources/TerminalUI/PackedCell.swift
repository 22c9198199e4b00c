/// A ``Cell`` as screens keep it: sixteen bytes that are copied and compared as numbers, since each picture has thousands.
struct PackedCell: Equatable {
    /// What is drawn: the value of one scalar, the number of a cluster of several, or the right half of what is to the left.
    struct Glyph: Equatable {
        let rawValue: UInt32

        static let space = Glyph(rawValue: 0x20)
        /// Scalars have 21 bits; it is none of them.
        static let rightHalf = Glyph(rawValue: 0x4000_0000)
        private static let clusterMark: UInt32 = 0x8000_0000

        fileprivate init(rawValue: UInt32) { self.rawValue = rawValue }
        init(_ byte: UInt8) { rawValue = UInt32(byte) }
        init(_ scalar: Unicode.Scalar) { rawValue = scalar.value }
        init(cluster number: UInt32) { rawValue = number | Self.clusterMark }

        /// Of a cluster of several scalars.
        var number: Int? { rawValue & Self.clusterMark == 0 ? nil : Int(rawValue & ~Self.clusterMark) }
        var scalar: Unicode.Scalar? { number == nil && self != .rightHalf ? Unicode.Scalar(rawValue) : nil }
        var isASCII: Bool { rawValue < 0x80 }
        /// See ``Character/isDoubtful``.
        var isDoubtful: Bool { rawValue >= 0x80 && self != .rightHalf && (scalar?.isDoubtful ?? true) }
    }

    /// The glyph in the lower half; above it the attributes, then the link.
    private var front: UInt64
    /// The foreground in the lower half, the background in the upper.
    private var colors: UInt64

    static let blank = PackedCell(.space, .plain)

    init(_ glyph: Glyph, _ style: Style) {
        front = UInt64(glyph.rawValue) | UInt64(style.attributes.rawValue) << 32 | UInt64(style.link) << 40
        colors = UInt64(style.foreground.key) | UInt64(style.background.key) << 32
    }

    var glyph: Glyph {
        get { Glyph(rawValue: UInt32(truncatingIfNeeded: front)) }
        set { front = front & ~0xffff_ffff | UInt64(newValue.rawValue) }
    }

    var link: UInt16 {
        get { UInt16(truncatingIfNeeded: front >> 40) }
        set { front = front & 0xff_ffff_ffff | UInt64(newValue) << 40 }
    }

    var style: Style {
        var style = Style(
            Color(key: UInt32(truncatingIfNeeded: colors)), on: Color(key: UInt32(truncatingIfNeeded: colors >> 32)),
            Style.Attributes(rawValue: UInt8(truncatingIfNeeded: front >> 32)))
        style.link = link
        return style
    }

    var isBlank: Bool { glyph == .space }
    var isPlainBlank: Bool { self == .blank || isBlank && style.isPlainBlank }

    /// Whether both look the same: blanks do in any colour that does not show.
    func looksLike(_ other: PackedCell) -> Bool {
        if self == other { return true }
        guard isBlank, other.isBlank else { return false }
        let (style, other) = (style, other.style)
        guard style.background == other.background, style.link == other.link,
            style.marksOfBlank == other.marksOfBlank
        else { return false }
        return style.marksOfBlank.isEmpty || style.foreground == other.foreground
    }

    /// A number that cells that look the same share, and others mostly do not.
    var key: UInt32 {
        let mixed = front & 0xff_ffff_ffff ^ colors &* 0x9e37_79b1_85eb_ca77
        return UInt32(truncatingIfNeeded: mixed ^ mixed >> 32)
    }
}

/// The clusters of several scalars that the cells of one screen hold.
struct ClusterTable: Equatable {
    private(set) var clusters: [Character] = []
    private var numbers: [Character: UInt32] = [:]

    static func == (one: Self, other: Self) -> Bool { one.clusters == other.clusters }

    mutating func glyph(of cluster: Character) -> PackedCell.Glyph {
        let scalars = cluster.unicodeScalars
        if let first = scalars.first, scalars.index(after: scalars.startIndex) == scalars.endIndex {
            return PackedCell.Glyph(first)
        }
        if let number = numbers[cluster] { return PackedCell.Glyph(cluster: number) }
        let number = UInt32(clusters.count)
        clusters.append(cluster)
        numbers[cluster] = number
        return PackedCell.Glyph(cluster: number)
    }

    /// Nil: the right half of what is to the left, or a number of another table.
    subscript(_ glyph: PackedCell.Glyph) -> Character? {
        if let scalar = glyph.scalar { return Character(scalar) }
        return glyph.number.flatMap { clusters.indices.contains($0) ? clusters[$0] : nil }
    }

    /// For each number of `other` the glyph here; one that no cell here has where the cluster is missing.
    func glyphs(of other: ClusterTable) -> [PackedCell.Glyph] {
        other.clusters.map { PackedCell.Glyph(cluster: numbers[$0] ?? UInt32(clusters.count)) }
    }
}

extension Color {
    /// In 26 bits.
    fileprivate var key: UInt32 {
        switch self {
        case .standard: 0
        case .indexed(let index): 0x100_0000 | UInt32(index)
        case .rgb(let red, let green, let blue): 0x200_0000 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
        }
    }

    fileprivate init(key: UInt32) {
        switch key >> 24 {
        case 0: self = .standard
        case 1: self = .indexed(UInt8(truncatingIfNeeded: key))
        default:
            self = .rgb(
                UInt8(truncatingIfNeeded: key >> 16), UInt8(truncatingIfNeeded: key >> 8),
                UInt8(truncatingIfNeeded: key))
        }
    }
}
