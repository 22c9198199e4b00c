import Foundation

/// What a run found, for people and (as JSON) for scripts. Times are in microseconds.
struct Report: Encodable {
    struct Latency: Encodable {
        var p50: Double
        var p99: Double
        var p999: Double
        var max: Double
        var samples: UInt64
    }

    struct Process: Encodable {
        var pid: Int32
        /// In the measured time.
        var cpu_seconds: Double
        var rss_bytes: Int
        /// From before the first connection to the end of the warm-up.
        var rss_growth_bytes: Int
    }

    var connections: Int
    var rooms: Int
    var publishers: Int
    var rate: Double
    var measured_seconds: Double
    /// Over the whole run, as are all counts but those per second.
    var sent: Int
    var acknowledged: Int
    /// Sent, and refused or never answered; the bare dialect has no acknowledgements.
    var unacknowledged: Int
    /// Due and not sent, as the publisher had no connection.
    var skipped: Int
    var deliveries: Int
    var expected_deliveries: Int
    var lost: Int
    var deliveries_per_second: Double
    var latency_us: Latency
    var gaps: Int
    var duplicates: Int
    var out_of_order: Int
    var reconnects: Int
    var slow: Int
    var gap_frames: Int
    var errors: [String: Int]
    var processes: [Process]
    /// The processes' growth together, for each connection.
    var rss_bytes_per_connection: Double?
    /// CPU time of all the processes together, per delivery in the measured time.
    var cpu_us_per_delivery: Double?
    var bench_cpu_us_per_delivery: Double?

    struct Usage {
        var before: [Int32: ProcessUsage]
        var start: [Int32: ProcessUsage]
        var end: [Int32: ProcessUsage]
    }

    init(plan: Plan, workers: [Worker], processes usage: Usage, ownCPUSeconds: Double) {
        var total = Tally()
        var start = Tally()
        var end = Tally()
        for worker in workers {
            total.merge(worker.tally)
            start.merge(worker.atStart ?? Tally())
            end.merge(worker.atEnd ?? worker.tally)
        }
        connections = plan.connections
        rooms = plan.rooms
        publishers = plan.publishers
        rate = plan.rate
        measured_seconds = Double(plan.duration.nanoseconds) / 1e9
        sent = total.sent
        acknowledged = total.acknowledged
        skipped = total.skipped
        deliveries = total.deliveries
        expected_deliveries = total.published.reduce(0) { $0 + $1.value * plan.members(ofRoom: $1.key) }
        lost = expected_deliveries - total.deliveries
        let measured = end.deliveries - start.deliveries
        deliveries_per_second = Double(measured) / measured_seconds
        let latency = total.latency
        func microseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds / 100) / 10 }
        latency_us = Latency(
            p50: microseconds(latency.quantile(0.5)), p99: microseconds(latency.quantile(0.99)),
            p999: microseconds(latency.quantile(0.999)), max: microseconds(latency.max), samples: latency.count)
        gaps = total.gaps
        duplicates = total.duplicates
        out_of_order = total.outOfOrder
        reconnects = total.reconnects
        slow = total.slow
        gap_frames = total.gapFrames
        errors = total.errors
        processes = usage.end.keys.sorted().compactMap { pid in
            guard let start = usage.start[pid], let end = usage.end[pid] else { return nil }
            return Process(
                pid: pid, cpu_seconds: end.cpuSeconds - start.cpuSeconds, rss_bytes: end.residentBytes,
                rss_growth_bytes: start.residentBytes - (usage.before[pid]?.residentBytes ?? 0))
        }
        if !processes.isEmpty {
            rss_bytes_per_connection =
                Double(processes.reduce(0) { $0 + $1.rss_growth_bytes }) / Double(plan.connections)
        }
        unacknowledged = plan.dialect == .bare ? 0 : total.sent - total.acknowledged
        if measured > 0 {
            if !processes.isEmpty {
                cpu_us_per_delivery = processes.reduce(0) { $0 + $1.cpu_seconds } * 1e6 / Double(measured)
            }
            bench_cpu_us_per_delivery = ownCPUSeconds * 1e6 / Double(measured)
        }
    }

    /// Whether what the run promises was sent and stored, and every delivery came, once and in order.
    var isClean: Bool {
        unacknowledged == 0 && skipped == 0 && lost == 0 && gaps == 0 && duplicates == 0 && out_of_order == 0
            && gap_frames == 0
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    var text: String {
        func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        var lines = [
            "connections    \(connections) in \(rooms) rooms, \(publishers) publishers at \(number(rate, 0)) msg/s",
            "messages       \(sent) sent, \(acknowledged) acknowledged, \(skipped) skipped",
            "deliveries     \(deliveries) of \(expected_deliveries), \(lost) lost, \(number(deliveries_per_second, 0))/s",
            "order          \(gaps) gaps, \(duplicates) duplicates, \(out_of_order) out of order, \(gap_frames) gap frames",
            "latency us     p50 \(number(latency_us.p50, 0))  p99 \(number(latency_us.p99, 0))  "
                + "p99.9 \(number(latency_us.p999, 0))  max \(number(latency_us.max, 0))  (\(latency_us.samples) samples)",
            "connections    \(reconnects) reconnects, \(slow) slow",
        ]
        for (what, count) in errors.sorted(by: { $0.key < $1.key }) { lines.append("error          \(what): \(count)") }
        for process in processes {
            lines.append(
                "process \(process.pid)  \(number(process.cpu_seconds, 2)) s CPU, \(process.rss_bytes / 1024) KiB RSS, "
                    + "grown by \(process.rss_growth_bytes / 1024) KiB")
        }
        if let rss_bytes_per_connection {
            lines.append("memory         \(number(rss_bytes_per_connection, 0)) bytes/connection")
        }
        if let cpu_us_per_delivery { lines.append("CPU us/delivery  server \(number(cpu_us_per_delivery, 3))") }
        if let bench_cpu_us_per_delivery {
            lines.append("CPU us/delivery  bench  \(number(bench_cpu_us_per_delivery, 3))")
        }
        return lines.joined(separator: "\n")
    }
}
