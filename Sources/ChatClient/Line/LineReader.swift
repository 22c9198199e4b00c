import Foundation
import NIOPosix

/// What a line of input is.
enum InputLine: Equatable, Sendable {
    /// Without its newline. Bytes that are not UTF-8 are U+FFFD.
    case text(String)
    /// Longer than ``LineReader/lineBytesMax``: left out as a whole, because its parts are no messages of their own.
    /// - number: its place in the input, from 1.
    case tooLong(number: Int, bytes: Int)
    /// The last one: nothing more can be read, and why, as a sentence. What came before it is whole.
    case unreadable(String)

    static func tooLongWords(number: Int, bytes: Int) -> String {
        "line \(number) is too long: \(bytes) bytes, of at most \(LineReader.lineBytesMax)"
    }
}

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

    /// The next line; nil at the end of input, or when the task is cancelled: half a line is then none.
    func next() async -> InputLine? {
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

    /// Bytes of one line: above the longest body. Of a longer one nothing is kept in memory.
    static let lineBytesMax = 64 * 1024

    /// What was read and not handed out; used by the reader's one thread only.
    private final class Buffer: @unchecked Sendable {
        private let descriptor: CInt
        private let wake: CInt
        private var bytes: [UInt8] = []
        private var scanned = 0
        private var number = 0
        /// Bytes of a line too long that were thrown away; its end has not come yet.
        private var skipped = 0
        private var end: End?

        private enum End {
            case ofInput
            case unreadable(CInt)
        }

        init(descriptor: CInt, wake: CInt) {
            self.descriptor = descriptor
            self.wake = wake
            // Waiting for input that can never come would last forever.
            if fcntl(descriptor, F_GETFL) & O_ACCMODE == O_WRONLY { end = .unreadable(EBADF) }
        }

        func nextLine() -> InputLine? {
            while true {
                if let newline = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                    return take(newline, dropping: 1)
                }
                scanned = bytes.count
                if bytes.count > LineReader.lineBytesMax || skipped > 0 { skip() }
                switch end {
                case nil:
                    guard fill() else { return nil }
                case .ofInput where bytes.isEmpty && skipped == 0:
                    return nil
                case .unreadable(let error) where bytes.isEmpty && skipped == 0:
                    end = .ofInput
                    return .unreadable("The input cannot be read: \(String(cString: strerror(error))).")
                case .ofInput, .unreadable:
                    return take(bytes.count, dropping: 0)
                }
            }
        }

        private func skip() {
            skipped += bytes.count
            bytes.removeAll(keepingCapacity: true)
            scanned = 0
        }

        private func take(_ count: Int, dropping separator: Int) -> InputLine {
            defer {
                bytes.removeFirst(count + separator)
                scanned = 0
                skipped = 0
            }
            number += 1
            guard skipped + count <= LineReader.lineBytesMax else {
                return .tooLong(number: number, bytes: skipped + count)
            }
            return .text(String(decoding: bytes[..<count], as: UTF8.self))
        }

        /// Waits for input, or its end.
        /// - Returns: false when nobody wants the line any more.
        private func fill() -> Bool {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            while poll(&waiting, 2, -1) < 0 {
                guard errno != EINTR else { continue }
                end = .unreadable(errno)
                return true
            }
            if waiting[1].revents != 0 { return false }
            var chunk = [UInt8](repeating: 0, count: 16 * 1024)
            let count = read(descriptor, &chunk, chunk.count)
            switch count {
            case 0: end = .ofInput
            case ..<0 where errno != EINTR && errno != EAGAIN: end = .unreadable(errno)
            case ..<0: break
            default: bytes += chunk[..<count]
            }
            return true
        }
    }
}
