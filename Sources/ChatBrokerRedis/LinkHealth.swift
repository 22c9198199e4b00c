import ChatBroker
import NIOCore

/// Whether the node and Redis hear each other, judged by probes that go out on the command link and must come back on
/// the subscription link. No I/O and no clock.
///
/// Without probes the links' own states decide. A node with a lease is up only once it holds its lease again.
struct LinkHealth {
    struct Timing {
        var probe: TimeAmount
        var silenceMax: TimeAmount
        var halfOpenAfter: TimeAmount
    }

    enum Action: Equatable {
        case sendProbe(UInt64)
        /// Both links are up and heard: take or renew the lease, then say ``leaseHeld()``.
        case takeLease
        /// Close both links, so that they are made anew.
        case closeLinks(reason: String)
        case announce(LinkState)
    }

    private enum Phase {
        /// At least one link is down. Leaves when both are up.
        case apart
        /// Both are up; the first echo is awaited, or the first after too long a silence.
        case unheard
        /// Heard; the lease is awaited.
        case leaseless
        case up
    }

    private struct Probe {
        var nonce: UInt64
        var sent: NIODeadline
    }

    private let timing: Timing
    private let probes: Bool
    private var hasLease: Bool
    private var phase = Phase.apart
    private var isCommandUp = false
    private var isSubscriptionUp = false
    /// Oldest first; bounded, because silence closes the links after `halfOpenAfter`.
    private var unanswered: [Probe] = []
    private var lastSent: NIODeadline?
    private var nextNonce: UInt64 = 1
    /// The way of the last echo, there and back.
    private(set) var lag: TimeAmount?

    init(timing: Timing, probes: Bool, hasLease: Bool = false) {
        self.timing = timing
        self.probes = probes
        self.hasLease = hasLease
    }

    var isUp: Bool { phase == .up }

    mutating func commandLinkChanged(isUp: Bool, reason: String, at now: NIODeadline) -> [Action] {
        isCommandUp = isUp
        return linksChanged(reason: reason, at: now)
    }

    mutating func subscriptionLinkChanged(isUp: Bool, reason: String, at now: NIODeadline) -> [Action] {
        isSubscriptionUp = isUp
        return linksChanged(reason: reason, at: now)
    }

    private mutating func linksChanged(reason: String, at now: NIODeadline) -> [Action] {
        unanswered = []
        lastSent = nil
        let wasUp = isUp
        guard isCommandUp, isSubscriptionUp else {
            phase = .apart
            return wasUp ? [.announce(.down(reason: reason))] : []
        }
        phase = .unheard
        return probes ? probe(at: now) : heard()
    }

    /// Call it a few times per probe interval.
    mutating func ticked(at now: NIODeadline) -> [Action] {
        var actions: [Action] = phase == .leaseless ? [.takeLease] : []
        guard probes, isCommandUp, isSubscriptionUp else { return actions }
        if let oldest = unanswered.first?.sent, now >= oldest + timing.silenceMax {
            if now >= oldest + timing.halfOpenAfter {
                unanswered = []
                actions.append(.closeLinks(reason: "No probe came back for \(timing.halfOpenAfter.words)."))
            }
            if isUp {
                actions.insert(.announce(.down(reason: "No probe came back for \(timing.silenceMax.words).")), at: 0)
            }
            phase = .unheard
        }
        if lastSent.map({ now >= $0 + timing.probe }) ?? true { actions += probe(at: now) }
        return actions
    }

    mutating func echoed(_ nonce: UInt64, at now: NIODeadline) -> [Action] {
        guard let place = unanswered.firstIndex(where: { $0.nonce == nonce }) else { return [] }
        lag = now - unanswered[place].sent
        unanswered.removeFirst(place + 1)
        switch phase {
        case .unheard: return heard()
        case .apart, .leaseless, .up: return []
        }
    }

    /// From now on being up needs a lease.
    mutating func registered() -> [Action] {
        hasLease = true
        return isUp ? [.takeLease] : []
    }

    mutating func withdrew() -> [Action] {
        hasLease = false
        return leaseHeld()
    }

    mutating func leaseHeld() -> [Action] {
        guard phase == .leaseless else { return [] }
        phase = .up
        return [.announce(.up)]
    }

    /// The lease ended and others removed this node's members: the receiver hears it as a link that was down.
    mutating func leaseLost() -> [Action] {
        guard isUp else { return [] }
        phase = .leaseless
        return [.announce(.down(reason: "The node's lease ended.")), .takeLease]
    }

    private mutating func heard() -> [Action] {
        phase = .leaseless
        return hasLease ? [.takeLease] : leaseHeld()
    }

    private mutating func probe(at now: NIODeadline) -> [Action] {
        let nonce = nextNonce
        nextNonce += 1
        lastSent = now
        unanswered.append(Probe(nonce: nonce, sent: now))
        return [.sendProbe(nonce)]
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    fileprivate var words: String { "\(nanoseconds / 1_000_000) ms" }
}
