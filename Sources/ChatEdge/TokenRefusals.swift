import ChatIdentity
import Logging
import NIOCore
import ServerKit
import Synchronization

/// Tells operators why tokens were refused, which peers never learn: a line in the log, at most one a second, and a
/// counter for each cause.
final class TokenRefusals: Sendable {
    /// Between two lines. Whoever sends bad tokens must not be able to fill a disk.
    static let lineInterval = TimeAmount.seconds(1)

    private struct Lines {
        var next = NIODeadline.uptimeNanoseconds(0)
        var unsaid = 0
    }

    private let logger: Logger
    private let counters: [TokenError.Code: MetricCounter]
    private let lines = Mutex(Lines())

    init(registry: MetricsRegistry, logger: Logger) {
        self.logger = logger
        counters = Dictionary(
            uniqueKeysWithValues: TokenError.Code.allCases.map { code in
                (
                    code,
                    registry.counter(
                        "termchat_edge_tokens_refused_total", "Tokens that were not accepted, by cause.",
                        labels: [("cause", code.rawValue)])
                )
            })
    }

    func add(_ error: TokenError, from peer: SocketAddress, at now: NIODeadline) {
        counters[error.code]?.increment()
        guard let unsaid = lines.withLock({ Self.line(&$0, at: now) }) else { return }
        logger.info(
            "token refused",
            metadata: [
                "cause": "\(error.code.rawValue)", "detail": "\(error.detail)", "address": "\(peer.ipAddress ?? "-")",
                "more_since_last_line": "\(unsaid)",
            ])
    }

    /// How many were not told since the last line; nil where it is too early for one.
    private static func line(_ lines: inout Lines, at now: NIODeadline) -> Int? {
        guard now >= lines.next else {
            lines.unsaid += 1
            return nil
        }
        defer { lines = Lines(next: now + lineInterval) }
        return lines.unsaid
    }
}
