import ChatBroker
import HiredisClient

/// What a failed write means for what it wrote.
enum WriteFailure {
    /// This attempt had no effect; the error for the caller.
    case refused(BrokerError)
    /// It may have had its effect.
    case lost
    /// The answer is not one that this broker knows: asking again would not help.
    case wrong(BrokerError)

    /// The words with which Redis refuses a command before it is carried out.
    private static let refusals: Set<String> = [
        "READONLY", "MISCONF", "OOM", "NOREPLICAS", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "TRYAGAIN", "MOVED", "ASK",
        "BUSY", "NOAUTH", "NOPERM",
    ]

    init(_ error: any Error) {
        guard let error = error as? RedisError else {
            self = .wrong(BrokerError(.unexpectedReply, "The write failed.", cause: error))
            return
        }
        switch error.code {
        case .notSent, .disconnected, .unsubscribed, .invalidURL:
            self = .refused(BrokerError(.unavailable, "There is no link to Redis.", cause: error))
        case .overloaded:
            self = .refused(BrokerError(.overloaded, "Too much waits for Redis.", cause: error))
        case .stopped:
            self = .refused(BrokerError(.stopped, "The broker was stopped.", cause: error))
        case .lost:
            self = .lost
        case .reply where error.replyPrefix.map(Self.refusals.contains) ?? false:
            self = .refused(BrokerError(.unavailable, "Redis refuses writes.", cause: error))
        case .reply, .protocolViolation:
            self = .wrong(BrokerError(.unexpectedReply, "Redis answered a write with an error.", cause: error))
        }
    }
}

extension BrokerError {
    /// A failed read, or a failed write that needs no certainty.
    init(reading error: any Error) {
        switch WriteFailure(error) {
        case .refused(let error), .wrong(let error): self = error
        case .lost: self.init(.unavailable, "The link to Redis broke.", cause: error)
        }
    }
}
