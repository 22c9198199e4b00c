import ChatWire
import Foundation
import NIOCore

/// A room in the answer to `rooms`.
public struct RoomSummary: Sendable, Equatable {
    public var room: RoomName
    /// Users in the room.
    public var members: Int
    /// Milliseconds since 1970, Redis' clock.
    public var lastActivity: UInt64
}

/// The frame `rooms` {`ref`, `limit`} and its answer `rooms` {`ref`, `rooms`: [{`room`, `members`, `last_activity`}]}.
enum RoomsFrame {
    struct Answer: Equatable {
        var ref: Ref?
        var rooms: [RoomSummary]
    }

    static func request(ref: Int, limit: Int) -> ByteBuffer {
        ByteBuffer(string: #"{"type":"rooms","ref":\#(ref),"limit":\#(limit)}"#)
    }

    /// Reads the answer; nil for any other frame.
    static func answer(_ text: ByteBuffer) -> Answer? {
        guard let raw = try? JSONDecoder().decode(Raw.self, from: Data(text.readableBytesView)), raw.type == "rooms"
        else { return nil }
        let rooms = raw.rooms.compactMap { room in
            (try? RoomName(room.room)).map {
                RoomSummary(room: $0, members: room.members, lastActivity: room.last_activity ?? 0)
            }
        }
        return Answer(ref: raw.ref.map { Ref($0) }, rooms: rooms)
    }

    private struct Raw: Decodable {
        struct Room: Decodable {
            var room: String
            var members: Int
            var last_activity: UInt64?
        }
        var type: String
        var ref: Int?
        var rooms: [Room]
    }
}
