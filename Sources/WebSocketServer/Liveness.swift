import NIOCore

/// When a silent peer is pinged, and when it counts as gone. Whatever it sends is a sign of life, so a busy connection
/// is never pinged.
struct Liveness {
    enum Action: Equatable {
        case none
        case ping
        case lost
    }

    /// Silence before a Ping. Drawn per connection, so that those accepted together are not pinged together.
    private let patience: TimeAmount
    private let pongTimeout: TimeAmount
    private var lastHeard: NIODeadline
    private var pingedAt: NIODeadline?

    init(patience: TimeAmount, pongTimeout: TimeAmount, now: NIODeadline) {
        self.patience = patience
        self.pongTimeout = pongTimeout
        self.lastHeard = now
    }

    mutating func heard(at now: NIODeadline) {
        lastHeard = now
    }

    mutating func timerFired(at now: NIODeadline) -> Action {
        if let pinged = pingedAt, lastHeard < pinged {
            return now - pinged >= pongTimeout ? .lost : .none
        }
        pingedAt = nil
        guard now - lastHeard >= patience else { return .none }
        pingedAt = now
        return .ping
    }
}
