import ChatBroker
import ChatWire
import FoundationEssentials
import HiredisClient
import Logging
import NIOCore

/// Takes and renews the node's lease. Bound to the event loop of its links.
///
/// A node and its reaper cannot both win: the node writes its lease and then looks for `tc:reap:<id>`; the reaper
/// writes that and then looks for the lease. A node that finds itself being reaped waits until that is over.
final class NodeLease: @unchecked Sendable {
    let node: NodeID
    private let keyspace: Keyspace
    private let timing: BrokerTiming
    private let links: LinkMonitor
    private let logger: Logger
    private var record: (@Sendable () -> NodeRecord)?
    private var renewal: RepeatedTask?
    private var isTaking = false
    private var isRefused = false

    /// Renewals began (true) or ceased to fail. While they do, other nodes' do too, and the leases of the living end.
    var onRefusal: (Bool) -> Void = { _ in }
    /// After each renewal that went through.
    var onRenewed: () -> Void = {}

    init(node: NodeID, keyspace: Keyspace, timing: BrokerTiming, links: LinkMonitor, logger: Logger) {
        self.node = node
        self.keyspace = keyspace
        self.timing = timing
        self.links = links
        self.logger = logger
    }

    var isRegistered: Bool { record != nil }

    func register(_ record: @escaping @Sendable () -> NodeRecord) {
        self.record = record
        links.registered()
        let interval = TimeAmount(timing.renewal)
        renewal?.cancel()
        renewal = links.commands.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) {
            [weak self] _ in self?.renew()
        }
    }

    func stop() {
        renewal?.cancel()
        renewal = nil
        record = nil
    }

    /// Deletes the lease; with no member left, what lists the node too. Members that are left are the reaper's.
    func withdraw(hasMembers: Bool) -> EventLoopFuture<Void> {
        stop()
        links.withdrew()
        let commands = links.commands
        let deleted = commands.send(DeleteKey(key: keyspace.lease(node)))
        guard !hasMembers else { return deleted }
        return
            deleted
            .and(commands.send(DeleteKey(key: keyspace.rooms(of: node))))
            .and(commands.send(RankedRemove(key: keyspace.nodes, member: node.value)))
            .map { _ in }
    }

    /// Takes the lease after the link came up.
    func take() {
        guard !isTaking else { return }
        isTaking = true
        write { [self] outcome in
            isTaking = false
            note(outcome)
            guard case .success(let found) = outcome, !found.isBeingReaped else { return }
            links.leaseHeld()
            onRenewed()
        }
    }

    func renew() {
        guard links.isUp, !isTaking else { return }
        write { [self] outcome in
            note(outcome)
            switch outcome {
            case .success(let found) where !found.hadLease || found.isBeingReaped:
                logger.warning("the node's lease ended; its members are put back")
                links.leaseLost()
            case .success:
                onRenewed()
            case .failure:
                break
            }
        }
    }

    /// Told and logged once for as long as it lasts.
    private func note(_ outcome: Result<Found, any Error>) {
        switch outcome {
        case .success:
            guard isRefused else { return }
            isRefused = false
            logger.notice("the node's lease is renewed again")
            onRefusal(false)
        case .failure(let error):
            guard !isRefused else { return }
            isRefused = true
            logger.warning("the node's lease was not renewed", metadata: ["error": "\(error)"])
            onRefusal(true)
        }
    }

    private struct Found {
        var hadLease: Bool
        var isBeingReaped: Bool
    }

    private func write(_ completed: @escaping (Result<Found, any Error>) -> Void) {
        guard var current = record?() else { return }
        if let lag = links.lag { current.lagMilliseconds = Double(lag.nanoseconds) / 1_000_000 }
        let json = ByteBuffer(bytes: (try? JSONEncoder().encode(current)) ?? Data())
        let commands = links.commands
        let life = timing.lease.milliseconds
        // A Redis that is out of memory refuses SET, but still extends what is there.
        let extended = commands.send(ExpireKey(key: keyspace.lease(node), milliseconds: life))
        let stored = commands.send(SetKey(key: keyspace.lease(node), value: json, milliseconds: life))
        _ = commands.send(RankedAdd(key: keyspace.nodes, member: node.value, score: WallClock.milliseconds()))
        let reaped = commands.send(KeyExists(key: keyspace.reap(node)))
        extended.and(reaped).flatMap { extended, reaped in
            let found = Found(hadLease: extended, isBeingReaped: reaped)
            return extended ? stored.map { _ in found }.recover { _ in found } : stored.map { _ in found }
        }.assumeIsolated().whenComplete(completed)
    }
}

extension Duration {
    var milliseconds: Int64 { TimeAmount(self).nanoseconds / 1_000_000 }
}
