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
    private var watch = ServerWatch()
    private var isAsking = false
    private var nextQuestion = NIODeadline.now()
    private var logged = LoggedReasons()
    /// Why a link is down, as it was heard last; nil while the links are up.
    private(set) var trouble: String?

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
        commands.onReadOnly = { [weak self] in self?.leaveServer("The server became a replica.") }
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
        askServer()
        onTick()
    }

    /// Asks the server now and then whether it is the master still. An answer that does not come is the probe's matter.
    private func askServer() {
        let now = NIODeadline.now()
        guard commands.isUp, !isAsking, now >= nextQuestion else { return }
        isAsking = true
        nextQuestion = now + TimeAmount(timing.serverCheck)
        commands.send(InfoReplication()).assumeIsolated().whenComplete { [self] result in
            isAsking = false
            guard case .success(let server) = result, let reason = watch.reason(toLeave: server) else { return }
            leaveServer(reason)
        }
    }

    /// Both links are made anew: what one of them learnt holds for the other.
    private func leaveServer(_ reason: String) {
        commands.close(reason: reason)
        subscriptions.close(reason: reason)
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
            note(reason)
            run(health.commandLinkChanged(isUp: false, reason: reason, at: .now()))
        }
    }

    private func subscriptionLinkChanged(_ state: RedisLinkState) {
        switch state {
        case .up(let server):
            watch.ofSubscriptions = server
            run(health.subscriptionLinkChanged(isUp: true, reason: "", at: .now()))
        case .down(let reason):
            watch.ofSubscriptions = nil
            note(reason)
            run(health.subscriptionLinkChanged(isUp: false, reason: reason, at: .now()))
        }
    }

    /// The reason never holds the password: it is the server's or the socket's own text.
    private func note(_ reason: String) {
        trouble = reason
        guard logged.isNew(reason) else { return }
        logger.warning("no link to redis", metadata: ["reason": "\(reason)"])
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
                leaveServer(reason)
            case .announce(let state):
                if state == .up {
                    trouble = nil
                    logged.cameUp()
                }
                onStateChange(state)
            }
        }
    }
}
