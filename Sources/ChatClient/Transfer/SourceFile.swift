import ChatWire
import Crypto
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A file on its way out: read in batches on a thread pool, its SHA-256 taken on the way.
///
/// The digest needs every byte once and in order, whatever is sent again or not at all: what was read before is not
/// hashed again, and what a server has already is read only for the digest.
/// The lock is for the pool's threads: a batch that nobody waits for any more may still be read beside another.
final class SourceFile: Sendable {
    /// What makes it the same file in a later run.
    struct Identity: Sendable, Equatable, Codable {
        var path: String
        var bytes: Int64
        /// Nanoseconds since 1970.
        var modified: Int64
    }

    let identity: Identity
    let name: FileName
    private let descriptor: CInt
    private let digest = NIOLockedValueBox((sha256: SHA256(), upTo: Int64(0)))

    /// - Throws: ``CommandFailure`` where it cannot be read, is no regular file, or does not know its size.
    init(path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        do {
            identity = try Self.identity(of: descriptor, path: path)
            // As those of /proc, which are made while they are read: an upload says its size first.
            var byte: UInt8 = 0
            guard identity.bytes > 0 || pread(descriptor, &byte, 1, 0) <= 0 else {
                throw CommandFailure(
                    .failed, "\(VisibleText(path).value) says that it is empty, and is not; send a copy of it.")
            }
        } catch {
            close(descriptor)
            throw error
        }
        name = FileName(path)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    private static func identity(of descriptor: CInt, path: String) throws -> Identity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.failed, "\(VisibleText(path).value) is not a regular file.")
        }
        let whole = URL(filePath: path).standardizedFileURL.path
        return Identity(
            path: whole, bytes: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }

    /// The next batch from `offset`; nil at the end that the file had at first. The last one fails where the file changed
    /// since it was opened.
    func read(from offset: Int64) -> EventLoopFuture<ByteBuffer?> {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let count = Int(min(Int64(TransferLimits.batchBytes), identity.bytes - offset))
        guard count > 0 else { return loop.makeSucceededFuture(nil) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            try self.hash(upTo: offset)
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            try self.fill(&buffer, count: count, from: offset)
            self.hash(buffer, from: offset)
            // Before the last piece is sent: with it the server tells the room of the file.
            if offset + Int64(count) == self.identity.bytes { try self.checkUnchanged() }
            return buffer
        }
    }

    /// The SHA-256 of the whole file, in hex.
    /// - Throws: ``CommandFailure`` where it changed before all of it was read.
    func sha256() async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            if self.digest.withLockedValue({ $0.upTo < self.identity.bytes }) {
                try self.hash(upTo: self.identity.bytes)
                try self.checkUnchanged()
            }
            return self.digest.withLockedValue { $0.sha256.finalize().hex }
        }
    }

    private func checkUnchanged() throws {
        let now = try Self.identity(of: descriptor, path: identity.path)
        guard now == identity else {
            throw CommandFailure(.failed, "\(VisibleText(identity.path).value) changed while it was read.")
        }
    }

    /// Reads what the digest lacks before `offset`.
    private func hash(upTo offset: Int64) throws {
        var buffer = ByteBufferAllocator().buffer(capacity: 0)
        while true {
            let start = digest.withLockedValue { $0.upTo }
            guard start < offset else { return }
            let count = Int(min(Int64(TransferLimits.batchBytes), offset - start))
            buffer.clear(minimumCapacity: count)
            try fill(&buffer, count: count, from: start)
            hash(buffer, from: start)
        }
    }

    private func hash(_ buffer: ByteBuffer, from offset: Int64) {
        digest.withLockedValue { digest in
            let known = digest.upTo - offset
            guard known >= 0, known < buffer.readableBytes else { return }
            buffer.withUnsafeReadableBytes {
                digest.sha256.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[Int(known)...]))
            }
            digest.upTo = offset + Int64(buffer.readableBytes)
        }
    }

    private func fill(_ buffer: inout ByteBuffer, count: Int, from offset: Int64) throws {
        while buffer.readableBytes < count {
            let position = off_t(offset) + off_t(buffer.readableBytes)
            let left = count - buffer.readableBytes
            var taken = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: left) {
                taken = pread(descriptor, $0.baseAddress, min($0.count, left), position)
                return max(0, taken)
            }
            if taken < 0, errno != EINTR { throw Self.failure("read", identity.path) }
            if taken == 0 {
                throw CommandFailure(.failed, "\(VisibleText(identity.path).value) became shorter while it was read.")
            }
        }
    }

    private static func failure(_ verb: String, _ path: String) -> CommandFailure {
        CommandFailure(.failed, "Cannot \(verb) \(VisibleText(path).value): \(String(cString: strerror(errno))).")
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits for each byte.
    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
