import ChatBroker
import ChatWire

/// The sessions of one room by user, and which names look alike; what is announced is ``Roster``'s.
struct RosterMembers {
    struct User {
        /// The session that came first.
        var first: Occupant
        /// The other sessions; almost nobody has any.
        var others: Set<SessionID> = []
        /// ``UserName/skeleton``, which is dear to find.
        let skeleton: String

        var sessions: Int { 1 + others.count }
    }

    /// Who has names of one look.
    private struct Look {
        var users = 0
        /// Sessions of users with a token.
        var proved = 0
    }

    private(set) var sessions: [SessionID: Occupant] = [:]
    private(set) var users: [UserName: User] = [:]
    private var looks: [String: Look] = [:]

    func refusesGuest(_ user: UserName) -> Bool {
        guard let look = looks[user.skeleton] else { return false }
        return look.proved > 0 || users[user] == nil
    }

    mutating func insert(_ occupant: Occupant) {
        if let present = sessions[occupant.session] {
            if present == occupant { return }
            remove(present)
        }
        sessions[occupant.session] = occupant
        guard var user = users.removeValue(forKey: occupant.user) else {
            let user = User(first: occupant, skeleton: occupant.user.skeleton)
            users[occupant.user] = user
            looks[user.skeleton, default: Look()].users += 1
            if !occupant.session.isGuest { looks[user.skeleton]?.proved += 1 }
            return
        }
        if occupant.since < user.first.since {
            user.others.insert(user.first.session)
            user.first = occupant
        } else {
            user.others.insert(occupant.session)
        }
        if !occupant.session.isGuest { looks[user.skeleton]?.proved += 1 }
        users[occupant.user] = user
    }

    mutating func remove(_ occupant: Occupant) {
        sessions[occupant.session] = nil
        guard var user = users.removeValue(forKey: occupant.user) else { return }
        if !occupant.session.isGuest { looks[user.skeleton]?.proved -= 1 }
        guard user.others.remove(occupant.session) == nil else {
            users[occupant.user] = user
            return
        }
        if let next = user.others.compactMap({ sessions[$0] }).min(by: { $0.since < $1.since }) {
            user.others.remove(next.session)
            user.first = next
            users[occupant.user] = user
            return
        }
        looks[user.skeleton]?.users -= 1
        if looks[user.skeleton]?.users == 0 { looks[user.skeleton] = nil }
    }

    /// A change as ``Roster/apply(_:)`` takes it, of which nobody is told.
    mutating func apply(_ change: PresenceChange) {
        for moved in change.moved { insert(moved.occupant) }
        for left in change.left {
            guard let present = sessions[left.occupant.session], present.node == left.occupant.node else { continue }
            remove(present)
        }
        for occupant in change.joined { insert(occupant) }
    }
}
