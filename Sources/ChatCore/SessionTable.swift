public import ChatWire
public import NIOCore

/// The sessions of one node, with or without a connection: who each is, the rooms it is in, and until when a room
/// waits for it to come back.
///
/// A session outlives its connection by the grace. It comes back on this node, or another node claims it with its
/// secret; a room that it has not joined again by then is left.
public struct SessionTable: Sendable {
    /// A room that a session is in.
    public enum Membership: Sendable, Equatable {
        case present
        /// The connection is gone, or the session was claimed; left for this reason unless taken up before.
        case awaiting(until: NIODeadline, Departure.Reason)
    }

    public struct Session: Sendable {
        public let user: UserName
        /// 128 random bits; only their owner knows them.
        fileprivate let secret: [UInt8]
        /// A connection holds the session.
        public fileprivate(set) var isAttached = true
        /// The node that had the session before, for as long as its record of a room may have to be taken over.
        public let previousNode: NodeID?
        public fileprivate(set) var rooms: [RoomName: Membership] = [:]
    }

    /// A membership whose time is over.
    public struct Expired: Sendable, Equatable {
        public var session: SessionID
        public var user: UserName
        public var room: RoomName
        public var reason: Departure.Reason
    }

    public enum Claim: Sendable, Equatable {
        /// The claimant has it now; `wasAttached` says that a connection must be closed (4005).
        case granted(rooms: [RoomName], wasAttached: Bool)
        case refused
    }

    private var sessions: [SessionID: Session] = [:]
    private let grace: TimeAmount

    /// - Parameter grace: how long a lost session's rooms wait for it.
    public init(grace: TimeAmount) { self.grace = grace }

    public var count: Int { sessions.count }
    public subscript(session: SessionID) -> Session? { sessions[session] }

    public mutating func open(_ session: SessionID, user: UserName, secret: [UInt8], previousNode: NodeID?) {
        sessions[session] = Session(user: user, secret: secret, previousNode: previousNode)
    }

    /// The session is in the room from now on.
    public mutating func entered(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = .present
    }

    public mutating func left(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = nil
        dropIfOver(session)
    }

    /// The connection broke: the rooms wait for the grace.
    public mutating func detached(_ session: SessionID, now: NIODeadline) {
        hold(session, until: now + grace, .lost)
        sessions[session]?.isAttached = false
        dropIfOver(session)
    }

    /// The session ended on purpose; returns the rooms to leave.
    public mutating func closed(_ session: SessionID) -> [RoomName] {
        guard let record = sessions.removeValue(forKey: session) else { return [] }
        return Array(record.rooms.keys)
    }

    /// A new connection, here or on another node, wants the session.
    public mutating func claim(
        _ session: SessionID, secret: [UInt8], user: UserName?, stays: Bool, now: NIODeadline
    ) -> Claim {
        guard let record = sessions[session], ConstantTime.areEqual(record.secret, secret),
            user == nil || user == record.user
        else { return .refused }
        hold(session, until: now + grace, .lost)
        sessions[session]?.isAttached = stays
        if !stays { dropIfOver(session) }
        return .granted(rooms: Array(record.rooms.keys), wasAttached: record.isAttached)
    }

    /// Another node took the session's place in the room over.
    public mutating func moved(_ room: RoomName, _ session: SessionID) { left(room, session) }

    /// Removes and returns what nobody came back for.
    public mutating func expired(now: NIODeadline) -> [Expired] {
        var over: [Expired] = []
        for (id, session) in sessions {
            for (room, membership) in session.rooms {
                guard case .awaiting(let until, let reason) = membership, now >= until else { continue }
                over.append(Expired(session: id, user: session.user, room: room, reason: reason))
            }
        }
        for item in over { left(item.room, item.session) }
        return over
    }

    /// Sessions of a user, for `kick`.
    public func sessions(of user: UserName) -> [SessionID] {
        sessions.compactMap { $0.value.user == user ? $0.key : nil }
    }

    /// Every membership, so that a node can put its members back.
    public func memberships() -> [RoomName: [(session: SessionID, user: UserName)]] {
        var all: [RoomName: [(session: SessionID, user: UserName)]] = [:]
        for (id, session) in sessions {
            for room in session.rooms.keys { all[room, default: []].append((id, session.user)) }
        }
        return all
    }

    private mutating func hold(_ session: SessionID, until: NIODeadline, _ reason: Departure.Reason) {
        guard let record = sessions[session] else { return }
        for (room, membership) in record.rooms where membership == .present {
            sessions[session]?.rooms[room] = .awaiting(until: until, reason)
        }
    }

    /// A session without a connection and without a room is over.
    private mutating func dropIfOver(_ session: SessionID) {
        guard let record = sessions[session], !record.isAttached, record.rooms.isEmpty else { return }
        sessions[session] = nil
    }
}

/// Compares secrets in a time that does not depend on where they differ.
enum ConstantTime {
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
