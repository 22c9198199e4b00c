import NIOCore

/// Tells a sender that is too slow: what it takes from a worker (a connection, a reservation) has a price in bytes.
///
/// Time is an account. It begins with the grace; each byte pays in what it would take at the lowest rate, up to the
/// grace again; real time is paid out. So a sender may pause for the grace at any time, but not live below the rate,
/// and bytes of long ago buy nothing. Time in which the worker itself does not read is not charged.
struct MinimumRate: Sendable {
    let bytesPerSecond: Int
    let grace: TimeAmount
    /// When the account is empty, as far as is known now.
    private var emptyAt: NIODeadline
    private var pausedAt: NIODeadline?

    init(bytesPerSecond: Int, grace: TimeAmount, now: NIODeadline) {
        self.bytesPerSecond = max(1, bytesPerSecond)
        self.grace = grace
        emptyAt = now + grace
    }

    /// When to look again, unless more has come until then; nil while it is paused.
    var deadline: NIODeadline? { pausedAt == nil ? emptyAt : nil }

    func isTooSlow(at now: NIODeadline) -> Bool { deadline.map { now >= $0 } ?? false }

    mutating func received(bytes: Int, at now: NIODeadline) {
        // More than the grace's worth changes nothing, and would overflow.
        let worth = min(Double(bytes) / Double(bytesPerSecond) * 1e9, Double(grace.nanoseconds))
        emptyAt = min(emptyAt + .nanoseconds(Int64(worth)), (pausedAt ?? now) + grace)
    }

    /// The worker stops reading: its disk is slower than the sender.
    mutating func paused(at now: NIODeadline) {
        if pausedAt == nil { pausedAt = now }
    }

    mutating func resumed(at now: NIODeadline) {
        guard let since = pausedAt else { return }
        pausedAt = nil
        emptyAt = emptyAt + (now - since)
    }
}
