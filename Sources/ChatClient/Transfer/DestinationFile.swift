import ChatWire
import Crypto
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A file on its way in: `NAME.SHA256.part` until it is whole, then `NAME`, or `NAME (1)` where that is taken.
///
/// The begin of the digest in the part's name says what it is a part of, so that it can be gone on with after any end.
/// Locked while a process writes it. One task at a time; the lock is for the pool's threads.
final class DestinationFile: Sendable {
    let partPath: String
    private let folder: String
    private let name: String
    private let descriptor: CInt
    private let state = NIOLockedValueBox((sha256: SHA256(), bytes: Int64(0)))

    /// - Parameter output: a folder, or the path to save at; nil for the current folder and the file's own name.
    /// - Throws: ``CommandFailure``.
    init(_ file: ListedFile, output: String?) throws {
        (folder, name) = try Self.place(file.name, output: output)
        let stem = name.utf8.count > 200 ? FileName(String(name.suffix(60))).value : name
        partPath = "\(folder)/\(stem).\(file.sha256.prefix(12)).part"
        descriptor = open(partPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw Self.failure("open", partPath) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure(.failed, "Another process writes \(VisibleText(partPath).value).")
        }
    }

    deinit { close(descriptor) }

    /// A name that would be hidden, or taken for an option, is written so that it is neither.
    private static func place(_ given: String, output: String?) throws -> (folder: String, name: String) {
        var own = FileName(given).value
        if own.hasPrefix(".") || own.hasPrefix("-") { own = "_" + own.dropFirst() }
        guard let output, !output.isEmpty else { return (".", own) }
        let kind = FileKind(path: output)
        guard kind != .special else {
            throw CommandFailure(.usage, "\(VisibleText(output).value) is no regular file; name another for --output.")
        }
        if output.hasSuffix("/") || kind == .folder {
            return (output.hasSuffix("/") && output.count > 1 ? String(output.dropLast()) : output, own)
        }
        let path = PathParts(output)
        return (path.folder, path.name)
    }

    var bytes: Int64 { state.withLockedValue { $0.bytes } }

    /// Reads what an earlier run left; more than the whole is none of it.
    func restore(total: Int64) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            var status = stat()
            guard fstat(self.descriptor, &status) == 0 else { throw Self.failure("read", self.partPath) }
            guard Int64(status.st_size) <= total else { return try self.truncate() }
            var chunk = [UInt8](repeating: 0, count: TransferLimits.batchBytes)
            while self.bytes < Int64(status.st_size) {
                let count = pread(self.descriptor, &chunk, chunk.count, off_t(self.bytes))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("read", self.partPath) }
                self.state.withLockedValue { state in
                    chunk[..<count].withUnsafeBytes { state.sha256.update(bufferPointer: $0) }
                    state.bytes += Int64(count)
                }
            }
        }
    }

    /// Begins anew.
    func clear() async throws { try await NIOThreadPool.singleton.runIfActive { try self.truncate() } }

    private func truncate() throws {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.failure("truncate", partPath) }
        state.withLockedValue { $0 = (SHA256(), 0) }
    }

    func append(_ buffer: ByteBuffer) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try buffer.withUnsafeReadableBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let count = pwrite(self.descriptor, rest.baseAddress, rest.count, off_t(self.bytes))
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw Self.failure("write", self.partPath) }
                    self.state.withLockedValue { state in
                        state.sha256.update(bufferPointer: UnsafeRawBufferPointer(rebasing: rest[..<count]))
                        state.bytes += Int64(count)
                    }
                    written += count
                }
            }
        }
    }

    var sha256: String { state.withLockedValue { $0.sha256.finalize().hex } }

    /// Throws away a part that is not what it claims to be.
    func remove() { unlink(partPath) }

    /// Gives the whole file its name, never that of another file.
    /// - Returns: the path it has now.
    func finish() async throws -> String {
        try await NIOThreadPool.singleton.runIfActive {
            guard fsync(self.descriptor) == 0 else { throw Self.failure("write", self.partPath) }
            for number in 0..<TransferLimits.namesMax {
                let path = "\(self.folder)/\(Self.numbered(self.name, number))"
                if link(self.partPath, path) == 0 {
                    unlink(self.partPath)
                    return path
                }
                if errno == EEXIST { continue }
                // A file system without links: take the name with an empty file, then replace that.
                let taken = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
                if taken < 0, errno == EEXIST { continue }
                guard taken >= 0 else { throw Self.failure("write", path) }
                close(taken)
                guard rename(self.partPath, path) == 0 else { throw Self.failure("write", path) }
                return path
            }
            throw CommandFailure(.failed, "There are too many files called \(VisibleText(self.name).value).")
        }
    }

    /// `report (1).pdf`; 0 is the name itself.
    static func numbered(_ name: String, _ number: Int) -> String {
        guard number > 0 else { return name }
        let dot = name.dropFirst().lastIndex(of: ".") ?? name.endIndex
        var stem = name[..<dot]
        let tail = " (\(number))\(name[dot...])"
        while !stem.isEmpty, stem.utf8.count + tail.utf8.count > FileName.bytesMax { stem.removeLast() }
        return stem + tail
    }

    private static func failure(_ verb: String, _ path: String) -> CommandFailure {
        CommandFailure(.failed, "Cannot \(verb) \(VisibleText(path).value): \(String(cString: strerror(errno))).")
    }
}
