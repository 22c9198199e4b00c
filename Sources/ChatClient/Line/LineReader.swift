import Foundation
import NIOPosix

/// Reads a descriptor line by line: one thread waits for it, only while somebody waits for a line.
final class LineReader: Sendable {
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let buffer: Buffer
    /// Written to when a waiting read is to end.
    private let wake: (read: CInt, write: CInt)

    /// Runs `body` with a reader that is closed on every way out.
    /// - Throws: where the process is out of descriptors; what `body` throws.
    static func with<Result: Sendable>(
        descriptor: CInt = STDIN_FILENO, isolation: isolated (any Actor)? = #isolation,
        _ body: (LineReader) async throws -> Result
    ) async throws -> Result {
        let reader = try LineReader(descriptor: descriptor)
        do {
            let result = try await body(reader)
            await reader.close()
            return result
        } catch {
            await reader.close()
            throw error
        }
    }

    private init(descriptor: CInt) throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw CommandFailure(.failed, "No descriptor left to wait for input.") }
        // Not for the programs that this one starts.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        wake = (ends[0], ends[1])
        buffer = Buffer(descriptor: descriptor, wake: ends[0])
        thread.start()
    }

    deinit {
        Glibc.close(wake.read)
        Glibc.close(wake.write)
    }

    /// The next line without its newline; nil at the end of input, after an error, or when the task is cancelled: half
    /// a line is then none.
    /// A line longer than ``lineBytesMax`` comes in pieces. Bytes that are not UTF-8 become U+FFFD.
    func next() async -> String? {
        await withTaskCancellationHandler {
            try? await thread.runIfActive { self.buffer.nextLine() }
        } onCancel: {
            var byte: UInt8 = 0
            _ = write(wake.write, &byte, 1)
        }
    }

    private func close() async {
        var byte: UInt8 = 0
        _ = write(wake.write, &byte, 1)
        try? await thread.shutdownGracefully()
    }

    /// Bytes of one line: above the longest body, so that a longer one is refused and not silently cut to fit.
    static let lineBytesMax = 64 * 1024

    /// What was read and not handed out; used by the reader's one thread only.
    private final class Buffer: @unchecked Sendable {
        private let descriptor: CInt
        private let wake: CInt
        private var bytes: [UInt8] = []
        private var scanned = 0
        private var isAtEnd = false

        init(descriptor: CInt, wake: CInt) {
            self.descriptor = descriptor
            self.wake = wake
        }

        func nextLine() -> String? {
            while true {
                if let newline = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                    return take(newline, dropping: 1)
                }
                scanned = bytes.count
                if bytes.count >= LineReader.lineBytesMax { return take(LineReader.lineBytesMax, dropping: 0) }
                if !isAtEnd {
                    switch fill() {
                    case .filled: continue
                    case .woken: return nil
                    case .ended: isAtEnd = true
                    }
                }
                return bytes.isEmpty ? nil : take(bytes.count, dropping: 0)
            }
        }

        private func take(_ count: Int, dropping separator: Int) -> String {
            let line = String(decoding: bytes[..<count], as: UTF8.self)
            bytes.removeFirst(count + separator)
            scanned = 0
            return line
        }

        private enum Filled {
            case filled
            case ended
            /// Nobody wants the line any more.
            case woken
        }

        /// Waits for input.
        private func fill() -> Filled {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            while poll(&waiting, 2, -1) < 0 {
                if errno != EINTR { return .ended }
            }
            if waiting[1].revents != 0 { return .woken }
            var chunk = [UInt8](repeating: 0, count: 16 * 1024)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR || errno == EAGAIN { return .filled }
            guard count > 0 else { return .ended }
            bytes += chunk[..<count]
            return .filled
        }
    }
}
