import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

/// Everything that an edge needs of the broker, as one value.
public typealias ClusterBroker = Broker & NodeRegistry & PresenceStore

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
    var link = LinkState.down(reason: "not connected yet")
    var isDraining = false
    /// `degraded` was said, and `restored` was not.
    var owesRestored = false
    var random = SystemRandomNumberGenerator()
    var claims: [UInt64: PendingClaim] = [:]
    var nextClaim: UInt64 = 0
    /// Departures that the broker has not taken yet.
    var departures: [PendingDeparture] = []
    private var sweep: RepeatedTask?
    /// Asked for by another node or `termchat-ctl`, over so many seconds.
    var onDrainRequest: (@Sendable (Double) -> Void)?

    struct PendingDeparture {
        var occupant: Occupant
        var room: RoomName
        var reason: Departure.Reason
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

    /// Leaves every room for every session, gives the lease up and stops the broker.
    func stop() -> EventLoopFuture<Void> {
        sweep?.cancel()
        let memberships = sessions.memberships()
        let leaves = memberships.flatMap { room, members in
            members.map { member in
                broker.leave(
                    Occupant(session: member.session, user: member.user, node: node), room: room, reason: .left
                )
                .map { _ in }.recover { _ in }
            }
        }
        rooms = [:]
        return EventLoopFuture.andAllComplete(leaves, on: loop)
            .flatMap { self.broker.withdraw() }
            .flatMapError { _ in self.loop.makeSucceededVoidFuture() }
            .flatMap { self.broker.stop() }
    }

    /// What must be looked at by the clock: graces, lingering rooms, owed counts, departures to retry.
    private func sweepDeadlines() {
        let now = NIODeadline.now()
        for expired in sessions.expired(now: now) {
            depart(expired.session, user: expired.user, room: expired.room, reason: expired.reason)
        }
        for name in roomTable.expired(now: now) { close(name) }
        for room in rooms.values where room.owesCount { tellCount(room, now: now) }
        retryDepartures()
        retryRooms()
        metrics.sessions.set(sessions.count)
        metrics.rooms.set(rooms.count)
    }

    private func close(_ name: RoomName) {
        guard let room = rooms.removeValue(forKey: name) else { return }
        fail(room.waiting, .unavailable, "The room was closed; join again.")
        room.waiting = []
        broker.unsubscribe(from: name)
    }

    // A departure is taken by the broker or tried again; the session is out of the room for this node at once.
    func depart(_ session: SessionID, user: UserName, room: RoomName, reason: Departure.Reason) {
        sessions.left(room, session)
        roomTable.left(room, session, now: .now())
        rooms[room]?.roster.withdrawn(session)
        let pending = PendingDeparture(
            occupant: Occupant(session: session, user: user, node: node), room: room, reason: reason)
        broker.leave(pending.occupant, room: room, reason: reason).whenFailure { [weak self] _ in
            guard let self, departures.count < EdgeLimits.departuresMax else { return }
            departures.append(pending)
        }
    }

    private func retryDepartures() {
        guard !departures.isEmpty, link == .up else { return }
        let again = departures
        departures = []
        for pending in again where sessions[pending.occupant.session]?.rooms[pending.room] == nil {
            depart(pending.occupant.session, user: pending.occupant.user, room: pending.room, reason: pending.reason)
        }
    }

    func occupant(_ session: SessionID, _ user: UserName) -> Occupant {
        Occupant(session: session, user: user, node: node)
    }
}
