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

    /// Takes one token. Returns nil where there was one, else the milliseconds until there will be.
    public mutating func take(now: NIODeadline) -> Int? {
        let elapsed = Double((now - updated).nanoseconds) / 1e9
        if elapsed > 0 {
            tokens = min(burst, tokens + elapsed * perSecond)
            updated = now
        }
        guard tokens >= 1 else {
            return max(1, Int(((1 - tokens) / perSecond * 1000).rounded(.up)))
        }
        tokens -= 1
        return nil
    }
}
