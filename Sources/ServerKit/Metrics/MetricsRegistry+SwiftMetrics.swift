public import CoreMetrics

/// Lets libraries that use swift-metrics report into the registry: `MetricsSystem.bootstrap(RegistryFactory(registry))`.
/// Their timers become histograms in seconds.
public struct RegistryFactory: MetricsFactory {
    private let registry: MetricsRegistry

    public init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterBridge(registry.counter(label, Self.help(label), labels: dimensions))
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        GaugeBridge(registry.gauge(label, Self.help(label), labels: dimensions))
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return GaugeBridge(registry.gauge(label, Self.help(label), labels: dimensions)) }
        return HistogramBridge(
            registry.histogram(label, Self.help(label), labels: dimensions, bounds: Self.sizeBounds))
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        HistogramBridge(registry.histogram(label, Self.help(label), labels: dimensions))
    }

    public func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    private func destroy(_ handler: AnyObject) {
        if let bridge = handler as? any InstrumentBridge { registry.remove(instrument: bridge.instrument) }
    }

    /// Bounds for recorders of unknown unit: powers of four.
    private static let sizeBounds: [Double] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]

    private static func help(_ label: String) -> String { "Reported by a library as \(label)." }
}

private protocol InstrumentBridge: AnyObject {
    var instrument: any AnyObject { get }
}

private final class CounterBridge: CounterHandler, InstrumentBridge {
    private let counter: MetricCounter
    var instrument: any AnyObject { counter }

    init(_ counter: MetricCounter) { self.counter = counter }
    func increment(by amount: Int64) { counter.increment(by: Int(amount)) }
    func reset() { counter.reset() }
}

private final class GaugeBridge: MeterHandler, RecorderHandler, InstrumentBridge {
    private let gauge: MetricGauge
    var instrument: any AnyObject { gauge }

    init(_ gauge: MetricGauge) { self.gauge = gauge }
    func set(_ value: Int64) { gauge.set(Double(value)) }
    func set(_ value: Double) { gauge.set(value) }
    func increment(by amount: Double) { gauge.add(amount) }
    func decrement(by amount: Double) { gauge.add(-amount) }
    func record(_ value: Int64) { gauge.set(Double(value)) }
    func record(_ value: Double) { gauge.set(value) }
}

private final class HistogramBridge: TimerHandler, RecorderHandler, InstrumentBridge {
    private let histogram: MetricHistogram
    var instrument: any AnyObject { histogram }

    init(_ histogram: MetricHistogram) { self.histogram = histogram }
    func recordNanoseconds(_ duration: Int64) { histogram.observe(Double(duration) / 1e9) }
    func record(_ value: Int64) { histogram.observe(Double(value)) }
    func record(_ value: Double) { histogram.observe(value) }
}
