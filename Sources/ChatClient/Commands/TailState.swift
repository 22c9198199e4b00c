import ChatWire
import Foundation

/// How far `tail --state FILE` has printed: for each server and room the last position.
struct TailCursors: Equatable, Sendable {
    /// By the server's address, then by the room.
    private var positions: [String: [String: String]] = [:]

    init() {}

    subscript(server: ServerAddress, room: RoomName) -> Position? {
        get { positions[server.description]?[room.value].flatMap(Position.init) }
        set { positions[server.description, default: [:]][room.value] = newValue?.description }
    }

    /// Nil for what ``encoded()`` did not make.
    init?(_ bytes: [UInt8]) {
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)), content.version == 1,
            content.cursors.values.allSatisfy({ $0.values.allSatisfy { Position($0) != nil } })
        else { return nil }
        positions = content.cursors
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(Content(version: 1, cursors: positions))) + [UInt8(ascii: "\n")]
    }

    private struct Content: Codable {
        var version: Int
        var cursors: [String: [String: String]]
    }
}

/// The file of ``TailCursors``, which one `tail` has for itself.
///
/// A line is printed first, then its position is written: ended at any moment in between, the next run prints that one
/// line again, and never leaves one out. The new content takes the old one's name at once; it is synced at most once a
/// second and at the end, so that after a crash of the machine (not of the program) up to a second may come again.
actor TailState {
    private let path: String
    private var lock: LockedFile
    private(set) var cursors: TailCursors
    private var syncedAt: ContinuousClock.Instant?
    private var isDurable = true

    /// - Throws: ``CommandFailure``, where another process has the file, or it is another kind of file.
    init(path: String) throws {
        guard FileKind(path: path).isReplaceable else {
            throw CommandFailure(.usage, "\(path) is no regular file; name another for --state.")
        }
        let real = realpath(path, nil)
        defer { free(real) }
        self.path = real.map { String(cString: $0) } ?? path
        do {
            guard let file = try LockedFile.open(self.path, creates: true) else {
                throw CommandFailure(.failed, "Another tail uses \(path).")
            }
            let bytes = try file.readAll()
            guard let cursors = bytes.isEmpty ? TailCursors() : TailCursors(bytes) else {
                throw CommandFailure(.failed, "\(path) is no state of tail; name another file.")
            }
            self.cursors = cursors
            lock = file
        } catch let error as OutboxError {
            throw CommandFailure(.failed, error.message)
        }
    }

    /// What was printed last of a room.
    func printed(_ position: Position, of room: RoomName, at server: ServerAddress) throws {
        guard cursors[server, room] != position else { return }
        cursors[server, room] = position
        let now = ContinuousClock.now
        isDurable = syncedAt.map { now - $0 >= .seconds(1) } ?? true
        if isDurable { syncedAt = now }
        try save()
    }

    /// Makes sure that the last position outlives the machine too.
    func close() throws {
        guard !isDurable else { return }
        isDurable = true
        try save()
    }

    private func save() throws {
        do {
            lock = try LockedFile.replacing(path, with: try cursors.encoded(), isDurable: isDurable)
        } catch let error as OutboxError {
            throw StateError(message: error.message)
        }
    }
}
