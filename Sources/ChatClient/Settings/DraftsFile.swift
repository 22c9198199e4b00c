import ChatWire
import Foundation

/// What was typed in each room and not sent, kept between runs.
struct Drafts: Equatable, Sendable {
    /// Rooms with a draft; the ones written to last stay.
    static let roomsMax = 200
    /// Bytes of one draft: above the longest paste that the input line takes without asking.
    static let bytesMax = 64 * 1024

    /// The last one changed comes last.
    private var texts: [(room: RoomName, text: String)] = []

    init() {}

    subscript(room: RoomName) -> String {
        get { texts.first { $0.room == room }?.text ?? "" }
        set {
            texts.removeAll { $0.room == room }
            guard !newValue.isEmpty, newValue.utf8.count <= Self.bytesMax else { return }
            texts.append((room, newValue))
            if texts.count > Self.roomsMax { texts.removeFirst(texts.count - Self.roomsMax) }
        }
    }

    var rooms: [RoomName] { texts.map(\.room) }

    static func == (left: Drafts, right: Drafts) -> Bool {
        left.texts.elementsEqual(right.texts) { $0.room == $1.room && $0.text == $1.text }
    }

    /// Anything else than what ``encoded()`` made counts as no drafts.
    init(_ bytes: [UInt8]) {
        guard let items = try? JSONDecoder().decode([Item].self, from: Data(bytes)) else { return }
        for item in items {
            if let room = try? RoomName(item.room) { self[room] = item.text }
        }
    }

    func encoded() throws -> [UInt8] {
        Array(try JSONEncoder().encode(texts.map { Item(room: $0.room.value, text: $0.text) }))
    }

    private struct Item: Codable {
        var room: String
        var text: String
    }
}

/// ``Drafts`` on disk, mode 0600.
struct DraftsFile: Sendable {
    let path: String

    /// Escapes make JSON longer than its text.
    private static let bytesMax = 2 * Drafts.roomsMax * Drafts.bytesMax

    func load() throws -> Drafts { Drafts(try AtomicFile.read(path, bytesMax: Self.bytesMax) ?? []) }

    func save(_ drafts: Drafts) throws { try AtomicFile.write(try drafts.encoded(), to: path) }
}
