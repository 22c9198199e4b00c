public import NIOCore

/// A rate limit with a burst: `burst` at once, then `perSecond` on average.
public struct TokenBucket: Sendable {
    public let perSecond: Double
    public let burst: Double
    private var tokens: Double
    private var updated: NIODeadline

    public init(perSecond: Double, burst: Double, now: NIODeadline) {
        self.perSecond = perSecond
        self.burst = burst
        tokens = burst
        updated = now
    }

    /// Takes tokens, all of the burst where that is fewer. Returns nil where they were there, else the milliseconds until
    /// they will be.
    public mutating func take(_ wanted: Double = 1, now: NIODeadline) -> Int? {
        let cost = min(wanted, burst)
        let elapsed = Double((now - updated).nanoseconds) / 1e9
        if elapsed > 0 {
            tokens = min(burst, tokens + elapsed * perSecond)
            updated = now
        }
        guard tokens >= cost else {
            return max(1, Int(((cost - tokens) / perSecond * 1000).rounded(.up)))
        }
        tokens -= cost
        return nil
    }
}
