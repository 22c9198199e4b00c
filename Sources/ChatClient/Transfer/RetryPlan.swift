import NIOCore

/// Whether and when a transfer that failed is tried again: as long as something moves now and then.
struct RetryPlan: Sendable {
    /// Without any progress for so long it gives up.
    let patience: TimeAmount
    private var lastProgress: NIODeadline
    private var attempt = 0

    init(patience: TimeAmount, now: NIODeadline) {
        self.patience = patience
        lastProgress = now
    }

    mutating func progressed(at now: NIODeadline) {
        lastProgress = now
        attempt = 0
    }

    /// How long to wait before the next try; nil where it gives up.
    /// - Parameter random: in 0..<1.
    mutating func delay(notBefore: TimeAmount?, at now: NIODeadline, random: Double) -> TimeAmount? {
        let asked = notBefore.flatMap { $0 <= TransferLimits.waitMax ? $0 + .seconds(1) : nil } ?? .zero
        let left = lastProgress + max(patience, asked) - now
        let backoff = Backoff().delay(attempt: attempt, random: random)
        attempt += 1
        let delay = max(backoff, notBefore ?? .zero)
        return delay < left ? delay : nil
    }
}
