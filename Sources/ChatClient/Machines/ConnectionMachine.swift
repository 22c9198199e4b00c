import NIOCore

/// Watches one connection from connecting to its end: says when to greet, and when it has been silent for too long.
struct ConnectionMachine: Sendable {
    enum State: Equatable {
        /// TCP, TLS and the upgrade are under way. Exits: `opened` → greeting; the deadline → closed.
        case opening(until: NIODeadline)
        /// `hello` is sent. Exits: `welcomed` → open; the deadline → closed.
        case greeting(until: NIODeadline)
        /// After one interval without a sound the client asks, one more later it gives up. A process that was
        /// stopped for long therefore asks first: the answer may already wait in its socket.
        case open(interval: TimeAmount, quietSince: NIODeadline, hasAsked: Bool)
        /// No exit.
        case closed
    }

    private(set) var state: State

    init(startedAt now: NIODeadline) {
        state = .opening(until: now + ClientLimits.openingTimeout)
    }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether `hello` was sent and not answered yet.
    var isGreeting: Bool {
        if case .greeting = state { true } else { false }
    }

    var deadline: NIODeadline? {
        switch state {
        case .opening(let until), .greeting(let until): until
        case .open(let interval, let quietSince, _): quietSince + interval
        case .closed: nil
        }
    }

    /// The upgrade is done.
    /// - Returns: whether to send `hello`.
    mutating func opened() -> Bool {
        guard case .opening(let until) = state else { return false }
        state = .greeting(until: until)
        return true
    }

    /// Any bytes came, control frames included.
    mutating func heard(at now: NIODeadline) {
        guard case .open(let interval, _, _) = state else { return }
        state = .open(interval: interval, quietSince: now, hasAsked: false)
    }

    /// - Parameter pingInterval: what `welcome` announced.
    /// - Returns: whether this was the answer to `hello`.
    mutating func welcomed(pingInterval: TimeAmount, at now: NIODeadline) -> Bool {
        guard case .greeting = state else { return false }
        let interval = min(max(pingInterval, Self.shortestInterval), Self.longestInterval)
        state = .open(interval: interval, quietSince: now, hasAsked: false)
        return true
    }

    enum TimerFired: Equatable {
        case nothing
        case sendPing
        /// Close the connection: it is dead, or never came to life.
        case giveUp
    }

    mutating func timerFired(at now: NIODeadline) -> TimerFired {
        guard let deadline, deadline <= now else { return .nothing }
        switch state {
        case .open(let interval, _, hasAsked: false):
            state = .open(interval: interval, quietSince: now, hasAsked: true)
            return .sendPing
        case .opening, .greeting, .open:
            state = .closed
            return .giveUp
        case .closed:
            return .nothing
        }
    }

    mutating func closed() { state = .closed }

    /// An edge's announcement is kept within these, so that none can make a client spin or wait forever.
    private static let shortestInterval = TimeAmount.milliseconds(100)
    private static let longestInterval = TimeAmount.minutes(5)
}
