import NIOConcurrencyHelpers

/// Every metric of a process, by name and labels, for one exporter.
///
/// Asking twice for the same name and labels gives the same instrument. Asking for a name under another kind, or for
/// more than ``seriesMax`` series, is a mistake of the code: the instrument then works, but is not exported, and
/// `termchat_metrics_refused_total` counts it.
public final class MetricsRegistry: Sendable {
    /// Series (a name with its labels) in all; labels have bounded values, so a process has a few hundred.
    public static let seriesMax = 5000

    public typealias Labels = [(String, String)]

    private let state = NIOLockedValueBox(State())
    private let refused = MetricCounter()

    public init() {
        counter("termchat_metrics_refused_total", "Metrics that are not exported because of a mistake in the code.") {
            [refused] in refused.value
        }
    }

    public func counter(_ name: String, _ help: String, labels: Labels = []) -> MetricCounter {
        instrument(name, help, labels, kind: .counter, make: MetricCounter.init) { .integer($0.value) }
    }

    /// A counter whose value is read at each scrape, on the scraper's thread.
    public func counter(
        _ name: String, _ help: String, labels: Labels = [], read: @escaping @Sendable () -> Int
    ) {
        sampled(name, help, labels, kind: .counter) { .integer(read()) }
    }

    /// A counter in fractions, as of seconds, read at each scrape; nil leaves it out of that scrape.
    public func counter(
        _ name: String, _ help: String, labels: Labels = [], readNumber: @escaping @Sendable () -> Double?
    ) {
        sampled(name, help, labels, kind: .counter) { readNumber().map(Sample.number) }
    }

    public func gauge(_ name: String, _ help: String, labels: Labels = []) -> MetricGauge {
        instrument(name, help, labels, kind: .gauge, make: MetricGauge.init) { .number($0.value) }
    }

    /// A gauge whose value is read at each scrape, on the scraper's thread; nil leaves it out of that scrape.
    public func gauge(
        _ name: String, _ help: String, labels: Labels = [], read: @escaping @Sendable () -> Double?
    ) {
        sampled(name, help, labels, kind: .gauge) { read().map(Sample.number) }
    }

    public func histogram(
        _ name: String, _ help: String, labels: Labels = [], bounds: [Double] = MetricHistogram.latencyBounds
    ) -> MetricHistogram {
        instrument(name, help, labels, kind: .histogram, make: { MetricHistogram(bounds: bounds) }) {
            let (cumulative, sum) = $0.snapshot()
            return .histogram(bounds: $0.bounds, cumulative: cumulative, sum: sum)
        }
    }

    /// Everything at this moment, as Prometheus text; names and labels are sorted, so two scrapes compare line by line.
    public func prometheusText() -> String {
        // The closures run outside the lock: one of them may ask the registry for an instrument.
        let families = state.withLockedValue { $0.families }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.begin(family: name, help: family.help, kind: family.kind)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                if let sample = series.sample() { text.add(sample, name: name, labels: labels) }
            }
        }
        return text.finished()
    }

    /// Takes a series out again, as swift-metrics asks for.
    func remove(instrument: AnyObject) {
        state.withLockedValue { $0.remove(instrument: instrument) }
    }

    private func instrument<Instrument: AnyObject & Sendable>(
        _ name: String, _ help: String, _ labels: Labels, kind: MetricKind, make: () -> Instrument,
        read: @escaping @Sendable (Instrument) -> Sample
    ) -> Instrument {
        let made = make()
        let added = Series(instrument: made) { read(made) }
        let kept = state.withLockedValue {
            $0.find(MetricName(name), help, MetricName.labels(labels), kind, orAdd: added)
        }
        if let existing = kept?.instrument as? Instrument { return existing }
        refused.increment()
        return made
    }

    private func sampled(
        _ name: String, _ help: String, _ labels: Labels, kind: MetricKind, read: @escaping @Sendable () -> Sample?
    ) {
        let isAdded = state.withLockedValue {
            $0.addSampled(MetricName(name), help, MetricName.labels(labels), kind, read)
        }
        if !isAdded { refused.increment() }
    }
}

extension MetricsRegistry {
    /// One name with one set of labels; either an instrument or closures whose values are added up.
    struct Series: Sendable {
        var instrument: (any AnyObject & Sendable)?
        var reads: [@Sendable () -> Sample?]

        init(instrument: (any AnyObject & Sendable)?, read: @escaping @Sendable () -> Sample?) {
            self.instrument = instrument
            reads = [read]
        }

        func sample() -> Sample? {
            reads.compactMap { $0() }.reduce(nil) { sum, sample in sum?.adding(sample) ?? sample }
        }
    }

    struct Family: Sendable {
        var help: String
        var kind: MetricKind
        /// By the labels as they are written.
        var series: [String: Series] = [:]
    }

    struct State: Sendable {
        var families: [String: Family] = [:]
        var seriesCount = 0

        /// The series of that name and labels, added if it is new; nil if it is of another kind or there is no room.
        mutating func find(
            _ name: MetricName, _ help: String, _ labels: String, _ kind: MetricKind, orAdd added: Series
        ) -> Series? {
            var family = families[name.text] ?? Family(help: help, kind: kind)
            guard family.kind == kind else { return nil }
            if let existing = family.series[labels] { return existing }
            guard seriesCount < MetricsRegistry.seriesMax else { return nil }
            family.series[labels] = added
            families[name.text] = family
            seriesCount += 1
            return added
        }

        mutating func addSampled(
            _ name: MetricName, _ help: String, _ labels: String, _ kind: MetricKind,
            _ read: @escaping @Sendable () -> Sample?
        ) -> Bool {
            if families[name.text]?.kind == kind, let existing = families[name.text]?.series[labels] {
                guard existing.instrument == nil else { return false }
                families[name.text]?.series[labels]?.reads.append(read)
                return true
            }
            return find(name, help, labels, kind, orAdd: Series(instrument: nil, read: read)) != nil
        }

        mutating func remove(instrument: AnyObject) {
            for (name, family) in families {
                for (labels, series) in family.series where series.instrument === instrument {
                    families[name]?.series[labels] = nil
                    seriesCount -= 1
                }
                if families[name]?.series.isEmpty == true { families[name] = nil }
            }
        }
    }
}
