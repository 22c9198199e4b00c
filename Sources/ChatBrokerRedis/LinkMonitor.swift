import ChatBroker
import ChatWire
import HiredisClient
import Logging
import NIOCore

/// Keeps the two links to Redis, probes the way through both, and says what ``LinkHealth`` makes of it.
/// Bound to its event loop.
final class LinkMonitor: @unchecked Sendable {
    let commands: RedisCommandLink
    let subscriptions: RedisSubscriptionLink
    let scripts: ScriptRunner

    /// Where probes go; nil probes nothing.
    private let inbox: String?
    private let timing: BrokerTiming
    private let logger: Logger
    private var health: LinkHealth
    private var tick: RepeatedTask?
    private var replicationID: String?

    var onStateChange: (LinkState) -> Void = { _ in }
    /// The node's lease is wanted; ``leaseHeld()`` answers. Asked again at each tick until then.
    var onLeaseWanted: () -> Void = {}
    /// Several times a second, whatever the state.
    var onTick: () -> Void = {}

    init(
        settings: RedisSettings, inbox: String?, timing: BrokerTiming, eventLoop: any EventLoop, logger: Logger
    ) {
        commands = RedisCommandLink(settings: settings, eventLoop: eventLoop, logger: logger)
        subscriptions = RedisSubscriptionLink(settings: settings, eventLoop: eventLoop, logger: logger)
        scripts = ScriptRunner(link: commands)
        self.inbox = inbox
        self.timing = timing
        self.logger = logger
        health = LinkHealth(
            timing: .init(
                probe: TimeAmount(timing.probe), silenceMax: TimeAmount(timing.silenceMax),
                halfOpenAfter: TimeAmount(timing.halfOpenAfter)),
            probes: inbox != nil)
    }

    var isUp: Bool { health.isUp }

    /// The last probe's way there and back.
    var lag: TimeAmount? { health.lag }

    func start() {
        commands.onStateChange = { [weak self] in self?.commandLinkChanged($0) }
        subscriptions.onStateChange = { [weak self] in self?.subscriptionLinkChanged($0) }
        commands.start()
        subscriptions.start()
        let interval = TimeAmount(timing.probe / 2)
        tick = commands.eventLoop.scheduleRepeatedTask(
            initialDelay: interval, delay: interval
        ) { [weak self] _ in self?.ticked() }
    }

    func stop() -> EventLoopFuture<Void> {
        tick?.cancel()
        tick = nil
        return commands.stop().and(subscriptions.stop()).map { _ in }
    }

    func echoed(_ nonce: UInt64) { run(health.echoed(nonce, at: .now())) }

    func registered() { run(health.registered()) }

    func withdrew() { run(health.withdrew()) }

    func leaseHeld() { run(health.leaseHeld()) }

    func leaseLost() { run(health.leaseLost()) }

    private func ticked() {
        run(health.ticked(at: .now()))
        onTick()
    }

    private func commandLinkChanged(_ state: RedisLinkState) {
        switch state {
        case .up(let server):
            if let old = replicationID, old != server.replicationID {
                logger.notice(
                    "another history of Redis is served: a failover or a restart",
                    metadata: ["before": "\(old)", "now": "\(server.replicationID)"])
            }
            replicationID = server.replicationID
            scripts.load()
            run(health.commandLinkChanged(isUp: true, reason: "", at: .now()))
        case .down(let reason):
            run(health.commandLinkChanged(isUp: false, reason: reason, at: .now()))
        }
    }

    private func subscriptionLinkChanged(_ state: RedisLinkState) {
        switch state {
        case .up: run(health.subscriptionLinkChanged(isUp: true, reason: "", at: .now()))
        case .down(let reason): run(health.subscriptionLinkChanged(isUp: false, reason: reason, at: .now()))
        }
    }

    private func run(_ actions: [LinkHealth.Action]) {
        for action in actions {
            switch action {
            case .sendProbe(let nonce):
                guard let inbox else { continue }
                // A probe that fails stays unanswered, which is what counts.
                _ = commands.send(Publish(channel: inbox, payload: InboxPayload.probe(nonce)))
            case .takeLease:
                onLeaseWanted()
            case .closeLinks(let reason):
                commands.close(reason: reason)
                subscriptions.close(reason: reason)
            case .announce(let state):
                onStateChange(state)
            }
        }
    }
}
