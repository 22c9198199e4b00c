import ChatIdentity
import Foundation
import Logging
import Synchronization

/// Log lines, as `message key=value …`.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { [self] _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted().joined()
            lines.lines.withLock { $0.append("\(event.message)\(fields)") }
        }
    }
}

enum TestKey {
    /// Checks tokens with a secret that no token of a test has.
    static func verifier() async throws -> TokenVerifier {
        let path = NSTemporaryDirectory() + "token-key-" + UUID().uuidString
        try Data((0..<32).map { _ in UInt8.random(in: 97...122) }).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await TokenVerifier.load(keyFile: path)
    }
}
