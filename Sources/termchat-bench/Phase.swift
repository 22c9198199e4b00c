import Synchronization

/// What the threads of a run tell each other.
final class Phase: Sendable {
    /// Connections that have joined.
    let live = Atomic<Int>(0)
    /// When publishing begins, in nanoseconds of the monotonic clock; 0 until every connection is live.
    let publishFrom = Atomic<UInt64>(0)
    let isOver = Atomic<Bool>(false)
    /// When any thread last received something.
    let lastHeard = Atomic<UInt64>(0)
}
