public import ChatBroker
public import ChatWire
public import NIOCore
internal import DequeModule

/// The sessions of one node, with or without a connection: who each is, the rooms it is in, and until when a room
/// waits for it to come back.
///
/// A session outlives its connection by the grace, in rooms or not. It comes back on this node, or another node claims it
/// with its secret. It is in its rooms at once, and has the grace again to join them; one that it has not joined by then is
/// left.
public struct SessionTable: Sendable {
    /// A room that a session is in.
    public enum Membership: Sendable, Equatable {
        case present
        /// The connection is gone, or another resumed the session and has not joined the room; left unless it does.
        case awaiting(until: NIODeadline)
        /// Another node has the session and may have its record of the room; left unless it is heard to have it.
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

    fileprivate enum State: Sendable, Equatable {
        /// A connection holds the session.
        case attached
        /// It can be resumed until then.
        case detached(until: NIODeadline)
        /// Another node has it: no secret is good here any more, and the record stays for the rooms alone.
        case claimed
    }

    public struct Session: Sendable {
        public let user: UserName
        /// 128 random bits; only their owner knows them.
        public let secret: [UInt8]
        /// The secret that another node knew the session by, and a client whose `welcome` was lost still does.
        fileprivate let formerSecret: [UInt8]?
        fileprivate var state = State.attached
        /// The node that had the session before, for as long as its record of a room may have to be taken over.
        public let previousNode: NodeID?
        public fileprivate(set) var rooms: [RoomName: Membership] = [:]

        fileprivate func accepts(_ offered: [UInt8]) -> Bool {
            let isCurrent = ConstantTime.areEqual(secret, offered)
            let isFormer = formerSecret.map { ConstantTime.areEqual($0, offered) } ?? false
            return isCurrent || isFormer
        }
    }

    /// A membership whose time is over.
    public struct Expired: Sendable, Equatable {
        public var session: SessionID
        public var user: UserName
        public var room: RoomName
        /// `left` where the session is connected and merely did not join the room again.
        public var reason: Departure.Reason
    }

    public enum Claim: Sendable, Equatable {
        /// The claimant has it now, and is in these rooms.
        case granted(rooms: [RoomName])
        case refused
    }

    private var sessions: [SessionID: Session] = [:]
    /// The same by their users.
    private var owned: [UserName: Set<SessionID>] = [:]
    private let grace: TimeAmount
    /// Sessions that wait or have rooms that do, by when; the grace is one, so it is the order of arrival. One that was
    /// taken up meanwhile is found out when its time comes.
    private var deadlines: Deque<(until: NIODeadline, session: SessionID)> = []

    /// - Parameter grace: how long a lost session's rooms wait for it.
    public init(grace: TimeAmount) { self.grace = grace }

    public var count: Int { sessions.count }
    public subscript(session: SessionID) -> Session? { sessions[session] }

    /// A session that went to another node and comes back may have rooms here still, which are left unless joined again.
    /// - Parameters:
    ///   - formerSecret: of a session that another node had, the secret that it gave up the session for.
    ///   - rooms: those that it was in there; it is in them here from now on, and is to join them in the grace.
    public mutating func open(
        _ session: SessionID, user: UserName, secret: [UInt8], formerSecret: [UInt8]? = nil, previousNode: NodeID?,
        rooms taken: [RoomName] = [], now: NIODeadline
    ) {
        var rooms = sessions[session]?.rooms ?? [:]
        for room in taken { rooms[room] = .awaiting(until: now + grace) }
        forget(session)
        owned[user, default: []].insert(session)
        sessions[session] = Session(
            user: user, secret: secret, formerSecret: formerSecret, previousNode: previousNode, rooms: rooms)
        if !taken.isEmpty { deadlines.append((now + grace, session)) }
    }

    /// The session is in the room from now on.
    public mutating func entered(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = .present
    }

    public mutating func left(_ room: RoomName, _ session: SessionID) {
        sessions[session]?.rooms[room] = nil
        dropIfClaimed(session)
    }

    /// The join that entered the room failed: it waits for the next one as after a resume.
    public mutating func awaitsAgain(_ room: RoomName, _ session: SessionID, now: NIODeadline) {
        guard sessions[session]?.rooms[room] == .present else { return }
        sessions[session]?.rooms[room] = .awaiting(until: now + grace)
        deadlines.append((now + grace, session))
    }

    /// The connection broke: the session and its rooms wait for the grace.
    public mutating func detached(_ session: SessionID, now: NIODeadline) {
        guard sessions[session]?.state == .attached else { return }
        sessions[session]?.state = .detached(until: now + grace)
        hold(session, now: now)
    }

    /// The session ended on purpose; returns the rooms to leave.
    public mutating func closed(_ session: SessionID) -> [RoomName] {
        guard let record = forget(session) else { return [] }
        return Array(record.rooms.keys)
    }

    /// A new connection, here or on another node, wants the session. After another node got it nobody does here.
    public mutating func claim(
        _ session: SessionID, secret: [UInt8], user: UserName?, stays: Bool, now: NIODeadline
    ) -> Claim {
        guard let record = sessions[session], record.state != .claimed, record.accepts(secret),
            user == nil || user == record.user
        else { return .refused }
        sessions[session]?.state = stays ? .attached : .claimed
        hold(session, now: now, isClaimed: !stays)
        dropIfClaimed(session)
        let rooms = record.rooms.filter(\.value.isOurs).map(\.key)
        return .granted(rooms: rooms)
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
            let reason: Departure.Reason = session.state == .attached ? .left : .lost
            for (room, membership) in session.rooms where membership.isOver(at: now) {
                over.append(Expired(session: next.session, user: session.user, room: room, reason: reason))
                left(room, next.session)
            }
            if case .detached(let until) = session.state, now >= until { forget(next.session) }
        }
        return over
    }

    /// Sessions of a user, with a token or as a guest.
    public func sessions(of user: UserName) -> [SessionID] { Array(owned[user] ?? []) }

    public func sessions(of principal: Principal) -> [SessionID] {
        sessions(of: principal.user).filter { $0.isGuest == principal.isGuest }
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

    /// Every room waits for the grace from now on, except for those that another node answers for already.
    private mutating func hold(_ session: SessionID, now: NIODeadline, isClaimed: Bool = false) {
        let until = now + grace
        for (room, membership) in sessions[session]?.rooms ?? [:] where membership.isOurs {
            sessions[session]?.rooms[room] = isClaimed ? .claimed(until: until) : .awaiting(until: until)
        }
        deadlines.append((until, session))
    }

    /// A session of another node without a room here is not this node's matter.
    private mutating func dropIfClaimed(_ session: SessionID) {
        guard let record = sessions[session], record.state == .claimed, record.rooms.isEmpty else { return }
        forget(session)
    }

    @discardableResult
    private mutating func forget(_ session: SessionID) -> Session? {
        guard let record = sessions.removeValue(forKey: session) else { return nil }
        owned[record.user]?.remove(session)
        if owned[record.user]?.isEmpty == true { owned[record.user] = nil }
        return record
    }
}

/// Compares secrets in a time that does not depend on where they differ.
enum ConstantTime {
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
