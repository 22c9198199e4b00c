import ChatBroker
import ChatWire
import HiredisClient
import Logging
import NIOCore

/// Looks after the other nodes and removes what a dead one left: the driver of ``Reaper``. Bound to the event loop of
/// its links.
final class NodeReaper: @unchecked Sendable {
    private let node: NodeID
    private let keyspace: Keyspace
    private let timing: BrokerTiming
    private let limits: BrokerLimits
    private let links: LinkMonitor
    private let logger: Logger
    private var reaper: Reaper
    private var watch: RepeatedTask?
    private var isLooking = false
    private var underway: Set<NodeID> = []
    /// Dead nodes whose reaping failed; logged once, and tried again with each look.
    private var failed: Set<NodeID> = []

    init(
        node: NodeID, keyspace: Keyspace, settings: RedisBrokerSettings, links: LinkMonitor, logger: Logger
    ) {
        self.node = node
        self.keyspace = keyspace
        timing = settings.timing
        limits = settings.limits
        self.links = links
        self.logger = logger
        reaper = Reaper(
            node: node, listenerGoneFor: TimeAmount(timing.listenerGoneFor), trustAfter: TimeAmount(timing.trustAfter))
    }

    private var commands: RedisCommandLink { links.commands }

    func start() {
        guard watch == nil else { return }
        let interval = TimeAmount(timing.observation)
        watch = commands.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
            [weak self] _ in self?.look()
        }
    }

    func stop() {
        watch?.cancel()
        watch = nil
    }

    func linkChanged(isUp: Bool) {
        reaper.linkChanged(isUp: isUp, at: .now())
        // At once: whoever is seen alive now is missed sooner.
        guard isUp, watch != nil else { return }
        commands.eventLoop.execute { [weak self] in self?.look() }
    }

    private func look() {
        guard links.isUp, !isLooking else { return }
        isLooking = true
        observe().assumeIsolated().whenComplete { [self] result in
            isLooking = false
            guard watch != nil, case .success(let nodes) = result else { return }
            failed.formIntersection(nodes.keys)
            for dead in reaper.observed(nodes, at: .now()) where underway.insert(dead).inserted { reap(dead) }
        }
    }

    private func observe() -> EventLoopFuture<[NodeID: Reaper.Observation]> {
        commands.send(RankedNewest(key: keyspace.nodes, count: limits.nodesMax)).flatMap { [self] listed in
            observe(listed.compactMap { NodeID($0.member) })
        }
    }

    private func observe(_ nodes: [NodeID]) -> EventLoopFuture<[NodeID: Reaper.Observation]> {
        guard !nodes.isEmpty else { return commands.eventLoop.makeSucceededFuture([:]) }
        let leases = nodes.map { commands.send(KeyExists(key: keyspace.lease($0))) }
        let listeners = commands.send(CountListeners(channels: nodes.map(keyspace.inbox)))
        return EventLoopFuture.whenAllSucceed(leases, on: commands.eventLoop).and(listeners).map { leases, listeners in
            var observations: [NodeID: Reaper.Observation] = [:]
            for (index, node) in nodes.enumerated() {
                observations[node] = .init(hasLease: leases[index], hasListener: listeners[index] > 0)
            }
            return observations
        }
    }

    /// The first to take `tc:reap:<id>` reaps, once it has seen again that the node is dead. The lease of a node that died
    /// with it is deleted first: one that is there later says that the node is back.
    private func reap(_ dead: NodeID) {
        let lock = SetKey(
            key: keyspace.reap(dead), value: ByteBuffer(string: node.value), milliseconds: timing.reapStep.milliseconds,
            onlyIfAbsent: true)
        commands.send(lock).flatMap { [self] isFirst -> EventLoopFuture<Void> in
            guard isFirst else { return commands.eventLoop.makeSucceededVoidFuture() }
            return observe([dead]).flatMap { [self] observed in
                guard observed[dead]?.isAlive == false else { return forget(dead) }
                return commands.send(DeleteKey(key: keyspace.lease(dead)))
                    .flatMap { [self] in reapRooms(of: dead) }
                    .flatMap { [self] in forget(dead) }
            }
        }.assumeIsolated().whenComplete { [self] result in
            underway.remove(dead)
            guard case .failure(let error) = result else {
                failed.remove(dead)
                return
            }
            guard failed.insert(dead).inserted else { return }
            logger.warning("a dead node was not reaped", metadata: ["dead": "\(dead)", "error": "\(error)"])
        }
    }

    /// Step by step, so that a node with many rooms keeps nobody waiting; until a step finds that this node may not go on.
    private func reapRooms(of dead: NodeID) -> EventLoopFuture<Void> {
        let key = keyspace.rooms(of: dead)
        return commands.send(SetSample(key: key, count: limits.reapRooms)).flatMap { [self] names in
            guard !names.isEmpty else { return commands.eventLoop.makeSucceededVoidFuture() }
            let steps = names.compactMap { try? RoomName($0) }.map { reap(dead, in: $0, from: "0") }
            return EventLoopFuture.whenAllSucceed(steps, on: commands.eventLoop).flatMap { [self] areDone in
                guard areDone.allSatisfy(\.self) else { return commands.eventLoop.makeSucceededVoidFuture() }
                return commands.send(SetRemove(key: key, members: names)).flatMap { [self] in reapRooms(of: dead) }
            }
        }
    }

    /// - Returns: whether the room is done; false where the node is back or another node reaps it now.
    private func reap(_ dead: NodeID, in room: RoomName, from cursor: String) -> EventLoopFuture<Bool> {
        let step = ReapStep(
            room: room, node: dead, cursor: cursor, count: limits.scanStep, reaper: node,
            lockMilliseconds: timing.reapStep.milliseconds, keyspace: keyspace)
        return links.scripts.run(step).flatMap { [self] outcome in
            switch outcome {
            case .done: commands.eventLoop.makeSucceededFuture(true)
            case .mustStop: commands.eventLoop.makeSucceededFuture(false)
            case .next(let cursor): reap(dead, in: room, from: cursor)
            }
        }
    }

    /// Ends the reaping: deletes what lists the node, unless it is back, and lets go of it.
    private func forget(_ dead: NodeID) -> EventLoopFuture<Void> {
        links.scripts.run(ForgetNode(node: dead, reaper: node, keyspace: keyspace)).map { [logger] isForgotten in
            guard isForgotten else { return }
            logger.notice("reaped a dead node", metadata: ["dead": "\(dead)"])
        }
    }
}
