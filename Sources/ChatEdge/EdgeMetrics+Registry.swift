import NIOConcurrencyHelpers
import NIOCore
import ServerKit

extension EdgeMetrics {
    /// Shows every number under its outside name, read at each scrape.
    func register(in registry: MetricsRegistry) {
        for item in descriptions {
            let value = item.value
            if item.isCounter {
                registry.counter(item.name, item.help) { value.current }
            } else {
                registry.gauge(item.name, item.help) { Double(value.current) }
            }
        }
    }
}

/// How fast a counter grows, between two looks at it.
final class GrowthRate: Sendable {
    private let last = NIOLockedValueBox<(total: Int, at: NIODeadline)>((0, .now()))

    /// Per second since the last look.
    func current(total: Int) -> Double {
        let now = NIODeadline.now()
        return last.withLockedValue { last in
            let seconds = Double((now - last.at).nanoseconds) / 1e9
            guard seconds > 0 else { return 0 }
            let rate = Double(total - last.total) / seconds
            last = (total, now)
            return (rate * 10).rounded() / 10
        }
    }
}
