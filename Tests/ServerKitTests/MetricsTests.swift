import CoreMetrics
import Foundation
import ServerKit
import Testing

@Suite struct MetricsTests {
    /// What every registry says of itself.
    static let own = """
        # HELP termchat_metrics_refused_total Metrics that are not exported because of a mistake in the code.
        # TYPE termchat_metrics_refused_total counter
        termchat_metrics_refused_total 0

        """

    @Test func theTextIsWhatPrometheusReads() {
        let registry = MetricsRegistry()
        registry.counter(
            "a_frames_total", "Frames.\nBy type, \\ and all.", labels: [("type", "send"), ("a", "x\"y\\z\nw")]
        )
        .increment(by: 3)
        registry.counter("a_frames_total", "Frames.\nBy type, \\ and all.", labels: [("type", "join")]).increment()
        registry.gauge("b_rooms", "Rooms with a session here.").set(2.5)
        registry.gauge("b_unknown", "Not known now.") { nil }
        registry.gauge("b_infinite", "Without end.") { -.infinity }
        let wait = registry.histogram("c_wait_seconds", "Waiting.", labels: [("queue", "out")], bounds: [1, 0.1])
        for value in [0.05, 0.1, 0.5, 7] { wait.observe(value) }
        #expect(
            registry.prometheusText() == """
                # HELP a_frames_total Frames.\\nBy type, \\\\ and all.
                # TYPE a_frames_total counter
                a_frames_total{a="x\\"y\\\\z\\nw",type="send"} 3
                a_frames_total{type="join"} 1
                # HELP b_infinite Without end.
                # TYPE b_infinite gauge
                b_infinite -Inf
                # HELP b_rooms Rooms with a session here.
                # TYPE b_rooms gauge
                b_rooms 2.5
                # HELP b_unknown Not known now.
                # TYPE b_unknown gauge
                # HELP c_wait_seconds Waiting.
                # TYPE c_wait_seconds histogram
                c_wait_seconds_bucket{queue="out",le="0.1"} 2
                c_wait_seconds_bucket{queue="out",le="1"} 3
                c_wait_seconds_bucket{queue="out",le="+Inf"} 4
                c_wait_seconds_sum{queue="out"} 7.65
                c_wait_seconds_count{queue="out"} 4

                """ + Self.own)
    }

    @Test func theSameNameAndLabelsAreOneInstrument() {
        let registry = MetricsRegistry()
        let first = registry.counter("x_total", "X.", labels: [("a", "1"), ("b", "2")])
        let second = registry.counter("x_total", "X.", labels: [("b", "2"), ("a", "1")])
        #expect(first === second)
        #expect(first !== registry.counter("x_total", "X.", labels: [("a", "1")]))
    }

    @Test func aNameOfAnotherKindIsRefusedAndCounted() {
        let registry = MetricsRegistry()
        _ = registry.counter("x_total", "X.")
        registry.gauge("x_total", "X.").set(5)
        registry.counter("x_total", "X.") { 7 }
        let text = registry.prometheusText()
        #expect(text.contains("\nx_total 0\n"))
        #expect(text.contains("termchat_metrics_refused_total 2"))
    }

    @Test func seriesAreBounded() {
        let registry = MetricsRegistry()
        for index in 0..<MetricsRegistry.seriesMax + 10 {
            registry.counter("x_total", "X.", labels: [("n", "\(index)")]).increment()
        }
        let text = registry.prometheusText()
        #expect(text.split(separator: "\n").count { $0.hasPrefix("x_total{") } == MetricsRegistry.seriesMax - 1)
        #expect(text.contains("termchat_metrics_refused_total 11"))
    }

    @Test func loopsAreAddedUpAtTheScrape() {
        let registry = MetricsRegistry()
        let loops = [LoopCounter(), LoopCounter()]
        for loop in loops { registry.counter("sent_total", "Sent.") { loop.value } }
        loops[0].increment(by: 5)
        loops[1].increment()
        #expect(registry.prometheusText().contains("\nsent_total 6\n"))
    }

    @Test func manyThreadsLoseNoCount() async {
        let registry = MetricsRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        registry.counter("n_total", "N.").increment()
                        registry.gauge("g", "G.").add(1)
                        registry.histogram("h_seconds", "H.").observe(.milliseconds(500))
                    }
                }
            }
        }
        let text = registry.prometheusText()
        #expect(text.contains("\nn_total 8000\n") && text.contains("\ng 8000\n"))
        #expect(text.contains("h_seconds_sum 4000\n") && text.contains("h_seconds_bucket{le=\"0.5\"} 8000\n"))
    }

    @Test func librariesReportThroughSwiftMetrics() {
        let registry = MetricsRegistry()
        let factory = RegistryFactory(registry)
        let counter = CoreMetrics.Counter(label: "hb.requests", dimensions: [("path", "/")], factory: factory)
        counter.increment(by: 2)
        CoreMetrics.Timer(label: "hb.time", factory: factory).recordMilliseconds(20)
        CoreMetrics.Gauge(label: "hb.active", factory: factory).record(3)
        CoreMetrics.Meter(label: "hb.level", factory: factory).increment(by: 1.5)
        let text = registry.prometheusText()
        #expect(text.contains("hb_requests{path=\"/\"} 2\n"))
        #expect(text.contains("hb_time_bucket{le=\"0.025\"} 1\n") && text.contains("hb_time_sum 0.02\n"))
        #expect(text.contains("hb_active 3\n") && text.contains("hb_level 1.5\n"))
        counter.destroy()
        #expect(!registry.prometheusText().contains("hb_requests"))
    }

    @Test func theProcessTellsItsResources() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let text = registry.prometheusText()
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try (3...100_000).contains(value("process_open_fds")))
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_cpu_seconds_total") > 0)
        let age = try Date().timeIntervalSince1970 - value("process_start_time_seconds")
        #expect((-2...86_400).contains(age))
        #expect(text.contains("# TYPE process_cpu_seconds_total counter"))
    }
}
