import NIOCore

/// How long to wait before the next try: full jitter over a doubling range, so that clients which lost the same
/// edge do not come back together.
struct Backoff: Sendable, Equatable {
    var base = TimeAmount.milliseconds(Int64(ClientLimits.backoffBaseMilliseconds))
    var cap = TimeAmount.milliseconds(Int64(ClientLimits.backoffCapMilliseconds))

    /// The longest wait before try number `attempt`, counted from 0.
    func ceiling(attempt: Int) -> TimeAmount {
        let doublings = min(max(attempt, 0), 30)
        let (product, overflow) = base.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        return overflow ? cap : min(cap, .nanoseconds(product))
    }

    /// The wait before try number `attempt`.
    /// - Parameter random: in 0..<1.
    func delay(attempt: Int, random: Double) -> TimeAmount {
        .nanoseconds(Int64(Double(ceiling(attempt: attempt).nanoseconds) * min(max(random, 0), 1)))
    }
}
