public import NIOCore

/// One publication of a room, as it is stored and delivered.
///
/// An entry is never decoded on its way: ``tail`` holds the JSON members that follow the envelope, validated
/// once by the edge that accepted it, and every frame is the envelope with that tail spliced behind it.
public struct Entry: Sendable, Hashable {
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// What a person wrote: the tail is `"user":…,"session":…,"key":…,"body":…}`.
        case message
        /// A file's line: the tail is `"user":…,"key":…,"file":{…}}`.
        case file
        /// What a client cannot read: an entry of a type that this version does not know, or without one of its
        /// members. The tail is the whole object as it came. It has its place in the room's order like any other;
        /// no server makes one.
        case unreadable

        /// The kinds that the protocol names.
        public static var allCases: [Kind] { [.message, .file] }

        /// The frame's `type`.
        public var frameType: String {
            switch self {
            case .message: "message"
            case .file: "file"
            case .unreadable: "unreadable"
            }
        }
    }

    public var kind: Kind
    public var id: Position
    /// The entry before it in the same room; ``Position/zero`` for the first.
    public var previous: Position
    /// JSON text: the object's members after `ts`, the closing brace included; see ``Kind/unreadable``.
    public var tail: ByteBuffer

    public init(kind: Kind, id: Position, previous: Position, tail: ByteBuffer) {
        self.kind = kind
        self.id = id
        self.previous = previous
        self.tail = tail
    }
}
