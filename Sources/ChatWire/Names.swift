/// The name of a room: 1 to 64 of `a-z 0-9 . _ -`; upper case is folded.
public struct RoomName: Hashable, Sendable, CustomStringConvertible {
    public let value: String

    /// - Throws: ``WireError`` `invalid_room`, with a message for the peer.
    public init(_ text: some StringProtocol) throws(WireError) {
        try self.init(utf8: text.utf8)
    }

    /// The same from UTF-8 bytes, for the codecs of the hot path.
    public init(utf8 bytes: some Collection<UInt8>) throws(WireError) {
        let count = bytes.count
        guard count > 0, count <= Limits.roomNameBytesMax else { throw Self.invalid }
        var isValid = true
        let folded = String(unsafeUninitializedCapacity: count) { buffer in
            var index = 0
            for byte in bytes {
                guard let folded = Self.folded(byte) else {
                    isValid = false
                    break
                }
                buffer[index] = folded
                index += 1
            }
            return index
        }
        guard isValid else { throw Self.invalid }
        value = folded
    }

    /// The byte as a name holds it; nil where a name cannot.
    private static func folded(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        default: nil
        }
    }

    /// Every room of such a name is kept for two users alone: see ``ClientFrame/Direct``. No right of a token opens it.
    public var isDirect: Bool { value.hasPrefix(Self.directPrefix) }

    /// What names of direct rooms begin with; 32 hexadecimal digits follow.
    public static let directPrefix = "dm-"

    private static let invalid = WireError(
        .invalidRoom, "A room's name is 1 to 64 characters of a-z, 0-9, '.', '_' and '-'.")

    public var description: String { value }
}

/// A session's public id, shown to others: 16 characters of `0-9 a-z`, 80 random bits.
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
    public let value: String

    /// Takes an id that a node made; nil unless it is 1 to 32 of `0-9 a-z`.
    public init?(_ text: some StringProtocol) {
        guard (1...32).contains(text.utf8.count), text.utf8.allSatisfy(Identifier.isMember) else { return nil }
        value = String(text)
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> SessionID {
        SessionID(unchecked: Identifier.random(count: 16, using: &generator))
    }

    /// A new id of a guest's session. It begins with a letter that ``random(using:)`` never gives, so that every node
    /// that sees the session knows that its user's name was only claimed.
    public static func randomGuest(using generator: inout some RandomNumberGenerator) -> SessionID {
        SessionID(unchecked: "\(guestMark)\(Identifier.random(count: 15, using: &generator))")
    }

    /// The session is a guest's; ``randomGuest(using:)`` made the id.
    public var isGuest: Bool { value.first == Self.guestMark }

    /// For "unproved"; not in the alphabet of generated ids.
    private static let guestMark: Character = "u"

    private init(unchecked value: String) { self.value = value }
    public var description: String { value }
}

/// One run of one edge: the operator's node name and a suffix made anew at each start, `edge-a~4k0x9q2m`.
public struct NodeID: Hashable, Sendable, CustomStringConvertible {
    public let value: String

    /// Takes an id read back from the broker; nil unless it is `<name>~<suffix>` within 96 bytes of
    /// `A-Z a-z 0-9 . _ -`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "~", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 96, Self.isName(parts[0]), !parts[1].isEmpty,
            parts[1].utf8.allSatisfy(Identifier.isMember)
        else { return nil }
        value = String(text)
    }

    /// A new id for a process that starts under `name`; nil where ``isName(_:)`` does not hold.
    public static func new(name: String, using generator: inout some RandomNumberGenerator) -> NodeID? {
        NodeID("\(name)~\(Identifier.random(count: 8, using: &generator))")
    }

    /// The operator's name for the node, shown to people.
    public var name: String { String(value.prefix { $0 != "~" }) }

    /// Whether `text` may be a node's name: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    public static func isName(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                Identifier.isMember(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }

    public var description: String { value }
}

/// The alphabet of generated ids: digits and lower-case letters without i, l, o and u (Crockford's base 32).
enum Identifier {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    static func isMember(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// `count` characters of five random bits each.
    static func random(count: Int, using generator: inout some RandomNumberGenerator) -> String {
        String(decoding: (0..<count).map { _ in alphabet[Int(generator.next() & 31)] }, as: UTF8.self)
    }
}
