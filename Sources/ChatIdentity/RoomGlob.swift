public import ChatWire

/// A pattern of room names: `*` stands for any run of characters, also none; `?` for exactly one.
public struct RoomGlob: Sendable, Hashable, CustomStringConvertible {
    /// Bytes of a pattern: a room's name with a `*` between any two characters.
    public static let bytesMax = 2 * Limits.roomNameBytesMax + 1

    /// Without two `*` in a row.
    private let pattern: [UInt8]

    public static let everyRoom = RoomGlob(pattern: [star])

    /// Nil unless the pattern is 1 to ``bytesMax`` of the characters of room names, `*` and `?`. Upper case is folded,
    /// as it is in room names.
    public init?(_ text: String) {
        guard (1...Self.bytesMax).contains(text.utf8.count) else { return nil }
        var pattern: [UInt8] = []
        for byte in text.utf8 {
            if byte == Self.star {
                if pattern.last != Self.star { pattern.append(byte) }
            } else if byte == Self.questionMark {
                pattern.append(byte)
            } else if let room = try? RoomName(String(Unicode.Scalar(byte))), let folded = room.value.utf8.first {
                pattern.append(folded)
            } else {
                return nil
            }
        }
        self.init(pattern: pattern)
    }

    private init(pattern: [UInt8]) { self.pattern = pattern }

    private static let star = UInt8(ascii: "*")
    private static let questionMark = UInt8(ascii: "?")

    /// Only the last `*` is ever tried again, so the cost is at most the pattern's length times the name's.
    public func matches(_ room: RoomName) -> Bool {
        room.value.utf8.withContiguousStorageIfAvailable { matches(UnsafeRawBufferPointer($0)) }
            ?? Array(room.value.utf8).withUnsafeBytes { matches($0) }
    }

    private func matches(_ name: UnsafeRawBufferPointer) -> Bool {
        var (at, position) = (0, 0)
        var lastStar: Int?
        var runEnd = 0
        while position < name.count {
            if at < pattern.count, pattern[at] == Self.star {
                lastStar = at
                runEnd = position
                at += 1
            } else if at < pattern.count, pattern[at] == Self.questionMark || pattern[at] == name[position] {
                at += 1
                position += 1
            } else if let lastStar {
                // The run of the last `*` takes one character more.
                runEnd += 1
                position = runEnd
                at = lastStar + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == Self.star }
    }

    public var description: String { String(decoding: pattern, as: UTF8.self) }
}
