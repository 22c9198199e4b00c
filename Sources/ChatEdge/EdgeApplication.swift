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
    /// Among the connections of the client's address; given back with the connection.
    var place: Gatekeeper.Place?
}

/// Decides upgrades: `/ws` and `/join`, the subprotocol, how many come from one address, and that no credential stands in
/// the URL. Once the node drains, everyone is sent elsewhere.
struct EdgeApplication: WebSocketApplication {
    static let subprotocol = "termchat.v1"
    static let paths: Set<String> = ["/ws", "/join"]

    let shards: [ObjectIdentifier: Shard]
    let authenticator: Authenticator
    let gatekeeper: Gatekeeper
    let isDraining: @Sendable () -> Bool

    func upgrade(_ request: UpgradeRequest) -> UpgradeDecision {
        do throws(UpgradeRefusal) {
            guard !isDraining() else {
                throw UpgradeRefusal(
                    .serviceUnavailable, code: "unavailable", message: "This node is going away; connect again.")
            }
            let subprotocol = try Self.subprotocol(of: request)
            var entrance = try Self.entrance(of: request)
            entrance.place = try place(for: request)
            guard let shard = shards[ObjectIdentifier(request.eventLoop)] else {
                throw UpgradeRefusal(.serviceUnavailable, code: "unavailable", message: "Try again.")
            }
            return .accept(subprotocol: subprotocol) { [authenticator, entrance] socket in
                let connection = EdgeConnection(
                    socket: socket, shard: shard, authenticator: authenticator, entrance: entrance)
                connection.opened()
                return connection
            }
        } catch {
            return .refuse(error)
        }
    }

    private func place(for request: UpgradeRequest) throws(UpgradeRefusal) -> Gatekeeper.Place? {
        do throws(Gatekeeper.TooMuch) {
            return try gatekeeper.enter(from: request.remoteAddress)
        } catch {
            throw UpgradeRefusal(
                .tooManyRequests, code: "rate_limited", message: "Too many connections from your address.",
                headers: ["Retry-After": "\(max(1, (error.retryAfter.nanoseconds + 999_999_999) / 1_000_000_000))"])
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
        var entrance = Entrance(token: try bearer(request.headers["authorization"]))
        guard request.path == "/join" else { return entrance }
        do throws(WireError) {
            entrance.room = try RoomName(request.queryValue("room") ?? "")
            if let user = request.queryValue("user") { entrance.user = try UserName(user).value }
        } catch {
            throw UpgradeRefusal(.badRequest, code: error.code.rawValue, message: error.message)
        }
        return entrance
    }

    /// A credential that cannot be used is refused: to go on without it would make a guest of someone who meant to sign in.
    private static func bearer(_ fields: [String]) throws(UpgradeRefusal) -> String? {
        guard let field = fields.first else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard fields.count == 1, parts.count == 2, parts[0].lowercased() == "bearer",
            parts[1].utf8.count <= Limits.tokenBytesMax
        else {
            throw UpgradeRefusal(
                .unauthorized, code: ErrorCode.unauthorized.rawValue,
                message: "Send one Authorization: Bearer with a token of at most \(Limits.tokenBytesMax) bytes.",
                headers: ["WWW-Authenticate": "Bearer"])
        }
        return String(parts[1])
    }
}
