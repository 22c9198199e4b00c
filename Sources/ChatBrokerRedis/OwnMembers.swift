import ChatWire

/// Which rooms have members of this node: what `tc:node:<id>:rooms` must list, and whose backstop TTL the node renews.
struct OwnMembers {
    private struct Claim {
        var sessions: Set<SessionID> = []
        /// Enters and reasserts whose outcome is awaited.
        var entering = 0

        var isEmpty: Bool { sessions.isEmpty && entering == 0 }
    }

    private var claims: [RoomName: Claim] = [:]
    /// Rooms whose TTL is still to be renewed in this round.
    private var round: [RoomName] = []

    var rooms: [RoomName] { Array(claims.keys) }
    var isEmpty: Bool { claims.isEmpty }

    /// To be said before an enter or reassert is sent.
    mutating func entering(_ room: RoomName) { claims[room, default: Claim()].entering += 1 }

    /// An enter or reassert took effect, or may have.
    mutating func entered(_ session: SessionID, _ room: RoomName) {
        claims[room]?.entering -= 1
        claims[room]?.sessions.insert(session)
    }

    /// An enter or reassert had no effect. True when the room has no member of this node any more.
    mutating func refused(_ room: RoomName) -> Bool {
        claims[room]?.entering -= 1
        return forgetIfEmpty(room)
    }

    /// The session left, or another node took it over. True when the room has no member of this node any more.
    mutating func left(_ session: SessionID, _ room: RoomName) -> Bool {
        guard claims[room]?.sessions.remove(session) != nil else { return false }
        return forgetIfEmpty(room)
    }

    /// The next rooms to renew, all of them once in `steps` calls.
    mutating func nextToRenew(steps: Int) -> [RoomName] {
        if round.isEmpty { round = rooms }
        let count = min(round.count, claims.count / max(1, steps) + 1)
        defer { round.removeLast(count) }
        return round.suffix(count).filter { claims[$0] != nil }
    }

    private mutating func forgetIfEmpty(_ room: RoomName) -> Bool {
        guard let claim = claims[room], claim.isEmpty else { return false }
        claims[room] = nil
        return true
    }
}
