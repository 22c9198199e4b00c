import ChatCore
import ChatWire
import NIOCore

/// Owns the connections of one event loop and their part of every room's member list. Nothing here is locked.
///
/// The hot path's second half: one hop brings a batch, and each member costs one write of a shared buffer; the
/// connection flushes once at the end of the loop's tick.
final class Shard: @unchecked Sendable {
    let index: Int
    let loop: any EventLoop
    let hub: Hub
    private var connections: [ObjectIdentifier: EdgeConnection] = [:]
    private var rooms: [RoomName: Members] = [:]
    /// Calls that wait for the end of this tick, so that a burst of frames costs one hop.
    private var calls: [@Sendable (Hub) -> Void] = []
    /// Batches of the hub that are not delivered yet.
    private var waiting = WaitingBatches()
    private var isDeliveryDue = false
    private var pace = FanOutPace()
    /// Set once the node drains.
    private var schedule: DrainSchedule?
    var random = SystemRandomNumberGenerator()

    /// The live members of one room on this loop.
    private final class Members {
        var live: ContiguousArray<EdgeConnection> = []
        private var places: [ObjectIdentifier: Place] = [:]

        private struct Place {
            /// In `live`.
            var index: Int
            /// Of the hub's room that counts the member.
            var generation: UInt64
        }

        /// Returns the generation in which the connection was counted before, where it was.
        func insert(_ connection: EdgeConnection, of generation: UInt64) -> UInt64? {
            if let place = places[ObjectIdentifier(connection)] {
                places[ObjectIdentifier(connection)]?.generation = generation
                return place.generation
            }
            places[ObjectIdentifier(connection)] = Place(index: live.count, generation: generation)
            live.append(connection)
            return nil
        }

        /// Returns the generation in which the connection was counted.
        func remove(_ connection: EdgeConnection) -> UInt64? {
            guard let place = places.removeValue(forKey: ObjectIdentifier(connection)) else { return nil }
            let moved = live.removeLast()
            if moved !== connection {
                live[place.index] = moved
                places[ObjectIdentifier(moved)]?.index = place.index
            }
            return place.generation
        }
    }

    init(index: Int, loop: any EventLoop, hub: Hub) {
        self.index = index
        self.loop = loop
        self.hub = hub
    }

    /// Runs `body` on this shard's loop, in the order of the calls from one loop.
    func run(_ body: @escaping @Sendable (Shard) -> Void) {
        if loop.inEventLoop { body(self) } else { loop.execute { body(self) } }
    }

    /// Asks the hub, at the end of this tick.
    func ask(_ call: @escaping @Sendable (Hub) -> Void) {
        calls.append(call)
        guard calls.count == 1 else { return }
        loop.execute { [self] in
            let batch = calls
            calls = []
            if hub.loop.inEventLoop {
                for call in batch { call(hub) }
            } else {
                hub.loop.execute { [hub] in for call in batch { call(hub) } }
            }
        }
    }

    func opened(_ connection: EdgeConnection) {
        connections[ObjectIdentifier(connection)] = connection
        hub.metrics.connections.add(1)
    }

    func closed(_ connection: EdgeConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        hub.metrics.connections.add(-1)
    }

    /// The hub answered a join: live entries follow from here.
    func joined(
        _ connection: EdgeConnection, room: RoomName, of generation: UInt64, position: Position, frame: ByteBuffer
    ) {
        // What waits came before the position that the joiner starts from.
        if waiting.holds(room) { deliverWaiting() }
        guard connection.joined(room, position: position, frame: frame) else {
            return fanOutEnded(room, of: generation)
        }
        let members = rooms[room] ?? Members()
        rooms[room] = members
        if let before = members.insert(connection, of: generation) { fanOutEnded(room, of: before) }
    }

    /// The connection left the room's fan-out: it left, closed, or is paused.
    func removeFromFanOut(_ connection: EdgeConnection, room: RoomName) {
        guard let members = rooms[room], let generation = members.remove(connection) else { return }
        if members.live.isEmpty { rooms[room] = nil }
        fanOutEnded(room, of: generation)
    }

    private func fanOutEnded(_ room: RoomName, of generation: UInt64) {
        ask { [index] in $0.fanOutEnded(room, of: generation, shard: index) }
    }

    /// Takes what the hub made of one read from the broker. It is delivered with whatever else came by then: at the end
    /// of the tick, or under load after the rest that ``FanOutPace`` asks for.
    func deliver(_ batches: [RoomBatch]) {
        for batch in batches { waiting.append(batch) }
        guard !isDeliveryDue, !waiting.isEmpty else { return }
        isDeliveryDue = true
        let now = NIODeadline.now()
        let due = pace.due(arrivedAt: now)
        if due <= now {
            loop.execute { self.deliverWaiting() }
        } else {
            loop.scheduleTask(deadline: due) { self.deliverWaiting() }
        }
    }

    private func deliverWaiting() {
        isDeliveryDue = false
        guard !waiting.isEmpty else { return }
        let started = NIODeadline.now()
        let batches = waiting.take()
        let isAlone = batches.count == 1 && batches[0].segments.count == 1
        for batch in batches {
            guard let members = rooms[batch.room] else { continue }
            for segment in batch.segments { deliver(segment, of: batch.room, to: members, isAlone: isAlone) }
        }
        pace.delivered(from: started, to: .now())
    }

    private func deliver(
        _ segment: RoomBatch.Segment, of room: RoomName, to members: Members, isAlone: Bool
    ) {
        // A connection over its mark is taken out of `live` on the way: count down, so that the one moved into its place has been served.
        var place = members.live.count
        switch segment {
        case .entries(let frames, let count, let after):
            hub.metrics.deliveries.add(count * place)
            while place > 0 {
                place -= 1
                members.live[place].deliver(frames, entries: count, of: room, after: after, isAlone: isAlone)
            }
        case .frame(let frame, let except, let after):
            while place > 0 {
                place -= 1
                let connection = members.live[place]
                if !except.isEmpty, let session = connection.session, let own = except[session] {
                    if let own { connection.deliver(own, entries: 1, of: room, after: after, isAlone: isAlone) }
                } else {
                    connection.deliver(frame, entries: 1, of: room, after: after, isAlone: isAlone)
                }
            }
        }
    }

    /// After what waits: `restored` says that it has been delivered. Nobody hears anything before `welcome`.
    func tellEveryone(_ frame: ByteBuffer) {
        deliverWaiting()
        for connection in connections.values where connection.session != nil { connection.tell(frame) }
    }

    /// Tells each client its slot of the drain.
    func drain(_ schedule: DrainSchedule) {
        self.schedule = schedule
        for connection in connections.values where connection.session != nil { tellSlot(connection) }
    }

    /// The connection has been told `welcome`.
    func welcomed(_ connection: EdgeConnection) { tellSlot(connection) }

    private func tellSlot(_ connection: EdgeConnection) {
        guard let slot = schedule?.slot() else { return }
        let milliseconds = Int(slot.nanoseconds / 1_000_000)
        connection.tell(FrameBytes.text(.draining(reconnectAfterMilliseconds: milliseconds)))
    }

    func endAll(_ code: CloseCode, _ reason: String) {
        for connection in connections.values { connection.end(code, reason) }
    }

    var connectionCount: Int { connections.count }
}
