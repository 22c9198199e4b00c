/// What an identity may do in one room.
public struct RoomAccess: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Join, history, who.
    public static let read = RoomAccess(rawValue: 1)
    /// Send and typing.
    public static let write = RoomAccess(rawValue: 2)
}
