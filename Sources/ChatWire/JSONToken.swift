/// One JSON value as ``JSONScanner`` saw it: where its text lies, and what reading it showed.
///
/// A token is offsets only; it is meaningless without the bytes that were scanned. Offsets are 32 bits because a
/// `ByteBuffer` is no longer than that, and because a frame's tokens are then quick to clear.
struct JSONToken {
    enum Kind: UInt8 {
        /// No such member.
        case absent
        case null
        case `true`
        case `false`
        case number
        case string
        case object
        case array
    }

    /// What a string holds besides printable text, whether written as it is or as an escape.
    struct Traits: OptionSet {
        let rawValue: UInt8
        /// At least one backslash escape: the text is not the value.
        static let escapes = Traits(rawValue: 1)
        /// A newline or a tab.
        static let layout = Traits(rawValue: 2)
        /// A control (C0, DEL, C1) other than newline and tab.
        static let controls = Traits(rawValue: 4)
        /// A `\u` escape of one half of a surrogate pair: valid JSON that stands for no character.
        static let loneSurrogate = Traits(rawValue: 8)
    }

    private(set) var kind: Kind
    private(set) var traits: Traits = []
    private var start: UInt32
    private var end: UInt32
    /// Bytes of a string's value as UTF-8, escapes resolved.
    private var value: UInt32 = 0

    static let absent = JSONToken(.absent, from: 0, to: 0)

    init(_ kind: Kind, from start: Int, to end: Int) {
        self.kind = kind
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    init(stringFrom start: Int, to end: Int, valueBytes: Int, traits: Traits) {
        self.init(.string, from: start, to: end)
        self.value = UInt32(truncatingIfNeeded: valueBytes)
        self.traits = traits
    }

    /// The value's text, a string's quotes included.
    var text: Range<Int> { Int(start)..<Int(end) }
    /// What stands between a string's quotes.
    var contents: Range<Int> { Int(start) + 1..<Int(end) - 1 }
    var valueBytes: Int { Int(value) }
    /// Nothing was said: the member is not there, or is null.
    var isMissing: Bool { kind == .absent || kind == .null }
}
