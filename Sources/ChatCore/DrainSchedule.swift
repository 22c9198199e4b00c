public import NIOCore

/// Spreads the moves of a drained node's clients evenly over the drain, so that no other node sees a wave.
public struct DrainSchedule: Sendable {
    private let total: Int
    private let over: TimeAmount
    private let step: Int
    private var next: Int

    /// - Parameters:
    ///   - connections: of the whole node.
    ///   - first: the first place that this schedule gives; with `step` each of several loops takes its share.
    public init(connections: Int, over: TimeAmount, first: Int = 0, step: Int = 1) {
        total = max(1, connections)
        self.over = over
        self.step = step
        next = first
    }

    /// The next client's own slot, from now; the last one is at the end of the drain.
    public mutating func slot() -> TimeAmount {
        defer { next += step }
        return .nanoseconds(over.nanoseconds / Int64(total) * Int64(min(next, total)))
    }
}
