public import ChatWire
import Crypto
public import NIOCore

/// Rooms that two alone may enter, and whose they are. Bound to the broker's event loop, as ``Broker`` is.
public protocol DirectRooms: Sendable {
    /// The pair asks for its room, or something was said there: both have it in their lists from now on, as the one with
    /// the newest activity. Done again it changes nothing but that.
    func noteDirect(_ pair: DirectPair) -> EventLoopFuture<Void>

    /// Whose the room is; nil where nobody has asked for it yet, or not for so long that it was forgotten.
    func directPair(of room: RoomName) -> EventLoopFuture<DirectPair?>

    /// The rooms of one of a pair, by last activity, newest first.
    func directs(of principal: Principal, limit: Int) -> EventLoopFuture<[DirectRoom]>
}

/// The two whose a direct room is, and with that its name.
public struct DirectPair: Sendable, Hashable {
    /// Ordered, so that whoever asks gets the same pair.
    public let first: Principal
    public let second: Principal

    /// nil where they are one.
    public init?(_ one: Principal, _ other: Principal) {
        guard one != other else { return nil }
        // By their bytes: the order of characters is another one in each version of Unicode.
        let isOrdered = one.description.utf8.lexicographicallyPrecedes(other.description.utf8)
        (first, second) = isOrdered ? (one, other) : (other, one)
    }

    public func contains(_ principal: Principal) -> Bool { principal == first || principal == second }

    /// The one who is not `principal`; nil where that is none of the two.
    public func partner(of principal: Principal) -> Principal? {
        principal == first ? second : principal == second ? first : nil
    }

    /// ``RoomName/directPrefix`` and the first 128 bits of SHA-256 over both names, with a byte between them that no name
    /// has, in hexadecimal.
    public var room: RoomName {
        get throws(WireError) {
            var hash = SHA256()
            Array("\(first)\u{0}\(second)".utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
            let digits = Array("0123456789abcdef".utf8)
            let name = hash.finalize().prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return try RoomName(utf8: Array(RoomName.directPrefix.utf8) + name)
        }
    }
}

extension NodeMessage {
    /// Offers a direct room to one of its two.
    public static func offering(_ room: RoomName, to partner: Principal, from principal: Principal) -> NodeMessage {
        .offer(
            room: room.value, to: partner.description, user: principal.user.value,
            isGuest: principal.isGuest ? true : nil)
    }
}

/// A direct room as one of its pair lists it.
public struct DirectRoom: Sendable, Hashable {
    public var room: RoomName
    public var partner: Principal
    /// Milliseconds since 1970, the broker's clock.
    public var lastActivity: UInt64

    public init(room: RoomName, partner: Principal, lastActivity: UInt64) {
        self.room = room
        self.partner = partner
        self.lastActivity = lastActivity
    }
}

/// What brokers keep of direct rooms at most.
public enum DirectLimits {
    /// Direct rooms in the list of one principal; those silent for longest are forgotten.
    public static let listedMax = 200
    /// A pair that was not heard of for so long is forgotten, its list too: longer than a room's history is kept.
    public static let keptFor = TimeAmount.hours(24 * 90)
}
