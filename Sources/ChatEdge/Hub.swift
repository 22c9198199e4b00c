import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

/// Everything that an edge needs of the broker, as one value.
public typealias ClusterBroker = Broker & NodeRegistry & PresenceStore & RoomNotes & DirectRooms

/// Owns what a node has once: its rooms, its sessions with or without a connection, and the talk with the broker.
///
/// Bound to the broker's event loop, where every method runs. Shards ask by hops to this loop and are answered by
/// hops to theirs, so that what a shard is told about a room comes in one order. It is called for every batch, never for
/// every delivery.
final class Hub: BrokerReceiver, @unchecked Sendable {
    let loop: any EventLoop
    let broker: any ClusterBroker
    let node: NodeID
    let settings: EdgeSettings
    let logger: Logger
    let metrics: EdgeMetrics
    /// Set once before the first connection.
    var shards: [Shard] = []

    var sessions: SessionTable
    /// The connection of each attached session.
    var connections: [SessionID: EdgeConnection] = [:]
    var roomTable = RoomTable()
    var rooms: [RoomName: HubRoom] = [:]
    /// Joins about which the broker is asked before anything else, by their numbers.
    var preparing: [UInt64: JoinRequest] = [:]
    var markers = ReadMarkers()
    var link = LinkState.down(reason: "not connected yet")
    var isDraining = false
    /// `degraded` was said, and `restored` was not.
    var owesRestored = false
    /// A gap was told since, so that `restored` must not say that nothing was lost.
    var hasLostEntries = false
    var random = SystemRandomNumberGenerator()
    var claims: [UInt64: PendingClaim] = [:]
    /// The claim that is under way with a secret.
    var claiming: [ResumeToken: UInt64] = [:]
    var nextClaim: UInt64 = 0
    private var joinsSeen: UInt64 = 0
    private var roomsOpened: UInt64 = 0
    /// What clients read of the broker.
    var reads = ReadGate<@Sendable () -> Void>(
        weightMax: EdgeLimits.readWeightMax, waitingMax: EdgeLimits.readsWaitingMax)
    /// Pages that are read for searches or looked through.
    var searching = ReadGate<@Sendable () -> Void>(
        weightMax: EdgeLimits.searchedPagesMax, waitingMax: EdgeLimits.readsWaitingMax)
    /// Departures that the broker has not taken yet.
    var departures: [PendingDeparture] = []
    /// Records of resumed sessions that the broker has not moved here yet.
    private var takeovers: [PendingTakeover] = []
    private var sweep: RepeatedTask?
    /// Asked for by another node or `termchat-ctl`, over so many seconds.
    var onDrainRequest: (@Sendable (Double) -> Void)?

    typealias Gate = ReferenceWritableKeyPath<Hub, ReadGate<@Sendable () -> Void>> & Sendable

    struct PendingDeparture {
        var occupant: Occupant
        var room: RoomName
        var reason: Departure.Reason
    }

    /// A session that came from another node, and its record of a room.
    struct PendingTakeover {
        var occupant: Occupant
        var room: RoomName
        var from: NodeID
    }

    init(broker: any ClusterBroker, node: NodeID, settings: EdgeSettings, metrics: EdgeMetrics, logger: Logger) {
        self.broker = broker
        loop = broker.eventLoop
        self.node = node
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        sessions = SessionTable(grace: settings.grace)
    }

    func start(_ record: @escaping @Sendable () -> NodeRecord) {
        broker.start(self)
        broker.register(record)
        sweep = loop.scheduleRepeatedTask(
            initialDelay: EdgeLimits.sweepInterval, delay: EdgeLimits.sweepInterval
        ) { [weak self] _ in self?.sweepDeadlines() }
    }

    /// Others are to know at once that this node takes nobody any more.
    func drainBegan() { broker.recordChanged() }

    /// Leaves every room for every session, gives the lease up and stops the broker.
    func stop() -> EventLoopFuture<Void> {
        sweep?.cancel()
        for write in markers.takeAll() { writeMarker(write) }
        let farewell = sayFarewell()
        rooms = [:]
        return farewell.flatMap { self.broker.stop() }.always { _ in
            for page in self.searching.takeWaiting() { page() }
            for read in self.reads.takeWaiting() { read() }
        }
    }

