import ChatWire
import NIOCore

/// Thins out the records of rooms' activity: a busy room is written once per interval, its last time always.
struct RoomActivity {
    private struct Room {
        var due: NIODeadline
        /// A time that is not written yet.
        var pending: UInt64?
    }

    private let interval: TimeAmount
    private var rooms: [RoomName: Room] = [:]

    init(interval: TimeAmount) { self.interval = interval }

    /// Something happened at `time` (the broker's clock). The time to write now, if any.
    mutating func noted(_ room: RoomName, _ time: UInt64, at now: NIODeadline) -> UInt64? {
        guard let known = rooms[room] else {
            rooms[room] = Room(due: now + interval)
            return time
        }
        rooms[room]?.pending = max(time, known.pending ?? 0)
        return nil
    }

    /// What is due to be written. Rooms that were silent for an interval are forgotten.
    mutating func ticked(at now: NIODeadline) -> [(room: RoomName, time: UInt64)] {
        var due: [(RoomName, UInt64)] = []
        for (name, room) in rooms where now >= room.due {
            if let pending = room.pending {
                due.append((name, pending))
                rooms[name] = Room(due: now + interval)
            } else {
                rooms[name] = nil
            }
        }
        return due
    }
}
