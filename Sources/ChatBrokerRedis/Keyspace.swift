import ChatWire

/// The names of every key and channel (docs/redis-keyspace.md).
///
/// All keys of a room share the hash tag `{room}`, so that one script may touch them on a cluster too.
struct Keyspace: Sendable {
    let prefix: String

    func history(_ room: RoomName) -> String { "\(prefix):{\(room)}:history" }
    func last(_ room: RoomName) -> String { "\(prefix):{\(room)}:last" }
    /// The keys of windows with an even and with an odd number.
    func keys(_ room: RoomName) -> [String] { ["\(prefix):{\(room)}:keys:0", "\(prefix):{\(room)}:keys:1"] }
    func members(_ room: RoomName) -> String { "\(prefix):{\(room)}:members" }
    func files(_ room: RoomName) -> String { "\(prefix):{\(room)}:files" }
    func announced(_ room: RoomName) -> String { "\(prefix):{\(room)}:announced" }
    func live(_ room: RoomName) -> String { "\(prefix):{\(room)}:live" }

    func lease(_ node: NodeID) -> String { "\(prefix):node:\(node)" }
    func rooms(of node: NodeID) -> String { "\(prefix):node:\(node):rooms" }
    func inbox(_ node: NodeID) -> String { "\(prefix):node:\(node):inbox" }
    func reap(_ node: NodeID) -> String { "\(prefix):reap:\(node)" }

    func file(_ id: String) -> String { "\(prefix):file:\(id)" }
    /// The keys that reserve.lua needs for one user, in its order.
    func uploads(of user: UserName) -> [String] {
        ["\(prefix):uploads:{\(user)}", "\(prefix):upload-bytes:{\(user)}", "\(prefix):upload-rate:{\(user)}"]
    }

    var nodes: String { "\(prefix):nodes" }
    var rooms: String { "\(prefix):rooms" }
    var control: String { "\(prefix):control" }
}
