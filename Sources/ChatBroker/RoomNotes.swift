public import ChatWire
public import NIOCore

/// What a room knows besides its entries: what it is about, and how far each of its users has read. Bound to the broker's
/// event loop, as ``Broker`` is.
public protocol RoomNotes: Sendable {
    /// The newest topic, empty where it was taken away; nil where there never was one, or it was forgotten.
    func topic(of room: RoomName) -> EventLoopFuture<Topic?>

    /// Stores a topic and tells the room's subscribers. Its time, the broker's clock, is later than that of the one before.
    func setTopic(_ text: String, by user: UserName, session: SessionID, in room: RoomName) -> EventLoopFuture<Topic>

    /// How far the principal has read; nil where that is not known.
    func readMarker(of principal: Principal, in room: RoomName) -> EventLoopFuture<Position?>

    /// Moves a marker forward, or does nothing.
    /// - Parameter isTold: the room's subscribers hear of it.
    func markRead(_ mark: ReadMark, in room: RoomName, isTold: Bool) -> EventLoopFuture<Void>
}

/// How far somebody has read a room.
public struct ReadMark: Sendable, Hashable {
    public var principal: Principal
    /// Where it was read.
    public var session: SessionID
    public var position: Position

    public init(principal: Principal, session: SessionID, position: Position) {
        self.principal = principal
        self.session = session
        self.position = position
    }
}

/// What brokers keep of notes at most.
public enum NoteLimits {
    /// Read markers of one room. A further one takes the place of the one that has read least, of some.
    public static let markersMax = 10_000
    /// How many are looked at for that.
    public static let markersLookedAt = 8
    /// A room's markers are forgotten when none has moved for so long, and its topic when nobody came.
    public static let keptFor = TimeAmount.hours(24 * 90)
}
