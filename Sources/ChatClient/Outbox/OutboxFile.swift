import ChatWire
import Foundation

/// The outbox on disk: an append-only file, mode 0600, locked while a process uses it.
///
/// A message is written and synced before it is sent, so that it survives the end of the process at any point.
/// That it left the outbox is written without a sync: at worst a later run finds it in the room's history.
/// Not thread-safe: ``OutboxStore`` owns it.
final class OutboxFile {
    private var file: LockedFile
    /// The name that every process of this user tries first.
    private let firstPath: String
    private var waiting: [KeptMessage] = []
    private var bytes = 0

    /// Opens or creates the file and its folder; another process' lock moves on to the next of a few names.
    /// - Throws: ``OutboxError``.
    init(path: String) throws {
        try Self.makeFolder(of: path)
        firstPath = path
        for candidate in Self.names(path) {
            if let file = try LockedFile.open(candidate, creates: true) {
                fchmod(file.descriptor, 0o600)
                self.file = file
                return
            }
        }
        throw OutboxError(message: "Too many processes use \(path); end one of them.")
    }

    /// Reads what earlier processes left, in order, and cuts off a line that was never finished.
    func restore() throws -> [KeptMessage] {
        (waiting, bytes) = try Self.read(file)
        try file.truncate(to: bytes)
        for name in Self.names(firstPath) where name != file.path {
            // What cannot be taken over now waits for a later run; it must not keep this one from starting.
            try? adopt(name)
        }
        return waiting
    }

    /// When this returns the message is on disk; when it throws it is not.
    func add(_ kept: KeptMessage) throws {
        try append([.added(kept)], isDurable: true)
    }

    /// Without a sync: it has to outlive this process, and what a crash of the machine leaves is an earlier state.
    func placed(key: String, _ place: Place, time: UInt64) throws {
        try append([.placed(key: key, place, time: time)], isDurable: false)
    }

    func settled(key: String) throws {
        guard waiting.contains(where: { $0.message.key == key }) else { return }
        if waiting.count == 1 {
            // A full disk has no room for another line, but a shorter file always fits.
            waiting = []
            try file.truncate(to: 0)
            bytes = 0
            return
        }
        try append([.settled(key: key)], isDurable: false)
        if bytes > compactAbove { try compact() }
    }

    /// Takes over what a process that is gone left under another of the names.
    private func adopt(_ name: String) throws {
        guard let other = try LockedFile.open(name, creates: false) else { return }
        let found = try Self.read(other).waiting
        guard !found.isEmpty, waiting.count + found.count <= ClientLimits.outboxMessagesMax else { return }
        // A process that ended between the two steps below left the same messages in both files.
        let mine = Set(waiting.map(\.message.key))
        try append(found.filter { !mine.contains($0.message.key) }.map { .added($0) }, isDurable: true)
        try other.truncate(to: 0)
    }

    private func append(_ records: [OutboxRecord], isDurable: Bool) throws {
        let lines = records.flatMap(\.line)
        do {
            try file.write(lines, at: bytes)
            if isDurable { try file.sync() }
        } catch {
            // A part may be there: the next line must not follow it, and what the caller is told failed must not stay.
            try? file.truncate(to: bytes)
            throw error
        }
        bytes += lines.count
        for record in records { waiting.apply(record) }
    }

    private var compactAbove: Int {
        max(ClientLimits.outboxFileBytesMax, 2 * waiting.reduce(0) { $0 + $1.message.body.utf8.count + 256 })
    }

    /// Writes only what still waits, to a new file that takes the old one's name.
    private func compact() throws {
        let lines = waiting.flatMap { OutboxRecord.added($0).line }
        file = try LockedFile.replacing(file.path, with: lines, isDurable: true)
        bytes = lines.count
    }

    /// What waits in a file, and how much of it is whole lines.
    private static func read(_ file: borrowing LockedFile) throws -> (waiting: [KeptMessage], bytes: Int) {
        let content = try file.readAll()
        let complete = content.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        var waiting: [KeptMessage] = []
        for line in content[..<complete].split(separator: UInt8(ascii: "\n")) {
            if let record = OutboxRecord(line: line) { waiting.apply(record) }
        }
        return (waiting, complete)
    }

    private static func makeFolder(of path: String) throws {
        do { try AtomicFile.makeFolder(of: path) } catch let error as StateError {
            throw OutboxError(message: error.message)
        }
    }

    private static func names(_ path: String) -> [String] {
        [path] + (2...namesMax).map { "\(path).\($0)" }
    }

    /// Processes of one user at one server that keep an outbox at the same time.
    private static let namesMax = 16
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
