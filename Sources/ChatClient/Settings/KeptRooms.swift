import ChatWire
import Foundation

/// The rooms that the user was in, kept between runs, so that the next one begins where the last one ended. Rooms of two
/// are not among them: the server knows those.
struct KeptRooms: Equatable, Sendable {
    /// Above what a server lets one session join; what came last is not kept, of rooms that were left what came first.
    static let roomsMax = 200

    /// In the order of the pane.
    var joined: [RoomName] = []
    /// Rooms that the user left: the settings do not bring them back.
    var left: [RoomName] = []
    /// The one that was looked at last.
    var shown: RoomName?

    init() {}

    /// What a run begins with.
    /// - Parameters:
    ///   - named: the rooms that this run was asked for; they come first.
    ///   - configured: those of the settings, which count where none is named.
    /// - Returns: the rooms to join, and the one to look at where it is not the first one.
    func beginning(named: [RoomName], configured: [RoomName]) -> (rooms: [RoomName], shown: RoomName?) {
        let first = named.isEmpty ? configured.filter { !left.contains($0) } : named
        var rooms: [RoomName] = []
        for room in first + joined where !rooms.contains(room) { rooms.append(room) }
        if rooms.isEmpty { rooms = configured }
        if rooms.isEmpty, let lobby = try? RoomName("lobby") { rooms = [lobby] }
        return (rooms, named.isEmpty ? shown : nil)
    }

    /// Anything else than what ``encoded()`` made counts as no rooms.
    init(_ bytes: [UInt8]) {
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)) else { return }
        joined = content.joined.compactMap { try? RoomName($0) }
        left = content.left.compactMap { try? RoomName($0) }
        shown = content.shown.flatMap { try? RoomName($0) }
    }

    func encoded() throws -> [UInt8] {
        let content = Content(
            joined: joined.prefix(Self.roomsMax).map(\.value), left: left.suffix(Self.roomsMax).map(\.value),
            shown: shown?.value)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array(try encoder.encode(content))
    }

    private struct Content: Codable {
        var joined: [String]
        var left: [String]
        var shown: String?
    }
}

/// ``KeptRooms`` on disk, mode 0600.
struct KeptRoomsFile: Sendable {
    let path: String

    private static let bytesMax = 1 << 20

    func load() throws -> KeptRooms { KeptRooms(try AtomicFile.read(path, bytesMax: Self.bytesMax) ?? []) }

    /// Without a sync: it is written whenever the user looks at another room.
    func save(_ rooms: KeptRooms) throws { try AtomicFile.write(try rooms.encoded(), to: path, isDurable: false) }
}
