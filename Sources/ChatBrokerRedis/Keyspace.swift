import ChatBroker
import ChatWire

/// The names of every key and channel (docs/redis-keyspace.md).
///
/// All keys of a room share the hash tag `{room}`. Channels, unlike keys, are the same in every database of a server, so
/// their names say the database where it is not 0.
struct Keyspace: Sendable {
    let prefix: String
    private let channelSuffix: String

    init(prefix: String, database: Int = 0) {
        self.prefix = prefix
        channelSuffix = database == 0 ? "" : "@\(database)"
    }

    func history(_ room: RoomName) -> String { "\(prefix):{\(room)}:history" }
    func last(_ room: RoomName) -> String { "\(prefix):{\(room)}:last" }
    /// The keys of windows with an even and with an odd number.
    func keys(_ room: RoomName) -> [String] { ["\(prefix):{\(room)}:keys:0", "\(prefix):{\(room)}:keys:1"] }
    func members(_ room: RoomName) -> String { "\(prefix):{\(room)}:members" }
    func files(_ room: RoomName) -> String { "\(prefix):{\(room)}:files" }
    func announced(_ room: RoomName) -> String { "\(prefix):{\(room)}:announced" }
    func topic(_ room: RoomName) -> String { "\(prefix):{\(room)}:topic" }
    func read(_ room: RoomName) -> String { "\(prefix):{\(room)}:read" }
    func direct(_ room: RoomName) -> String { "\(prefix):{\(room)}:direct" }
    func live(_ room: RoomName) -> String { "\(prefix):{\(room)}:live" + channelSuffix }

    func lease(_ node: NodeID) -> String { "\(prefix):node:\(node)" }
    func rooms(of node: NodeID) -> String { "\(prefix):node:\(node):rooms" }
    func inbox(_ node: NodeID) -> String { "\(prefix):node:\(node):inbox" + channelSuffix }
    func reap(_ node: NodeID) -> String { "\(prefix):reap:\(node)" }

    func file(_ id: String) -> String { "\(prefix):file:\(id)" }
    /// The keys that reserve.lua needs for one account, in its order.
    func uploads(of user: UploadAccount) -> [String] {
        [
            "\(prefix):uploads:{\(user)}", "\(prefix):upload-bytes:{\(user)}", "\(prefix):upload-rate:{\(user)}",
            "\(prefix):upload-counted:{\(user)}",
        ]
    }

    func directs(of user: Principal) -> String { "\(prefix):directs:{\(user)}" }

    /// Which volume the upload workers share.
    var volume: String { "\(prefix):volume" }
    var nodes: String { "\(prefix):nodes" }
    var rooms: String { "\(prefix):rooms" }
    var control: String { "\(prefix):control" + channelSuffix }
    /// Where a program that is no node hears its own probes.
    func probe(_ id: UInt64) -> String { "\(prefix):probe:\(id)" + channelSuffix }
}
