import ChatWire
public import NIOCore

extension InProcessBroker {
    /// What the nodes of one process share. Bound to its event loop; only ``InProcessBroker`` calls it.
    public final class Store: @unchecked Sendable {
        /// Rooms kept at once. At the limit the idle rooms are forgotten, and where none is idle a new one is refused.
        public static let roomsMax = 10_000
        /// How often the entries of silent rooms are looked at for their age.
        static let sweepInterval = TimeAmount.seconds(60)

        private struct Room {
            var history = RoomHistory()
            var roster = RoomRoster()
            var subscribers: Set<NodeID> = []
            var lastActivity: UInt64 = 0

            /// Nobody hears of it, is in it or can read anything from it.
            var isIdle: Bool { subscribers.isEmpty && roster.isEmpty && history.entries.isEmpty }
        }

        private struct Node {
            var broker: InProcessBroker
            var batch = DeliveryBatch()
        }

        public let eventLoop: any EventLoop
        private let bounds: HistoryBounds
        private let now: @Sendable () -> UInt64
        private var rooms: [RoomName: Room] = [:]
        private var attached: [NodeID: Node] = [:]
        private var shelf = FileShelf()
        private var notes = NoteShelf()
        private var leases: [NodeID: NodeRecord] = [:]
        private var isFlushing = false
        private var sweep: RepeatedTask?

        /// - Parameter now: milliseconds since 1970.
        public init(
            on eventLoop: any EventLoop, history bounds: HistoryBounds = HistoryBounds(),
            now: @escaping @Sendable () -> UInt64 = WallClock.milliseconds
        ) {
            self.eventLoop = eventLoop
            self.bounds = bounds
            self.now = now
        }
    }
}

extension InProcessBroker.Store {
    func attach(_ broker: InProcessBroker) {
        attached[broker.node] = Node(broker: broker)
        broker.hear(.up)
        guard sweep == nil else { return }
        sweep = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.sweepInterval, delay: Self.sweepInterval,
            { [weak self] _ in self?.trimSilentRooms() })
    }

    /// A node that goes without ``withdraw(_:)`` is a lost one: there is no lease to wait for.
    func detach(_ node: NodeID) {
        attached[node] = nil
        if leases.removeValue(forKey: node) != nil { reap(node) }
        for room in rooms.keys { rooms[room]?.subscribers.remove(node) }
        guard attached.isEmpty else { return }
        sweep?.cancel()
        sweep = nil
    }

    func publish(_ draft: Draft, to room: RoomName) throws -> Receipt {
        let time = now()
        let published = try change(room) { state in
            let published = try state.history.publish(draft, at: time, within: bounds)
            state.lastActivity = time
            return published
        }
        if let entry = published.entry { deliver(.entry(entry), to: room) }
        return published.receipt
    }

    func subscribe(_ node: NodeID, to room: RoomName) throws {
        try change(room) { _ = $0.subscribers.insert(node) }
    }

    func unsubscribe(_ node: NodeID, from room: RoomName) {
        rooms[room]?.subscribers.remove(node)
    }

    func history(of room: RoomName, _ query: HistoryQuery) -> HistoryPage {
        rooms[room]?.history.trim(at: now(), to: bounds)
        return (rooms[room]?.history ?? RoomHistory()).page(query)
    }

    /// Collects for every subscriber; they hear at the end of the tick.
    func deliver(_ event: RoomDelivery.Event, to room: RoomName) {
        for node in rooms[room]?.subscribers ?? [] { attached[node]?.batch.append(event, in: room) }
        guard !isFlushing else { return }
        isFlushing = true
        eventLoop.execute { self.flush() }
    }

    private func flush() {
        isFlushing = false
        for (id, node) in attached where !node.batch.isEmpty {
            guard let deliveries = attached[id]?.batch.take() else { continue }
            node.broker.hear(deliveries)
        }
    }

    private func trimSilentRooms() {
        let time = now()
        for room in rooms.keys { rooms[room]?.history.trim(at: time, to: bounds) }
    }

    /// Changes a room, which is made where it is not there yet.
    private func change<Value>(_ room: RoomName, _ body: (inout Room) throws -> Value) throws -> Value {
        if rooms[room] == nil, rooms.count >= Self.roomsMax {
            rooms = rooms.filter { !$0.value.isIdle }
            guard rooms.count < Self.roomsMax else {
                throw BrokerError(.overloaded, "More than \(Self.roomsMax) rooms are in use.")
            }
        }
        return try body(&rooms[room, default: Room()])
    }
}

