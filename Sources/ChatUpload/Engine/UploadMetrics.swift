import ServerKit
import Synchronization

/// What one worker counts; docs/metrics.md has the names.
final class UploadMetrics: Sendable {
    /// A number that goes up and down, counted from any thread.
    final class Level: Sendable {
        private let value = Atomic<Int>(0)
        func add(_ amount: Int) { value.add(amount, ordering: .relaxed) }
        var current: Int { value.load(ordering: .relaxed) }
    }

    let uploads = Level()
    let downloads = Level()
    let received: MetricCounter
    let sent: MetricCounter
    let requests: MetricCounter
    let refused: MetricCounter
    let failed: MetricCounter
    let begun: MetricCounter
    let finished: MetricCounter
    let resumed: MetricCounter
    let verified: MetricCounter
    let limited: MetricCounter
    let tooSlow: MetricCounter
    let expired: MetricCounter
    let deleted: MetricCounter
    let damaged: MetricCounter
    let scanRefused: MetricCounter
    let scanFailed: MetricCounter
    let sweeps: MetricCounter
    let volumeErrors: MetricCounter
    let unsettled: MetricGauge
    let finishTime: MetricHistogram

    init(in registry: MetricsRegistry) {
        received = registry.counter("termchat_upload_received_bytes_total", "Bytes of files received.")
        sent = registry.counter("termchat_upload_sent_bytes_total", "Bytes of files sent.")
        requests = registry.counter("termchat_upload_requests_total", "Requests answered.")
        refused = registry.counter("termchat_upload_requests_refused_total", "Requests answered with 4xx.")
        failed = registry.counter("termchat_upload_requests_failed_total", "Requests answered with 5xx.")
        begun = registry.counter("termchat_upload_begun_total", "Uploads begun.")
        finished = registry.counter("termchat_upload_finished_total", "Files finished, their line in the room.")
        resumed = registry.counter("termchat_upload_resumed_total", "Uploads gone on with after their first request.")
        verified = registry.counter(
            "termchat_upload_verified_bytes_total", "Bytes read again to hash what several requests wrote.")
        limited = registry.counter("termchat_upload_limited_total", "Uploads refused by a user's limit.")
        tooSlow = registry.counter("termchat_upload_too_slow_total", "Bodies ended because they came too slowly.")
        expired = registry.counter("termchat_upload_expired_total", "Unfinished uploads removed.")
        deleted = registry.counter("termchat_upload_deleted_total", "Files removed, by people or by their age.")
        damaged = registry.counter(
            "termchat_upload_damaged_total", "Files whose bytes are not what they were when they were stored.")
        scanRefused = registry.counter("termchat_upload_scan_refused_total", "Files that the scan refused.")
        scanFailed = registry.counter("termchat_upload_scan_failed_total", "Scans that gave no answer.")
        sweeps = registry.counter("termchat_upload_sweeps_total", "Sweeps of the volume that came to their end.")
        volumeErrors = registry.counter("termchat_upload_volume_errors_total", "Calls that the volume failed.")
        unsettled = registry.gauge(
            "termchat_upload_unsettled", "Files whose line is not in the room yet, at the last sweep.")
        finishTime = registry.histogram(
            "termchat_upload_finish_seconds", "From a file's last byte to its line in the room.")
        registry.gauge("termchat_upload_uploads", "Bodies being received.") { [uploads] in Double(uploads.current) }
        registry.gauge("termchat_upload_downloads", "Files being sent.") { [downloads] in Double(downloads.current) }
    }
}
