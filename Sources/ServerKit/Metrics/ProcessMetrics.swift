#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the system knows of this process, under the names that Prometheus' own client libraries use. Read from /proc
/// at each scrape; what cannot be read is left out of it.
public enum ProcessMetrics {
    public static func register(in registry: MetricsRegistry) {
        registry.gauge("process_resident_memory_bytes", "Resident memory of the process.") {
            residentPages().map { Double($0) * Double(sysconf(Int32(_SC_PAGESIZE))) }
        }
        registry.gauge("process_open_fds", "Open file descriptors.") { openDescriptors().map(Double.init) }
        registry.gauge("process_max_fds", "Limit of open file descriptors.") {
            FileDescriptorLimit.current().map { Double($0.soft) }
        }
        let start = startTime()
        registry.gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.") { start }
        registry.counter(
            "process_cpu_seconds_total", "CPU time of the process, user and system.", readNumber: cpuSeconds)
        registry.counter("termchat_log_lines_dropped_total", "Log lines that stderr did not take at once.") {
            LogOutput.standardError.droppedLines
        }
    }

    /// The second field of /proc/self/statm.
    private static func residentPages() -> Int? {
        fields(of: "/proc/self/statm").dropFirst().first.flatMap { Int($0) }
    }

    private static func openDescriptors() -> Int? {
        // The listing's own descriptor is open while it is read.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { $0.count - 1 }
    }

    @Sendable private static func cpuSeconds() -> Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The boot time and field 22 of /proc/self/stat, in clock ticks after it (proc(5)).
    private static func startTime() -> Double? {
        guard let stat = text(of: "/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        // The name of the program, in parentheses, may hold spaces; field 3 follows it.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        let bootLine = text(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let boot = bootLine.flatMap({ Double($0.dropFirst(6)) }) else { return nil }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func fields(of path: String) -> [Substring] { text(of: path)?.split(separator: " ") ?? [] }

    private static func text(of path: String) -> String? {
        try? String(contentsOf: URL(filePath: path), encoding: .utf8)
    }
}
