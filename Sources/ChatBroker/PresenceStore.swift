public import ChatWire
public import NIOCore

/// Who is in which room, cluster-wide. Bound to the broker's event loop, as ``Broker`` is.
///
/// A member belongs to a node and lives as long as the node's lease. Every change that takes effect is told once to the
/// subscribers of the room as a ``PresenceChange``, in the same order as everything else in the room.
public protocol PresenceStore: Sendable {
    /// Stores the occupant and completes with the stored form (`since` is the broker's clock).
    /// With `takingOverFrom`, the same session's record at that node is removed in the same step and the change is a move,
    /// which subscribers do not announce; a session that was already there changes nothing.
    func enter(_ occupant: Occupant, room: RoomName, takingOverFrom previous: NodeID?) -> EventLoopFuture<Occupant>

    /// Removes the session's record at this node; completes with whether there was one.
    func leave(_ occupant: Occupant, room: RoomName, reason: Departure.Reason) -> EventLoopFuture<Bool>

    /// Everyone in the room.
    func occupants(of room: RoomName) -> EventLoopFuture<[Occupant]>

    /// Puts back those of this node's occupants that are missing (a broker that lost its data, a lease that ended while
    /// the process was frozen), announcing only them, and renews the record's backstop TTL.
    func reassert(_ occupants: [Occupant], room: RoomName) -> EventLoopFuture<Void>

    /// At most `limit` of the rooms that are wanted, by last activity, newest first; only the newest `among` are looked at.
    func rooms(
        limit: Int, among: Int, where isWanted: @escaping @Sendable (RoomName) -> Bool
    ) -> EventLoopFuture<[RoomSummary]>
}

extension PresenceStore {
    /// Rooms by last activity, newest first.
    public func rooms(limit: Int) -> EventLoopFuture<[RoomSummary]> {
        rooms(limit: limit, among: limit) { _ in true }
    }
}

/// One session in one room.
public struct Occupant: Sendable, Hashable {
    public var session: SessionID
    public var user: UserName
    public var node: NodeID
    /// Milliseconds since 1970 on the broker's clock; 0 until stored.
    public var since: UInt64

    public init(session: SessionID, user: UserName, node: NodeID, since: UInt64 = 0) {
        self.session = session
        self.user = user
        self.node = node
        self.since = since
    }
}

/// What changed in one room, applied in the order: moved, left, joined.
public struct PresenceChange: Sendable, Hashable {
    public struct Left: Sendable, Hashable {
        public var occupant: Occupant
        public var reason: Departure.Reason
        public init(occupant: Occupant, reason: Departure.Reason) {
            self.occupant = occupant
            self.reason = reason
        }
    }
    /// A resumed session's record went from one node to another.
    public struct Moved: Sendable, Hashable {
        /// As it is now.
        public var occupant: Occupant
        public var from: NodeID
        public init(occupant: Occupant, from: NodeID) {
            self.occupant = occupant
            self.from = from
        }
    }
    public var joined: [Occupant]
    public var left: [Left]
    public var moved: [Moved]

    public init(joined: [Occupant] = [], left: [Left] = [], moved: [Moved] = []) {
        self.joined = joined
        self.left = left
        self.moved = moved
    }
}

public struct RoomSummary: Sendable, Hashable {
    public var room: RoomName
    /// Users in the room; of a room with thousands of sessions a broker may give an estimate.
    public var members: Int
    /// Nodes that have members of the room.
    public var nodes: Int
    /// Entries in its history.
    public var messages: Int
    /// Milliseconds since 1970, the broker's clock.
    public var lastActivity: UInt64

    public init(room: RoomName, members: Int, nodes: Int, messages: Int, lastActivity: UInt64) {
        self.room = room
        self.members = members
        self.nodes = nodes
        self.messages = messages
        self.lastActivity = lastActivity
    }
}
