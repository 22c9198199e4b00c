import ChatWire
import NIOCore
import NIOHTTP1
import WebSocketServer

/// What the upgrade request says of the session to come.
struct Entrance {
    /// From `Authorization: Bearer`.
    var token: String?
    /// `/join?room=R`: the room to join at once, where plain text lines go.
    var room: RoomName?
    /// `/join?…&user=U`.
    var user: String?
}

/// Decides upgrades: `/ws` and `/join`, the subprotocol, and that no credential stands in the URL.
struct EdgeApplication: WebSocketApplication {
    static let subprotocol = "termchat.v1"
    static let paths: Set<String> = ["/ws", "/join"]

    let shards: [ObjectIdentifier: Shard]
    let authenticator: Authenticator

    func upgrade(_ request: UpgradeRequest) -> UpgradeDecision {
        do throws(UpgradeRefusal) {
            let subprotocol = try Self.subprotocol(of: request)
            let entrance = try Self.entrance(of: request)
            guard let shard = shards[ObjectIdentifier(request.eventLoop)] else {
                throw UpgradeRefusal(.serviceUnavailable, code: "unavailable", message: "Try again.")
            }
            return .accept(subprotocol: subprotocol) { [authenticator] socket in
                let connection = EdgeConnection(
                    socket: socket, shard: shard, authenticator: authenticator, entrance: entrance)
                connection.opened()
                return connection
            }
        } catch {
            return .refuse(error)
        }
    }

    /// A client that offers no subprotocol gets ours too; one that offers only others is refused.
    private static func subprotocol(of request: UpgradeRequest) throws(UpgradeRefusal) -> String? {
        guard !request.subprotocols.isEmpty else { return nil }
        guard request.subprotocols.contains(subprotocol) else {
            throw UpgradeRefusal(
                .badRequest, code: "unsupported", message: "This server speaks the subprotocol \(subprotocol).")
        }
        return subprotocol
    }

    private static func entrance(of request: UpgradeRequest) throws(UpgradeRefusal) -> Entrance {
        for name in ["token", "resume", "access_token"] where request.queryValue(name) != nil {
            throw UpgradeRefusal(
                .badRequest, code: "invalid_frame",
                message: "Credentials do not belong into the URL: use Authorization or hello.")
        }
        var entrance = Entrance(token: bearer(request.header("Authorization")))
        guard request.path == "/join" else { return entrance }
        do throws(WireError) {
            entrance.room = try RoomName(request.queryValue("room") ?? "")
            if let user = request.queryValue("user") { entrance.user = try UserName(user).value }
        } catch {
            throw UpgradeRefusal(.badRequest, code: error.code.rawValue, message: error.message)
        }
        return entrance
    }

    private static func bearer(_ header: String?) -> String? {
        guard let header else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= Limits.tokenBytesMax else {
            return nil
        }
        return String(parts[1])
    }
}
