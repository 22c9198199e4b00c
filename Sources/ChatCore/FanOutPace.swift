public import NIOCore

/// Decides when a shard delivers what has come: at once, unless it came so soon after the last delivery that the loop
/// would do little else; then the shard rests for as long as it worked, up to ``windowMax``, and what comes meanwhile
/// goes out together.
///
/// A delivery costs a system call per member however many entries it carries, so under load the rest buys larger
/// batches for a few milliseconds of latency, and the loop has time for its other work (docs/decisions/0017-fan-out-window.md).
public struct FanOutPace: Sendable {
    /// The longest rest.
    public static let windowMax = TimeAmount.milliseconds(5)
    /// Work that was shorter asks for no rest: there is little to save.
    public static let workMin = TimeAmount.microseconds(500)

    private var ended = NIODeadline.uptimeNanoseconds(0)
    private var worked = TimeAmount.zero

    public init() {}

    /// When what came at `now`, the first since the last delivery, is due; `now` itself where it need not wait.
    public func due(arrivedAt now: NIODeadline) -> NIODeadline {
        guard worked >= Self.workMin, (now - ended) * 2 < worked else { return now }
        return max(now, ended + min(worked, Self.windowMax))
    }

    /// A delivery was carried out.
    public mutating func delivered(from started: NIODeadline, to ended: NIODeadline) {
        self.ended = ended
        worked = ended - started
    }
}
