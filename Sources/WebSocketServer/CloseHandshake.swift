import NIOCore

/// Where a connection stands between open and gone (RFC 6455 section 7): the one place that decides that a Close is sent,
/// so that it is sent once, and when the connection is cut.
struct CloseHandshake {
    private enum Phase: Equatable {
        /// Left by `close`, by the peer's Close or by a violation.
        case open
        /// Our Close is sent. Left by the peer's Close or its next violation; at the deadline the connection is reset.
        case awaitingPeer
        /// Nothing of the peer matters any more. Ends with the connection, at the deadline by a reset.
        case ending
    }

    /// What the driver must do.
    enum Action: Equatable {
        case none
        /// Send a Close, then go on reading until the peer's arrives.
        case send(CloseStatus, reason: String)
        /// Send a Close, end our side of the stream and drop what still comes until the peer ends its own: closing
        /// with bytes unread would reset the connection, and the Close might never arrive.
        case sendThenLinger(CloseStatus, reason: String)
        /// Answer the peer's Close with the same code, then close.
        case answerThenFinish(CloseStatus?)
        /// Both have sent a Close: close once everything is sent (the server goes first, section 7.1.1).
        case finish
        /// Cut the connection without waiting for what is unsent.
        case reset
    }

    private var phase = Phase.open
    private var deadline = NIODeadline.distantFuture
    /// From the first Close, of either side.
    private(set) var code: CloseStatus?
    private(set) var isClean = false

    var isOpen: Bool { phase == .open }

    mutating func close(_ code: CloseStatus, reason: String, until deadline: NIODeadline) -> Action {
        guard phase == .open else { return .none }
        (phase, self.code, self.deadline) = (.awaitingPeer, code, deadline)
        return .send(code, reason: reason)
    }

    mutating func received(_ code: CloseStatus?, until deadline: NIODeadline) -> Action {
        switch phase {
        case .open:
            (phase, self.code, self.deadline, isClean) = (.ending, code, deadline, true)
            return .answerThenFinish(code)
        case .awaitingPeer:
            (phase, isClean) = (.ending, true)
            return .finish
        case .ending:
            return .none
        }
    }

    mutating func violated(_ violation: ProtocolViolation, until deadline: NIODeadline) -> Action {
        switch phase {
        case .open:
            (phase, code, self.deadline) = (.ending, violation.code, deadline)
            return .sendThenLinger(violation.code, reason: violation.reason)
        case .awaitingPeer:
            phase = .ending
            return .finish
        case .ending:
            return .none
        }
    }

    /// The connection was cut by its owner.
    mutating func cut() {
        phase = .ending
    }

    mutating func timerFired(at now: NIODeadline) -> Action {
        guard phase != .open, now >= deadline else { return .none }
        deadline = .distantFuture
        return .reset
    }
}
