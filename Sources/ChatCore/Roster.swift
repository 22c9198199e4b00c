public import ChatBroker
public import ChatWire

/// A node's mirror of who is in one room, made from a snapshot and the changes that follow it, so that `who` and
/// `joined` cost no call to the broker.
///
/// Changes are idempotent by session and node, so a snapshot that already holds a change may be followed by it.
public struct Roster: Sendable {
    /// What became visible to people in the room.
    public struct Change: Sendable, Equatable {
        public var joined: [Occupant] = []
        public var left: [PresenceChange.Left] = []
        public var isEmpty: Bool { joined.isEmpty && left.isEmpty }
    }

    fileprivate struct User {
        var sessions: Int
        var first: Occupant
    }

    private var sessions: [SessionID: Occupant] = [:]
    private var users: [UserName: User] = [:]
    /// How many of the users look alike.
    private var skeletons: [String: Int] = [:]
    /// Stored at the broker, while the change that says so is on its way: listed, and not announced yet.
    private var stored: [SessionID: Occupant] = [:]

    public init() {}

    /// Members: identities in the room, however many sessions each has.
    public var count: Int { users.count }

    public func contains(_ session: SessionID) -> Bool { sessions[session] != nil }

    public func occupant(_ session: SessionID) -> Occupant? { sessions[session] }

    /// Whether somebody else is there whose name could be taken for this one (HARDENING, "Identity").
    public func holdsLookalike(of user: UserName) -> Bool {
        users[user] == nil && skeletons[user.skeleton] != nil
    }

    /// The broker stored an occupant of this node. A `who` that follows the `joined` lists it, although its change may
    /// not have come back; the change announces it.
    public mutating func stored(_ occupant: Occupant) {
        guard sessions[occupant.session] == nil else { return }
        stored[occupant.session] = occupant
    }

    /// The session left before its change came back.
    public mutating func withdrawn(_ session: SessionID) { stored[session] = nil }

    /// Applies a change in the order moved, left, joined, and tells what of it people see. A move is not seen.
    public mutating func apply(_ change: PresenceChange) -> Change {
        var visible = Change()
        for moved in change.moved {
            if sessions[moved.occupant.session] == nil { visible.joined.append(moved.occupant) }
            insert(moved.occupant)
        }
        for left in change.left {
            // A departure names the node: after a move the old node's record may be swept without meaning the session.
            guard let present = sessions[left.occupant.session], present.node == left.occupant.node else { continue }
            remove(present)
            visible.left.append(left)
        }
        for occupant in change.joined {
            if sessions[occupant.session] == nil { visible.joined.append(occupant) }
            insert(occupant)
        }
        return visible
    }

    /// Takes a new snapshot, after changes may have been missed; whoever is gone has `lost` as the reason.
    public mutating func replace(with occupants: [Occupant]) -> Change {
        var visible = Change()
        let present = Dictionary(occupants.map { ($0.session, $0) }, uniquingKeysWith: { _, newest in newest })
        for (session, occupant) in sessions where present[session] == nil {
            visible.left.append(.init(occupant: occupant, reason: .lost))
        }
        visible.joined = occupants.filter { sessions[$0.session] == nil }
        sessions = [:]
        users = [:]
        skeletons = [:]
        for occupant in present.values { insert(occupant) }
        return visible
    }

    /// At most `limit` members, by the time they came where all of them fit.
    public func members(limit: Int = Limits.membersListedMax) -> (members: [Member], count: Int) {
        // What is stored and not announced is laid over the rest: it is little, and a copy of a large room is not.
        var added: [UserName: User] = [:]
        for occupant in stored.values {
            var user = added[occupant.user] ?? users[occupant.user] ?? User(sessions: 0, first: occupant)
            user.sessions += 1
            if occupant.since < user.first.since { user.first = occupant }
            added[occupant.user] = user
        }
        let newcomers = added.filter { users[$0.key] == nil }
        var listed = newcomers.prefix(limit).map { Member($0.key, $0.value) }
        listed += users.prefix(limit - listed.count).map { Member($0.key, added[$0.key] ?? $0.value) }
        listed.sort { ($0.since, $0.user) < ($1.since, $1.user) }
        return (listed, users.count + newcomers.count)
    }

    private mutating func insert(_ occupant: Occupant) {
        stored[occupant.session] = nil
        if let present = sessions[occupant.session] { remove(present) }
        sessions[occupant.session] = occupant
        if var user = users[occupant.user] {
            user.sessions += 1
            if occupant.since < user.first.since { user.first = occupant }
            users[occupant.user] = user
        } else {
            users[occupant.user] = User(sessions: 1, first: occupant)
            skeletons[occupant.user.skeleton, default: 0] += 1
        }
    }

    private mutating func remove(_ occupant: Occupant) {
        sessions[occupant.session] = nil
        guard var user = users[occupant.user] else { return }
        user.sessions -= 1
        guard user.sessions > 0 else {
            users[occupant.user] = nil
            let skeleton = occupant.user.skeleton
            let alike = skeletons[skeleton, default: 1] - 1
            skeletons[skeleton] = alike > 0 ? alike : nil
            return
        }
        if user.first.session == occupant.session,
            let first = sessions.values.filter({ $0.user == occupant.user }).min(by: { $0.since < $1.since })
        {
            user.first = first
        }
        users[occupant.user] = user
    }
}

extension Member {
    fileprivate init(_ name: UserName, _ user: Roster.User) {
        self.init(user: name.value, sessions: user.sessions, node: user.first.node.name, since: user.first.since)
    }
}
