import ChatWire
import NIOCore

/// A message in the outbox, with what tells a later run whether it may send it again.
struct KeptMessage: Sendable, Equatable {
    var message: OutgoingMessage
    /// Milliseconds since 1970 on this machine's clock: when it was written, or when it could first be sent.
    var time: UInt64
    /// Nil where it was never sent.
    var place: Place?
}

/// Where and as whom a message may have been stored.
struct Place: Sendable, Equatable {
    /// Where the room's log ended before the message was first sent: if it is stored, it comes after this.
    var after: Position
    /// The name that the server knew the user by.
    var user: String
}

extension KeptMessage {
    /// When it was first sent, on the monotonic clock.
    /// - Parameter time: milliseconds since 1970, the same moment as `now`.
    func firstTry(at now: NIODeadline, time: UInt64) -> Outbox.FirstTry {
        guard place != nil else { return .none }
        // A clock that was set back, or a machine started since, leaves no way to tell.
        guard time >= self.time, let age = Int64(exactly: time - self.time),
            age < ClientLimits.keyRememberedFor.nanoseconds / 1_000_000,
            let first = UInt64(exactly: Int64(now.uptimeNanoseconds) - age * 1_000_000)
        else { return .longAgo }
        return .at(.uptimeNanoseconds(first))
    }
}
