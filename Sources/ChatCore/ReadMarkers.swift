public import ChatBroker
public import ChatWire
public import NIOCore

/// Thins out what a node's sessions say of their reading: the first position of a user in a room is written at once, then
/// at most one an interval, the last always. Only forward moves count.
///
/// A state is kept for an interval after its last write, so there are as many as users who read within one.
public struct ReadMarkers: Sendable {
    private struct State {
        /// What was written last, or waits.
        var position: Position
        /// What waits.
        var waiting: ReadMark?
        var until: NIODeadline
    }

    /// A mark to write now.
    public struct Write: Sendable, Equatable {
        public var room: RoomName
        public var mark: ReadMark

        public init(room: RoomName, mark: ReadMark) {
            self.room = room
            self.mark = mark
        }
    }

    private let interval: TimeAmount
    private var states: [Principal: [RoomName: State]] = [:]

    public init(interval: TimeAmount = .seconds(1)) { self.interval = interval }

    public var isEmpty: Bool { states.isEmpty }

    /// Returns whether the mark is to be written now. While the broker is away it waits.
    public mutating func marked(
        _ mark: ReadMark, in room: RoomName, now: NIODeadline, isBrokerThere: Bool = true
    ) -> Bool {
        guard let state = states[mark.principal]?[room] else {
            states[mark.principal, default: [:]][room] = State(
                position: mark.position, waiting: isBrokerThere ? nil : mark, until: now + interval)
            return isBrokerThere
        }
        guard mark.position > state.position else { return false }
        states[mark.principal]?[room]?.position = mark.position
        states[mark.principal]?[room]?.waiting = mark
        return false
    }

    /// What this node knows and the broker perhaps not yet.
    public func position(of principal: Principal, in room: RoomName) -> Position? {
        states[principal]?[room]?.position
    }

    /// What is due. Those that said nothing for an interval are forgotten.
    public mutating func due(now: NIODeadline) -> [Write] {
        var writes: [Write] = []
        for (principal, rooms) in states {
            for (room, state) in rooms where now >= state.until {
                if let mark = state.waiting {
                    writes.append(Write(room: room, mark: mark))
                    states[principal]?[room] = State(position: state.position, until: now + interval)
                } else {
                    states[principal]?[room] = nil
                }
            }
            if states[principal]?.isEmpty == true { states[principal] = nil }
        }
        return writes
    }

    /// What waits because a session of the principal said so, which is about to go.
    public mutating func take(of principal: Principal, session: SessionID) -> [Write] {
        var writes: [Write] = []
        for (room, state) in states[principal] ?? [:] {
            guard let mark = state.waiting, mark.session == session else { continue }
            states[principal]?[room]?.waiting = nil
            writes.append(Write(room: room, mark: mark))
        }
        return writes
    }

    /// All that waits, before the node stops.
    public mutating func takeAll() -> [Write] {
        defer { states = [:] }
        return states.values.flatMap { rooms in
            rooms.compactMap { room, state in state.waiting.map { Write(room: room, mark: $0) } }
        }
    }
}
