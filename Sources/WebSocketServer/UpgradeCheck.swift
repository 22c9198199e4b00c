import Crypto
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Whether a request is a WebSocket handshake that we may accept (RFC 6455 section 4.2.1). NIO's own upgrader lets any
/// Origin, a malformed key, POST, HTTP/1.0 and two Host fields pass.
struct UpgradeCheck {
    /// What a correct handshake asks for.
    struct Handshake {
        let target: RequestTarget
        let headers: HTTPHeaders
        let subprotocols: [String]
        /// For `Sec-WebSocket-Accept`.
        let acceptKey: String
    }

    let paths: Set<String>
    let allowedOrigins: Set<String>
    let queryItemsMax: Int

    init(_ settings: WebSocketServerSettings) {
        paths = settings.paths
        allowedOrigins = Set(settings.allowedOrigins.map { $0.lowercased() })
        queryItemsMax = settings.limits.queryItemsMax
    }

    /// The handshake in `head`, or the answer that refuses it. What concerns every HTTP request is looked at first.
    func check(_ head: HTTPRequestHead) throws(UpgradeRefusal) -> Handshake {
        guard head.version == .http1_1 else {
            throw UpgradeRefusal(.httpVersionNotSupported, code: "unsupported_version", message: "use HTTP/1.1")
        }
        guard head.headers["host"].count == 1, head.headers["host"] != [""] else { throw .badRequest("send one Host") }
        guard let target = RequestTarget(head.uri, queryItemsMax: queryItemsMax) else {
            throw .badRequest("malformed request target")
        }
        guard paths.isEmpty || paths.contains(target.path) else {
            throw UpgradeRefusal(.notFound, code: "not_found", message: "no such path")
        }
        guard head.method == .GET else {
            throw UpgradeRefusal(
                .methodNotAllowed, code: "method_not_allowed", message: "use GET", headers: ["Allow": "GET"])
        }
        try checkBody(head.headers)
        try checkUpgrade(head.headers)
        try checkOrigin(head.headers["origin"])
        return Handshake(
            target: target, headers: head.headers,
            subprotocols: head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init),
            acceptKey: try Self.acceptKey(for: head.headers["sec-websocket-key"]))
    }

    private func checkBody(_ headers: HTTPHeaders) throws(UpgradeRefusal) {
        let lengths = headers["content-length"]
        guard headers["transfer-encoding"].isEmpty, lengths.isEmpty || lengths == ["0"] else {
            throw .badRequest("an upgrade has no body")
        }
    }

    private func checkUpgrade(_ headers: HTTPHeaders) throws(UpgradeRefusal) {
        func has(_ token: String, in name: String) -> Bool {
            headers[canonicalForm: name].contains { $0.lowercased() == token }
        }
        guard has("upgrade", in: "connection"), has("websocket", in: "upgrade") else {
            throw .upgradeRequired("this is a WebSocket endpoint")
        }
        guard headers["sec-websocket-version"] == ["13"] else { throw .upgradeRequired("use WebSocket version 13") }
    }

    /// A terminal sends no Origin; a browser always does, and cannot lie about it.
    private func checkOrigin(_ origins: [String]) throws(UpgradeRefusal) {
        guard let origin = origins.first else { return }
        guard origins.count == 1, allowedOrigins.contains(origin.lowercased()) else {
            throw UpgradeRefusal(.forbidden, code: "forbidden_origin", message: "this origin may not connect")
        }
    }

    private static func acceptKey(for keys: [String]) throws(UpgradeRefusal) -> String {
        guard keys.count == 1, keys[0].utf8.count == 24, Data(base64Encoded: keys[0])?.count == 16 else {
            throw .badRequest("Sec-WebSocket-Key must be 16 bytes in base64")
        }
        let text = keys[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return Data(Insecure.SHA1.hash(data: Data(text.utf8))).base64EncodedString()
    }
}

extension UpgradeRefusal {
    static func badRequest(_ message: String) -> UpgradeRefusal {
        UpgradeRefusal(.badRequest, code: "bad_request", message: message)
    }

    static func upgradeRequired(_ message: String) -> UpgradeRefusal {
        UpgradeRefusal(
            .upgradeRequired, code: "upgrade_required", message: message,
            headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"])
    }

    static let tooManyHeaders = UpgradeRefusal(
        .requestHeaderFieldsTooLarge, code: "headers_too_large", message: "send fewer or shorter header fields")
    static let headersTooSlow = UpgradeRefusal(
        .requestTimeout, code: "timeout", message: "the request did not arrive in time")
}
