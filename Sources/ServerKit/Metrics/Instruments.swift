import Synchronization

/// A number that only grows, counted from any thread.
public final class MetricCounter: Sendable {
    private let count = Atomic<Int>(0)

    /// - Parameter amount: not negative.
    @inline(__always)
    public func increment(by amount: Int = 1) {
        count.add(amount, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// A counter with one writing thread, an event loop: counting is a plain load and store, and a scrape reads it from
/// outside. Give the registry a closure that reads it; closures of the same series are added up.
public final class LoopCounter: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    @inline(__always)
    public func increment(by amount: Int = 1) {
        count.store(count.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class MetricGauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    public func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often values fell at or below each of a few fixed bounds.
public final class MetricHistogram: Sendable {
    /// Seconds, from half a millisecond to ten seconds.
    public static let latencyBounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    let bounds: [Double]
    private let counts: [MetricCounter]
    private let total = MetricGauge()

    /// - Parameter bounds: the upper bounds, without infinity.
    init(bounds: [Double]) {
        self.bounds = Set(bounds.filter(\.isFinite)).sorted()
        counts = (0...self.bounds.count).map { _ in MetricCounter() }
    }

    /// Records a value in the unit of the metric's name.
    public func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[index].increment()
        total.add(value)
    }

    public func observe(_ duration: Duration) { observe(duration / .seconds(1)) }

    /// The counts of each bound and of infinity, each with those below it, and the sum of all values.
    func snapshot() -> (cumulative: [Int], sum: Double) {
        var running = 0
        let cumulative = counts.map { count in
            running += count.value
            return running
        }
        return (cumulative, total.value)
    }
}
