import ChatBroker
import ChatCore
public import ChatWire
public import Logging
public import NIOCore
public import NIOPosix
public import ServerKit
import Synchronization
public import WebSocketServer

/// One running edge: start it, learn its port, stop it, wait for it. A test or another program can hold one.
public final class EdgeServer: Sendable {
    /// Where clients connect; the real port where 0 was asked for.
    public let address: SocketAddress
    public let node: NodeID
    private let settings: EdgeSettings
    private let hub: Hub
    private let shards: [Shard]
    private let socketServer: WebSocketListener
    private let metrics: EdgeMetrics
    private let watch: LoopWatch
    private let drain: DrainFlag
    /// What an operator asked for; nil keeps to the settings.
    private let drainAsked = Mutex<TimeAmount?>(nil)
    private let logger: Logger

    private init(
        address: SocketAddress, node: NodeID, settings: EdgeSettings, hub: Hub, shards: [Shard],
        socketServer: WebSocketListener, metrics: EdgeMetrics, watch: LoopWatch, drain: DrainFlag, logger: Logger
    ) {
        self.address = address
        self.node = node
        self.settings = settings
        self.hub = hub
        self.shards = shards
        self.socketServer = socketServer
        self.metrics = metrics
        self.watch = watch
        self.drain = drain
        self.logger = logger
    }

    /// Binds and serves until ``stop()``.
    /// - Parameters:
    ///   - broker: one that nobody else started; its loop is one of `group`'s.
    ///   - registry: where the edge's metrics are shown.
    /// - Throws: ``WebSocketServerError`` where the address cannot be bound.
    public static func start(
        _ settings: EdgeSettings, socket: WebSocketServerSettings, node: NodeID, broker: any ClusterBroker,
        authenticator: Authenticator, group: MultiThreadedEventLoopGroup, registry: MetricsRegistry, logger: Logger
    ) async throws -> EdgeServer {
        let metrics = EdgeMetrics()
        metrics.register(in: registry)
        let hub = Hub(broker: broker, node: node, settings: settings, metrics: metrics, logger: logger)
        let shards = group.makeIterator().enumerated().map { Shard(index: $0.offset, loop: $0.element, hub: hub) }
        hub.shards = shards
        let byLoop = Dictionary(uniqueKeysWithValues: shards.map { (ObjectIdentifier($0.loop), $0) })
        let gatekeeper = Gatekeeper(
            settings: settings, proxies: socket.trustedProxies,
            refusals: TokenRefusals(registry: registry, logger: logger), metrics: metrics)
        var authenticator = authenticator
        authenticator.gatekeeper = gatekeeper
        let drain = DrainFlag()
        let application = EdgeApplication(
            shards: byLoop, authenticator: authenticator, gatekeeper: gatekeeper,
            isDraining: { drain.isSet })
        let server = WebSocketListener(settings: socket, group: group, application: application, logger: logger)
        let address = try await server.start()
        SocketMetrics.register(server, in: registry)
        let edge = EdgeServer(
            address: address, node: node, settings: settings, hub: hub, shards: shards, socketServer: server,
            metrics: metrics, watch: LoopWatch(shards.map(\.loop)), drain: drain, logger: logger)
        let started = WallClock.milliseconds()
        hub.loop.execute { hub.start { [weak edge] in edge?.record(started: started) ?? .gone(node) } }
        return edge
    }

    /// Whether a load balancer should send clients here, and why not.
    public var readiness: Readiness {
        var reasons = watch.reasons(after: LoopWatch.unreadyAfter)
        if drain.isSet { reasons.append("draining") }
        if metrics.linkIsUp.current == 0 { reasons.append("the broker does not answer the probe") }
        if socketServer.isAtCapacity { reasons.append("at capacity") }
        return reasons.isEmpty ? .ready : .notReady(reasons: reasons)
    }

    /// Whether the process still works; where not, it should be restarted.
    public var health: Readiness {
        let reasons = watch.reasons(after: LoopWatch.unhealthyAfter)
        return reasons.isEmpty ? .ready : .notReady(reasons: reasons)
    }

    /// Has `begin` called when another node or `termchat-ctl` asks this one to drain: it leads to ``stop()``, which then takes
    /// the time that was asked for, as far as `stop` of the settings allows.
    public func onDrainRequest(_ begin: @escaping @Sendable () -> Void) {
        let (hub, settings) = (hub, settings)
        hub.loop.execute {
            hub.onDrainRequest = { [weak self] seconds in
                self?.drainAsked.withLock { $0 = settings.drainTime(asked: seconds) }
                begin()
            }
        }
    }

    /// Drains and ends: no new connections, each client gets its slot, whoever is left after the drain is closed with
    /// 4000, sessions leave their rooms, the lease is given up. Keeps well inside `stop` of the settings.
    public func stop() async {
        let (begun, budget) = (
            NIODeadline.now(), StopBudget(settings, drain: drainAsked.withLock { $0 } ?? settings.drain)
        )
        guard drain.set() else { return }
        logger.info("draining", metadata: ["connections": "\(metrics.connections.current)"])
        hub.loop.execute { [hub] in hub.drainBegan() }
        await socketServer.stopAccepting()
        let (connections, count) = (metrics.connections.current, shards.count)
        for shard in shards {
            let schedule = DrainSchedule(
                connections: connections, over: budget.drain, first: shard.index, step: count)
            shard.run { $0.drain(schedule) }
        }
        await connectionsGone(by: begun + budget.drain)
        for shard in shards { shard.run { $0.endAll(.draining, CloseCode.draining.reason) } }
        await socketServer.stop(deadline: .now() + budget.closing)
        await leaveBroker(by: begun + budget.broker)
        watch.stop()
        logger.info("stopped")
    }

    /// A broker that does not answer must not cost the process its orderly end.
    private func leaveBroker(by deadline: NIODeadline) async {
        let (hub, logger) = (hub, logger)
        let done = hub.loop.makePromise(of: Void.self)
        let late = hub.loop.scheduleTask(deadline: deadline) {
            logger.warning("the broker did not answer in time; other nodes take this node's members out")
            done.succeed()
        }
        hub.loop.flatSubmit { hub.stop() }.whenComplete { _ in
            late.cancel()
            done.succeed()
        }
        try? await done.futureResult.get()
    }

    private func connectionsGone(by deadline: NIODeadline) async {
        while metrics.connections.current > 0, NIODeadline.now() < deadline {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
        }
    }

    private func record(started: UInt64) -> NodeRecord {
        NodeRecord(
            node: node.name, id: node.value, address: "\(address.ipAddress ?? ""):\(address.port ?? 0)",
            version: settings.version, state: drain.isSet ? .draining : .up,
            connections: metrics.connections.current, rooms: metrics.rooms.current,
            messagesPerSecond: metrics.messageRate.current(total: metrics.entriesReceived.current), started: started,
            lagMilliseconds: 0)
    }
}

extension NodeRecord {
    /// What a node that is ending says of itself.
    fileprivate static func gone(_ node: NodeID) -> NodeRecord {
        NodeRecord(
            node: node.name, id: node.value, address: "", version: "", state: .draining, connections: 0, rooms: 0,
            messagesPerSecond: 0, started: 0, lagMilliseconds: 0)
    }
}

/// Whether the drain has begun: said once, looked at from every loop.
private final class DrainFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    /// False where it was set before.
    func set() -> Bool { !flag.exchange(true, ordering: .acquiringAndReleasing) }
}
