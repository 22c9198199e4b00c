import ChatWire

/// Who is in one room, in memory. Each method returns the change to announce; nil where nothing changed.
struct RoomRoster {
    private struct Place: Hashable {
        var node: NodeID
        var session: SessionID
    }
    private var places: [Place: Occupant] = [:]

    var isEmpty: Bool { places.isEmpty }
    var users: Int { Set(places.values.map(\.user)).count }
    var nodes: Int { Set(places.keys.map(\.node)).count }
    var occupants: [Occupant] { Array(places.values) }

    mutating func enter(
        _ occupant: Occupant, takingOverFrom previous: NodeID?, at now: UInt64
    ) -> (stored: Occupant, change: PresenceChange?) {
        let place = Place(node: occupant.node, session: occupant.session)
        let moved = previous.flatMap { from in
            from == occupant.node ? nil : places.removeValue(forKey: Place(node: from, session: occupant.session))
        }
        let there = places[place]
        var stored = there ?? occupant
        if there == nil { stored.since = moved?.since ?? now }
        places[place] = stored
        if let moved {
            return (stored, PresenceChange(moved: [.init(occupant: stored, from: moved.node)]))
        }
        return (stored, there == nil ? PresenceChange(joined: [stored]) : nil)
    }

    mutating func leave(_ occupant: Occupant, reason: Departure.Reason) -> PresenceChange? {
        let removed = places.removeValue(forKey: Place(node: occupant.node, session: occupant.session))
        return removed.map { PresenceChange(left: [.init(occupant: $0, reason: reason)]) }
    }

    mutating func reassert(_ occupants: [Occupant], at now: UInt64) -> PresenceChange? {
        var joined: [Occupant] = []
        for var occupant in occupants {
            let place = Place(node: occupant.node, session: occupant.session)
            guard places[place] == nil else { continue }
            if occupant.since == 0 { occupant.since = now }
            places[place] = occupant
            joined.append(occupant)
        }
        return joined.isEmpty ? nil : PresenceChange(joined: joined)
    }

    /// Removes what a dead node left behind.
    mutating func reap(_ node: NodeID) -> PresenceChange? {
        let dead = places.filter { $0.key.node == node }
        for place in dead.keys { places[place] = nil }
        return dead.isEmpty ? nil : PresenceChange(left: dead.values.map { .init(occupant: $0, reason: .nodeLost) })
    }
}
