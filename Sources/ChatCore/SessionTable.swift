public import ChatWire
public import NIOCore
internal import DequeModule

/// The sessions of one node, with or without a connection: who each is, the rooms it is in, and until when a room
/// waits for it to come back.
///
/// A session outlives its connection by the grace. It comes back on this node, or another node claims it with its
/// secret; a room that it has not joined again by then is left.
public struct SessionTable: Sendable {
    /// A room that a session is in.
    public enum Membership: Sendable, Equatable {
        case present
        /// The connection is gone; left as `lost` unless taken up before.
        case awaiting(until: NIODeadline)
        /// Another node has the session and may have its record of the room; left as `lost` unless taken up before.
        case claimed(until: NIODeadline)

        /// This node answers for the record at the broker.
        public var isOurs: Bool {
            switch self {
            case .present, .awaiting: true
            case .claimed: false
            }
        }

        fileprivate func isOver(at now: NIODeadline) -> Bool {
            switch self {
            case .present: false
            case .awaiting(let until), .claimed(let until): now >= until
            }
        }
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
    }

    public enum Claim: Sendable, Equatable {
        /// The claimant has it now; `wasAttached` says that a connection must be closed (4005).
        case granted(rooms: [RoomName], wasAttached: Bool)
        case refused
    }

    private var sessions: [SessionID: Session] = [:]
    private let grace: TimeAmount
    /// Sessions with rooms that wait, by when the first of these is over; the grace is one, so it is the order of arrival.
    /// One that was taken up meanwhile is found out when its time comes.
    private var deadlines: Deque<(until: NIODeadline, session: SessionID)> = []

    /// - Parameter grace: how long a lost session's rooms wait for it.
    public init(grace: TimeAmount) { self.grace = grace }

    public var count: Int { sessions.count }
    public subscript(session: SessionID) -> Session? { sessions[session] }

    /// A session that went to another node and comes back has rooms here still, which are left unless joined again.
    public mutating func open(_ session: SessionID, user: UserName, secret: [UInt8], previousNode: NodeID?) {
        let rooms = sessions[session]?.rooms ?? [:]
        sessions[session] = Session(user: user, secret: secret, previousNode: previousNode, rooms: rooms)
    }

    /// The session is in the room from now on.
    public mutating func entered(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = .present
    }

    public mutating func left(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = nil
        dropIfOver(session)
    }

    /// The join that entered the room failed: it waits for the next one as after a resume.
    public mutating func awaitsAgain(_ room: RoomName, _ session: SessionID, now: NIODeadline) {
        guard sessions[session]?.rooms[room] == .present else { return }
        sessions[session]?.rooms[room] = .awaiting(until: now + grace)
        deadlines.append((now + grace, session))
    }

    /// The connection broke: the rooms wait for the grace.
    public mutating func detached(_ session: SessionID, now: NIODeadline) {
        hold(session, now: now)
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
        hold(session, now: now, isClaimed: !stays)
        sessions[session]?.isAttached = stays
        if !stays { dropIfOver(session) }
        return .granted(rooms: Array(record.rooms.keys), wasAttached: record.isAttached)
    }

    /// Another node took the session's place in the room over. False where the session is here again.
    public mutating func moved(_ room: RoomName, _ session: SessionID) -> Bool {
        guard case .claimed? = sessions[session]?.rooms[room] else { return false }
        left(room, session)
        return true
    }

    /// Removes and returns what nobody came back for.
    public mutating func expired(now: NIODeadline) -> [Expired] {
        var over: [Expired] = []
        while let next = deadlines.first, now >= next.until {
            deadlines.removeFirst()
            guard let session = sessions[next.session] else { continue }
            for (room, membership) in session.rooms where membership.isOver(at: now) {
                over.append(Expired(session: next.session, user: session.user, room: room))
                left(room, next.session)
            }
        }
        return over
    }

    /// Sessions of a user, for `kick`.
    public func sessions(of user: UserName) -> [SessionID] {
        sessions.compactMap { $0.value.user == user ? $0.key : nil }
    }

    /// Every membership that this node answers for, so that it can put its members back.
    public func memberships() -> [RoomName: [(session: SessionID, user: UserName)]] {
        var all: [RoomName: [(session: SessionID, user: UserName)]] = [:]
        for (id, session) in sessions {
            for (room, membership) in session.rooms where membership.isOurs {
                all[room, default: []].append((id, session.user))
            }
        }
        return all
    }

    /// Rooms that wait already keep their time.
    private mutating func hold(_ session: SessionID, now: NIODeadline, isClaimed: Bool = false) {
        guard let record = sessions[session], !record.rooms.isEmpty else { return }
        for (room, membership) in record.rooms {
            switch membership {
            case .claimed: break
            case .present:
                sessions[session]?.rooms[room] =
                    isClaimed ? .claimed(until: now + grace) : .awaiting(until: now + grace)
            case .awaiting(let until):
                if isClaimed { sessions[session]?.rooms[room] = .claimed(until: until) }
            }
        }
        deadlines.append((now + grace, session))
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
