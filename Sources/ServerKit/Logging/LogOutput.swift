import NIOConcurrencyHelpers
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where log lines go: a descriptor that is never waited for.
///
/// A collector that stops reading fills the pipe; waiting for it would stop every event loop that logs. A line that
/// the descriptor does not take at once is dropped and counted instead.
final class LogOutput: Sendable {
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let lock = NIOLock()
    private let dropped = Atomic<Int>(0)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Lines dropped since the start of the process.
    var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// - Parameter line: at most ``LogLine/bytesMax`` bytes, its end included.
    func write(_ line: String) {
        var line = line
        let isWritten = lock.withLock {
            FileOutput.isWritable(descriptor)
                && line.withUTF8 { FileOutput.systemWrite(descriptor, $0.baseAddress, $0.count) } > 0
        }
        if !isWritten { dropped.add(1, ordering: .relaxed) }
    }
}
