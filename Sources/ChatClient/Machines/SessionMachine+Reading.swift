import ChatWire
import NIOCore

/// How far the user has read.
extension SessionMachine {
    mutating func markRead(_ name: RoomName, upTo position: Position, at now: NIODeadline) -> [Action] {
        rooms[name]?.marker.read(upTo: position)
        return flush(at: now)
    }

    mutating func receivedRead(_ name: RoomName, _ position: Position, on link: LinkID) {
        guard rooms[name]?.source == link, rooms[name]?.marker.readElsewhere(upTo: position) == true else { return }
        actions.append(.tell(.read(name, position)))
    }

    /// When the next position is due, where the edge takes any.
    var readDeadline: NIODeadline? {
        guard let active, takesReads else { return nil }
        return rooms.values.compactMap { $0.source == active ? $0.marker.deadline : nil }.min()
    }

    /// - Parameter isLast: the connection is about to close: what waits for its interval goes now.
    mutating func pumpReads(at now: NIODeadline, isLast: Bool = false) {
        guard let active, takesReads else { return }
        for name in rooms.keys.sorted(by: { $0.value < $1.value }) where rooms[name]?.source == active {
            guard let position = rooms[name]?.marker.take(at: now, isLast: isLast) else { continue }
            actions.append(.write(.read(room: name, position: position), on: active))
        }
    }

    /// An older edge would answer each with an error.
    private var takesReads: Bool { features.contains(ServerFeature.read.rawValue) }
}
