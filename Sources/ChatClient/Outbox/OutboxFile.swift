import ChatWire
import Foundation

/// The outbox on disk: an append-only file, mode 0600, locked while a process uses it.
///
/// A message is written and synced before it is sent, so that it survives the end of the process at any point.
/// That it left the outbox is written without a sync: at worst it is sent again, with the same key.
/// Not thread-safe: ``OutboxStore`` owns it.
final class OutboxFile {
    private var descriptor: CInt
    private let path: String
    private var waiting: [OutgoingMessage] = []
    private var bytes = 0

    /// Opens or creates the file and its folder; another process' lock moves on to the next of a few names.
    /// - Throws: ``OutboxError``.
    init(path: String) throws {
        try Self.makeFolder(of: path)
        for number in 1...Self.namesMax {
            let candidate = number == 1 ? path : "\(path).\(number)"
            let descriptor = open(candidate, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw OutboxError("open", candidate) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                self.descriptor = descriptor
                self.path = candidate
                fchmod(descriptor, 0o600)
                return
            }
            Glibc.close(descriptor)
        }
        throw OutboxError(message: "Too many processes use \(path); end one of them.")
    }

    deinit { Glibc.close(descriptor) }

    /// Reads what an earlier process left, in order, and cuts off a line that was never finished.
    func restore() throws -> [OutgoingMessage] {
        let content = try readAll()
        let complete = content.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        var messages: [OutgoingMessage] = []
        for line in content[..<complete].split(separator: UInt8(ascii: "\n")) {
            switch OutboxRecord(line: line) {
            case .added(let message): messages.append(message)
            case .settled(let key): messages.removeAll { $0.key == key }
            case nil: continue
            }
        }
        guard ftruncate(descriptor, off_t(complete)) == 0 else { throw OutboxError("truncate", path) }
        bytes = complete
        waiting = messages
        return messages
    }

    /// When this returns the message is on disk.
    func add(_ message: OutgoingMessage) throws {
        try append(.added(message))
        guard fdatasync(descriptor) == 0 else { throw OutboxError("sync", path) }
        waiting.append(message)
    }

    func settled(key: String) throws {
        guard let index = waiting.firstIndex(where: { $0.key == key }) else { return }
        waiting.remove(at: index)
        try append(.settled(key: key))
        if waiting.isEmpty || bytes > compactAbove { try compact() }
    }

    private func append(_ record: OutboxRecord) throws {
        let line = record.line
        do {
            try write(line, to: descriptor, at: bytes)
        } catch {
            // A part of the line may be there: the next one must not follow it.
            ftruncate(descriptor, off_t(bytes))
            throw error
        }
        bytes += line.count
    }

    private var compactAbove: Int {
        max(ClientLimits.outboxFileBytesMax, 2 * waiting.reduce(0) { $0 + $1.body.utf8.count + 256 })
    }

    /// Writes only what still waits, to a new file that takes the old one's name. An empty outbox is an empty file.
    private func compact() throws {
        if waiting.isEmpty {
            guard ftruncate(descriptor, 0) == 0 else { throw OutboxError("truncate", path) }
            bytes = 0
            return
        }
        let lines = waiting.flatMap { OutboxRecord.added($0).line }
        let fresh = path + ".new"
        let next = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard next >= 0 else { throw OutboxError("open", fresh) }
        do {
            try write(lines, to: next, at: 0)
            guard flock(next, LOCK_EX | LOCK_NB) == 0, fsync(next) == 0, rename(fresh, path) == 0 else {
                throw OutboxError("replace", path)
            }
        } catch {
            Glibc.close(next)
            throw error
        }
        Glibc.close(descriptor)
        descriptor = next
        bytes = lines.count
    }

    private func write(_ data: [UInt8], to descriptor: CInt, at offset: Int) throws {
        var written = 0
        while written < data.count {
            let count = data[written...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutboxError("write", path) }
            written += count
        }
    }

    private func readAll() throws -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= Self.restoreBytesMax {
            let count = pread(descriptor, &chunk, chunk.count, off_t(content.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw OutboxError("read", path) }
            if count == 0 { return content }
            content += chunk[..<count]
        }
        throw OutboxError(message: "\(path) is too large for an outbox; move it away.")
    }

    private static func makeFolder(of path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        guard !folder.isEmpty else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OutboxError(message: "Cannot make the folder \(folder): \(error.localizedDescription)")
        }
    }

    /// Processes of one user at one server that keep an outbox at the same time.
    private static let namesMax = 16
    /// Bytes read back at most: far above a full outbox of the longest bodies.
    private static let restoreBytesMax = 128 << 20
}

/// Why the outbox's file cannot be used.
public struct OutboxError: Error, Sendable, CustomStringConvertible {
    public var message: String

    init(message: String) { self.message = message }

    /// From `errno`.
    init(_ verb: String, _ path: String) {
        message = "Cannot \(verb) \(path): \(String(cString: strerror(errno)))."
    }

    public var description: String { message }
}
