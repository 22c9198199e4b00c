import Synchronization

/// What a server has done and holds, at one moment.
public struct WebSocketServerCounts: Sendable, Equatable {
    /// Connections now, those still shaking hands included.
    public var connections = 0
    /// Connections that were upgraded and are not gone.
    public var webSockets = 0
    /// Since the start:
    public var accepted = 0
    public var upgraded = 0
    /// HTTP requests answered with anything but 101.
    public var refused = 0
    /// Connections closed because the peer broke RFC 6455 or a limit.
    public var violations = 0
    /// Connections ended by a missed Pong.
    public var pongsMissed = 0
    /// Connections reset because too much waited for them.
    public var overflows = 0
    /// Times that accepting was paused at the limit of connections or descriptors.
    public var capacityPauses = 0
    /// Whether it is paused so now.
    public var isAtCapacity = false

    public init() {}
}

/// A number that every loop may change.
struct Counter: ~Copyable, Sendable {
    private let atomic = Atomic<Int>(0)

    var value: Int { atomic.load(ordering: .sequentiallyConsistent) }

    func add(_ amount: Int) {
        atomic.add(amount, ordering: .sequentiallyConsistent)
    }

    /// Returns what it was before.
    func set(_ value: Int) -> Int {
        atomic.exchange(value, ordering: .sequentiallyConsistent)
    }
}

/// The live counters, written by every loop; ``WebSocketServerCounts`` says what they mean.
final class ServerCounters: Sendable {
    let connections = Counter()
    let webSockets = Counter()
    let accepted = Counter()
    let upgraded = Counter()
    let refused = Counter()
    let violations = Counter()
    let pongsMissed = Counter()
    let overflows = Counter()
    let capacityPauses = Counter()
    /// 1 while at capacity, else 0.
    let atCapacity = Counter()

    var snapshot: WebSocketServerCounts {
        var counts = WebSocketServerCounts()
        counts.connections = connections.value
        counts.webSockets = webSockets.value
        counts.accepted = accepted.value
        counts.upgraded = upgraded.value
        counts.refused = refused.value
        counts.violations = violations.value
        counts.pongsMissed = pongsMissed.value
        counts.overflows = overflows.value
        counts.capacityPauses = capacityPauses.value
        counts.isAtCapacity = atCapacity.value == 1
        return counts
    }
}
