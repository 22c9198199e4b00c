/// How many colours the terminal has, and what becomes of a theme's colours there. Attributes (bold, reverse) are sent at
/// every level.
public enum ColorLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
    case none, sixteen, palette, truecolor

    public static func < (left: ColorLevel, right: ColorLevel) -> Bool { left.rawValue < right.rawValue }

    /// What the environment says: `NO_COLOR` (https://no-color.org) with any text, then `COLORTERM`, then `TERM`.
    public init(environment: [String: String]) {
        let term = environment["TERM"] ?? ""
        if environment["NO_COLOR"].map({ !$0.isEmpty }) ?? false || Self.monochrome.contains(term) {
            self = .none
        } else if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "")
            || term.hasSuffix("-direct") || Self.truecolorTerms.contains(where: { term.hasPrefix($0) })
        {
            self = .truecolor
        } else if term.contains("256") {
            self = .palette
        } else {
            self = .sixteen
        }
    }

    private static let monochrome: Set<String> = ["", "dumb", "unknown", "vt52", "vt100", "vt102", "vt220", "vt320"]
    /// Terminals with an entry of their own that have never had fewer.
    private static let truecolorTerms = ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour"]

    /// The nearest colour that the terminal has.
    public func reduce(_ color: Color) -> Color {
        switch (self, color) {
        case (.none, _), (_, .standard): .standard
        case (.truecolor, _): color
        case (.palette, .rgb(let red, let green, let blue)):
            .indexed(Palette.nearest(red, green, blue, among: 16...255))
        case (.palette, .indexed): color
        case (.sixteen, .indexed(let index)) where index < 16: color
        case (.sixteen, .indexed(let index)):
            reduce(Palette.color(index))
        case (.sixteen, .rgb(let red, let green, let blue)): .indexed(Palette.nearest(red, green, blue, among: 0...15))
        }
    }
}

/// The 256 colours of xterm. The first 16 are the user's to change; their usual values stand for them.
enum Palette {
    private static let first: [(UInt8, UInt8, UInt8)] = [
        (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
        (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
        (255, 255, 255),
    ]
    private static let steps: [UInt8] = [0, 95, 135, 175, 215, 255]

    static func components(_ index: UInt8) -> (UInt8, UInt8, UInt8) {
        switch index {
        case 0..<16: return first[Int(index)]
        case 16..<232:
            let place = Int(index) - 16
            return (steps[place / 36], steps[place / 6 % 6], steps[place % 6])
        case 232...:
            let gray = 8 + 10 * (index - 232)
            return (gray, gray, gray)
        default: return (0, 0, 0)
        }
    }

    static func color(_ index: UInt8) -> Color {
        let (red, green, blue) = components(index)
        return .rgb(red, green, blue)
    }

    static func nearest(_ red: UInt8, _ green: UInt8, _ blue: UInt8, among indexes: ClosedRange<UInt8>) -> UInt8 {
        var best = indexes.lowerBound
        var least = Int.max
        for index in indexes {
            let distance = distance((red, green, blue), components(index))
            if distance < least { (best, least) = (index, distance) }
        }
        return best
    }

    /// As the eye sees it, roughly: "redmean" (https://www.compuphase.com/cmetric.htm), without the root.
    private static func distance(_ one: (UInt8, UInt8, UInt8), _ other: (UInt8, UInt8, UInt8)) -> Int {
        let mean = (Int(one.0) + Int(other.0)) / 2
        let red = Int(one.0) - Int(other.0)
        let green = Int(one.1) - Int(other.1)
        let blue = Int(one.2) - Int(other.2)
        return (512 + mean) * red * red / 256 + 4 * green * green + (767 - mean) * blue * blue / 256
    }
}
