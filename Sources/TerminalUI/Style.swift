/// A colour as a theme names it; ``ColorLevel`` says what of it reaches the terminal.
public enum Color: Sendable, Hashable {
    /// The terminal's own.
    case standard
    /// One of the 256 colours of xterm; the first 16 are the user's palette.
    case indexed(UInt8)
    case rgb(UInt8, UInt8, UInt8)
}

/// How cells look.
public struct Style: Sendable, Hashable {
    public struct Attributes: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let bold = Attributes(rawValue: 1)
        public static let dim = Attributes(rawValue: 2)
        public static let italic = Attributes(rawValue: 4)
        public static let underline = Attributes(rawValue: 8)
        public static let reverse = Attributes(rawValue: 16)
        public static let strike = Attributes(rawValue: 32)
    }

    public var foreground: Color
    public var background: Color
    public var attributes: Attributes
    /// The address that the cell links to (OSC 8), as an index into ``Screen/links`` plus 1; 0 links to nothing.
    public var link: UInt16 = 0

    public init(_ foreground: Color = .standard, on background: Color = .standard, _ attributes: Attributes = []) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    public static let plain = Style()

    public func with(_ attributes: Attributes) -> Style {
        var style = self
        style.attributes.formUnion(attributes)
        return style
    }
}

/// A run of text in one style.
public struct Span: Sendable, Hashable {
    public var text: String
    public var style: Style

    public init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}