    /// Completes when the broker has taken the leaves and the lease, and soon in any case: where it is away they would wait
    /// for it to come back, and the other nodes find out by themselves.
    private func sayFarewell() -> EventLoopFuture<Void> {
        guard link == .up else { return loop.makeSucceededVoidFuture() }
        let leaves = sessions.memberships().flatMap { room, members in
            members.map { member in
                broker.leave(occupant(member.session, member.user), room: room, reason: .left)
                    .map { _ in }.recover { _ in }
            }
        }
        let done = loop.makePromise(of: Void.self)
        let timeout = loop.scheduleTask(in: EdgeLimits.farewellMax) { done.succeed() }
        EventLoopFuture.andAllComplete(leaves, on: loop)
            .flatMap { self.broker.withdraw() }
            .whenComplete { _ in
                timeout.cancel()
                done.succeed()
            }
        return done.futureResult
    }

    /// What must be looked at by the clock: graces, lingering rooms, owed counts, departures to retry.
    private func sweepDeadlines() {
        let now = NIODeadline.now()
        for expired in sessions.expired(now: now) {
            depart(expired.session, user: expired.user, room: expired.room, reason: expired.reason)
            guard let connection = connections[expired.session] else { continue }
            connection.shard.run { _ in connection.keptNoMore(expired.room) }
        }
        for name in roomTable.expired(now: now) { close(name) }
        for room in rooms.values where room.owesCount { tellCount(room, now: now) }
        retryDepartures()
        retryTakeovers()
        retryRooms()
        writeDueMarkers(now: now)
        metrics.sessions.set(sessions.count)
        metrics.rooms.set(rooms.count)
    }

    private func close(_ name: RoomName) {
        guard let room = rooms.removeValue(forKey: name) else { return }
        fail(room.takeJoins(), .unavailable, "The room was closed; join again.")
        broker.unsubscribe(from: name)
    }

    // A departure is taken by the broker or tried again; the session is out of the room for this node at once.
    func depart(_ session: SessionID, user: UserName, room: RoomName, reason: Departure.Reason) {
        sessions.left(room, session)
        roomTable.left(room, session, now: .now())
        rooms[room]?.roster.withdrawn(session)
        leave(PendingDeparture(occupant: occupant(session, user), room: room, reason: reason))
    }

    private func leave(_ pending: PendingDeparture) {
        broker.leave(pending.occupant, room: pending.room, reason: pending.reason).whenFailure { [weak self] _ in
            guard let self, departures.count < EdgeLimits.departuresMax else { return }
            departures.append(pending)
        }
    }

    /// Only the broker's part: for this node the session left before, and may be about to join again.
    private func retryDepartures() {
        guard !departures.isEmpty, link == .up else { return }
        let again = departures
        departures = []
        for pending in again where sessions[pending.occupant.session]?.rooms[pending.room] == nil {
            leave(pending)
        }
    }

    /// Moves the record of a resumed session here, which nobody sees.
    func takeOver(_ pending: PendingTakeover) {
        broker.enter(pending.occupant, room: pending.room, takingOverFrom: pending.from).whenFailure {
            [weak self] _ in
            guard let self, takeovers.count < EdgeLimits.departuresMax else { return }
            takeovers.append(pending)
        }
    }

    private func retryTakeovers() {
        guard !takeovers.isEmpty, link == .up else { return }
        let again = takeovers
        takeovers = []
        for pending in again where sessions[pending.occupant.session]?.rooms[pending.room]?.isOurs == true {
            takeOver(pending)
        }
    }

    func newRoom(_ name: RoomName) -> HubRoom {
        roomsOpened &+= 1
        return HubRoom(name: name, generation: roomsOpened, shards: shards.count)
    }

    func nextJoin() -> UInt64 {
        joinsSeen &+= 1
        return joinsSeen
    }

    /// Reads of the broker for a client, when its turn has come. Fails with `.overloaded` where too many wait.
    func read<Value: Sendable>(
        weight: Int, _ start: @escaping @Sendable () -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        inTurn(\.reads, weight: weight, start)
    }

    /// The same at any gate.
    func inTurn<Value: Sendable>(
        _ gate: any Gate, weight: Int, _ start: @escaping @Sendable () -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        let promise = loop.makePromise(of: Value.self)
        let read: @Sendable () -> Void = { [self] in
            start().whenComplete { result in
                // In a tick of its own: where every read fails at once, one would start the next from within.
                for next in self[keyPath: gate].finished(weight: weight) { self.loop.execute(next) }
                promise.completeWith(result)
            }
        }
        switch self[keyPath: gate].enter(read, weight: weight) {
        case .start: read()
        case .wait: break
        case .refuse: promise.fail(BrokerError(.overloaded, "Too many clients read at once."))
        }
        return promise.futureResult
    }

    func occupant(_ session: SessionID, _ user: UserName) -> Occupant {
        Occupant(session: session, user: user, node: node)
    }
}
