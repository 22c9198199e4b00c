public import ChatBroker
public import ChatWire

/// A node's mirror of who is in one room, made from a snapshot and the changes that follow it, so that `who` and
/// `joined` cost no call to the broker.
///
/// A snapshot is read on another way than the changes come. While one is being read the changes are applied and kept, and
/// applied to the snapshot again when it is there: changes are idempotent by session and node.
public struct Roster: Sendable {
    /// What became visible to people in the room.
    public struct Change: Sendable, Equatable {
        public var joined: [Occupant] = []
        public var left: [PresenceChange.Left] = []
        public var isEmpty: Bool { joined.isEmpty && left.isEmpty }
    }

    /// A snapshot on its way; its answer is given back with it.
    public struct SnapshotRead: Sendable, Hashable {
        fileprivate var number: Int
    }

    private var members = RosterMembers()
    /// Of this node, stored at the broker, while the change that says so is on its way: listed, and not announced yet.
    private var unannounced: Set<SessionID> = []
    private var reads = 0
    /// Changes since the newest snapshot was asked for; nil while none is. Bounded by the link, which is given up where a
    /// read takes long.
    private var recorded: [PresenceChange]?

    public init() {}

    /// Members: identities in the room, however many sessions each has.
    public var count: Int { members.users.count }

    public var sessionCount: Int { members.sessions.count }

    public func contains(_ session: SessionID) -> Bool { members.sessions[session] != nil }

    public func occupant(_ session: SessionID) -> Occupant? { members.sessions[session] }

    /// How many sessions the user has in the room.
    public func sessionCount(of user: UserName) -> Int { members.users[user]?.sessions ?? 0 }

    /// Whether a guest may not come under this name: a user with a token has it or one that could be taken for it, or
    /// another guest has one that looks the same (HARDENING, "Identity"). One guest on two terminals is one name.
    public func refusesGuest(_ user: UserName) -> Bool { members.refusesGuest(user) }

    /// The broker stored an occupant of this node. A `who` that follows the `joined` lists it, although its change may
    /// not have come back; the change announces it.
    public mutating func stored(_ occupant: Occupant) {
        guard members.sessions[occupant.session] == nil else { return }
        members.insert(occupant)
        unannounced.insert(occupant.session)
    }

    /// The session left before its change came back.
    public mutating func withdrawn(_ session: SessionID) {
        guard unannounced.remove(session) != nil, let occupant = members.sessions[session] else { return }
        members.remove(occupant)
    }

    /// Applies a change in the order moved, left, joined, and tells what of it people see. A move is not seen.
    public mutating func apply(_ change: PresenceChange) -> Change {
        recorded?.append(change)
        var visible = Change()
        for moved in change.moved { arrived(moved.occupant, &visible) }
        for left in change.left {
            // A departure names the node: after a move the old node's record may be swept without meaning the session.
            guard let present = members.sessions[left.occupant.session], present.node == left.occupant.node else {
                continue
            }
            members.remove(present)
            guard unannounced.remove(present.session) == nil else { continue }
            visible.left.append(left)
        }
        for occupant in change.joined { arrived(occupant, &visible) }
        return visible
    }

    private mutating func arrived(_ occupant: Occupant, _ visible: inout Change) {
        if members.sessions[occupant.session] == nil || unannounced.remove(occupant.session) != nil {
            visible.joined.append(occupant)
        }
        members.insert(occupant)
    }

    /// A snapshot is being asked for; an older one that is still under way is not wanted any more.
    public mutating func snapshotAsked() -> SnapshotRead {
        reads += 1
        recorded = []
        return SnapshotRead(number: reads)
    }

    /// Whether the answer to the read is still wanted.
    public func awaits(_ read: SnapshotRead) -> Bool { recorded != nil && read.number == reads }

    /// The snapshot will not come.
    public mutating func snapshotFailed() { recorded = nil }

    /// Takes the snapshot, and the changes since it was asked for, and tells what people had not heard; whoever is gone
    /// has `lost` as the reason.
    /// - Parameter isOurs: the session is this node's, and stays although the broker lost it: it is being put back.
    public mutating func replace(
        with occupants: [Occupant], from read: SnapshotRead, keeping isOurs: (SessionID) -> Bool
    ) -> Change {
        guard awaits(read), let changes = recorded else { return Change() }
        recorded = nil
        let announced = members.sessions.filter { !unannounced.contains($0.key) }
        let kept = members.sessions.values.filter { isOurs($0.session) }
        members = RosterMembers()
        for occupant in occupants { members.insert(occupant) }
        for change in changes { members.apply(change) }
        for occupant in kept where members.sessions[occupant.session] == nil { members.insert(occupant) }
        // Who is in the snapshot is announced by it, here or by its change, whichever came first.
        unannounced.formIntersection(kept.map(\.session))
        unannounced.subtract(occupants.map(\.session))
        var visible = Change()
        for (session, occupant) in members.sessions
        where announced[session] == nil && !unannounced.contains(session) {
            visible.joined.append(occupant)
        }
        for (session, occupant) in announced where members.sessions[session] == nil {
            visible.left.append(.init(occupant: occupant, reason: .lost))
        }
        return visible
    }

    /// At most `limit` members, by the time they came where all of them fit.
    public func members(limit: Int = Limits.membersListedMax) -> (members: [Member], count: Int) {
        var listed = members.users.prefix(limit).map { name, user in
            Member(
                user: name.value, sessions: user.sessions, node: user.first.node.name, since: user.first.since)
        }
        listed.sort { ($0.since, $0.user) < ($1.since, $1.user) }
        return (listed, members.users.count)
    }
}
