public import NIOCore

/// Spreads the moves of a drained node's clients evenly over the drain, so that no other node sees a wave.
public struct DrainSchedule: Sendable {
    private let total: Int
    private let over: TimeAmount
    private var next = 0

    public init(connections: Int, over: TimeAmount) {
        total = max(1, connections)
        self.over = over
    }

    /// The next client's own slot, from now; the last one is at the end of the drain.
    public mutating func slot() -> TimeAmount {
        defer { next += 1 }
        return .nanoseconds(over.nanoseconds / Int64(total) * Int64(min(next, total)))
    }
}
