public import ChatWire
public import NIOCore

/// Which rooms a node keeps: created with the first session that joins, torn down a moment after the last one left,
/// so that a rejoin does not cost a subscription.
public struct RoomTable: Sendable {
    private struct Room {
        var sessions: Set<SessionID> = []
        /// When the empty room goes.
        var until: NIODeadline?
    }

    private var rooms: [RoomName: Room] = [:]
    private let linger: TimeAmount

    public init(linger: TimeAmount = .seconds(1)) { self.linger = linger }

    public var count: Int { rooms.count }

    /// A session is in the room, or about to be. Returns whether the room must be created.
    public mutating func entered(_ room: RoomName, _ session: SessionID) -> Bool {
        let isNew = rooms[room] == nil
        rooms[room, default: Room()].sessions.insert(session)
        rooms[room]?.until = nil
        return isNew
    }

    public mutating func left(_ room: RoomName, _ session: SessionID, now: NIODeadline) {
        guard rooms[room]?.sessions.remove(session) != nil, rooms[room]?.sessions.isEmpty == true else { return }
        rooms[room]?.until = now + linger
    }

    /// Removes and returns the rooms whose time is over.
    public mutating func expired(now: NIODeadline) -> [RoomName] {
        let over = rooms.compactMap { name, room in room.until.map { now >= $0 } == true ? name : nil }
        for name in over { rooms[name] = nil }
        return over
    }
}