extension InProcessBroker.Store {
    func enter(_ occupant: Occupant, room: RoomName, takingOverFrom previous: NodeID?) throws -> Occupant {
        let time = now()
        let entered = try change(room) { state in
            state.lastActivity = time
            return state.roster.enter(occupant, takingOverFrom: previous, at: time)
        }
        announce(entered.change, in: room)
        return entered.stored
    }

    func leave(_ occupant: Occupant, room: RoomName, reason: Departure.Reason) -> Bool {
        let change = rooms[room]?.roster.leave(occupant, reason: reason)
        announce(change, in: room)
        return change != nil
    }

    func occupants(of room: RoomName) -> [Occupant] { rooms[room]?.roster.occupants ?? [] }

    func reassert(_ occupants: [Occupant], room: RoomName) throws {
        let time = now()
        announce(try change(room) { $0.roster.reassert(occupants, at: time) }, in: room)
    }

    func summaries(limit: Int, among: Int, where isWanted: (RoomName) -> Bool) -> [RoomSummary] {
        let used = rooms.filter { $0.value.lastActivity > 0 && !$0.key.isDirect }.sorted {
            $0.value.lastActivity > $1.value.lastActivity
        }
        return used.prefix(among).filter { isWanted($0.key) }.prefix(limit).map { name, room in
            RoomSummary(
                room: name, members: room.roster.users, nodes: room.roster.nodes,
                messages: room.history.entries.count, lastActivity: room.lastActivity)
        }
    }

    private func announce(_ change: PresenceChange?, in room: RoomName) {
        guard let change else { return }
        deliver(.presence(change), to: room)
    }

    private func reap(_ node: NodeID) {
        for room in rooms.keys { announce(rooms[room]?.roster.reap(node), in: room) }
    }
}

extension InProcessBroker.Store {
    func reserve(_ reservation: UploadReservation) -> ReservationAnswer { shelf.reserve(reservation, at: now()) }

    func release(_ id: String, of account: UploadAccount, counting bytes: Int) {
        shelf.release(id, of: account, counting: bytes, at: now())
    }

    func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount) {
        shelf.renew(id, of: account, lifetime: lifetime, at: now())
    }

    func volume(_ id: String?) -> String? {
        shelf.record(volume: id)
        return shelf.volume
    }

    func announce(_ line: FileLine, in room: RoomName) throws -> Receipt {
        if let receipt = shelf.receipt(of: line.id) { return Receipt(id: receipt.id, isDuplicate: true) }
        let receipt = try publish(try Draft(announcing: line), to: room)
        shelf.put(line, in: room, receipt)
        return receipt
    }

    func files(of room: RoomName, before: String?, limit: Int) -> FilePage {
        shelf.page(of: room, before: before, limit: limit)
    }

    func forget(_ id: String) { shelf.forget(id) }
}

extension InProcessBroker.Store {
    func topic(of room: RoomName) -> Topic? { notes.topic(of: room) }

    func setTopic(_ text: String, by user: UserName, session: SessionID, in room: RoomName) -> Topic {
        let topic = notes.setTopic(text, by: user, in: room, at: now())
        deliver(.topic(topic, session), to: room)
        return topic
    }

    func readMarker(of principal: Principal, in room: RoomName) -> Position? {
        notes.marker(of: principal, in: room)
    }

    func markRead(_ mark: ReadMark, in room: RoomName, isTold: Bool) {
        if notes.mark(mark, in: room), isTold { deliver(.read(mark), to: room) }
    }

    func noteDirect(_ pair: DirectPair) throws { notes.note(pair, as: try pair.room, at: now()) }

    func directPair(of room: RoomName) -> DirectPair? { notes.pair(of: room) }

    func directs(of principal: Principal, limit: Int) -> [DirectRoom] { notes.directs(of: principal, limit: limit) }
}

extension InProcessBroker.Store {
    var records: [NodeRecord] { Array(leases.values) }

    func renew(_ record: NodeRecord, of node: NodeID) { leases[node] = record }

    func withdraw(_ node: NodeID) { leases[node] = nil }

    func send(_ message: NodeMessage, to node: NodeID?) -> Int {
        let heard = node.map { id in attached[id].map { [$0] } ?? [] } ?? Array(attached.values)
        for node in heard { node.broker.hear(message) }
        return heard.count
    }
}
