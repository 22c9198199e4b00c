public import NIOCore
public import NIOHTTP1

/// Decides which upgrades to accept, and handles the connections.
public protocol WebSocketApplication: Sendable {
    /// Called on the connection's event loop with a request that is a correct WebSocket handshake from an allowed origin.
    func upgrade(_ request: UpgradeRequest) -> UpgradeDecision
}

/// A correct WebSocket handshake (RFC 6455 section 4.2.1) that waits for a decision.
public struct UpgradeRequest {
    /// The target's path as sent, from its first `/`.
    public let path: String
    /// The query in order, percent-decoded; a name without `=` has an empty value.
    public let query: [(name: String, value: String)]
    public let headers: HTTPHeaders
    /// What `Sec-WebSocket-Protocol` offers, in the client's order.
    public let subprotocols: [String]
    /// The client, behind the proxies that are trusted; port 0 where only a proxy knows it.
    public let remoteAddress: SocketAddress
    /// The loop that the connection lives on.
    public let eventLoop: any EventLoop

    /// The first query item of that name.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    /// The field's value when it was sent exactly once.
    public func header(_ name: String) -> String? {
        let values = headers[name]
        return values.count == 1 ? values[0] : nil
    }
}

public enum UpgradeDecision {
    /// Answers 101. `makeDelegate` is called once, on the loop; what it writes follows the answer.
    case accept(subprotocol: String?, makeDelegate: (WebSocketConnection) -> any WebSocketConnectionDelegate)
    /// Answers with the status and closes.
    case refuse(UpgradeRefusal)
}

/// An HTTP answer other than 101: a status and `{"error":{"code","message"}}`.
public struct UpgradeRefusal: Error, Equatable, Sendable {
    public var status: HTTPResponseStatus
    public var code: String
    /// What the caller can do about it; no internal detail.
    public var message: String
    public var headers: HTTPHeaders

    public init(_ status: HTTPResponseStatus, code: String, message: String, headers: HTTPHeaders = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }
}

/// What happens on one connection, told on its event loop.
public protocol WebSocketConnectionDelegate: AnyObject {
    /// A complete text message, valid UTF-8. Copy what you keep beyond the call: the buffer is used again for the next.
    func received(text: ByteBuffer)
    /// A complete binary message; the same holds.
    func received(binary: ByteBuffer)
    /// Everything that one read brought has been handed over.
    func readComplete()
    /// More than `outboundBytesHigh` waits for the peer (false), or less than `outboundBytesLow` again (true).
    func writabilityChanged(isWritable: Bool)
    /// The last call, exactly once: the connection is gone.
    /// - Parameters:
    ///   - code: From the Close frame that began the end, whichever side sent it; nil when there was none or it had none.
    ///   - wasClean: Whether both sides sent a Close frame.
    func closed(code: CloseStatus?, wasClean: Bool)
    /// The loop's sweep, every `deadlines.sweep`: the place for an application's own deadlines. Not called once the
    /// connection is closing.
    func tick(now: NIODeadline)
}

extension WebSocketConnectionDelegate {
    public func readComplete() {}
    public func writabilityChanged(isWritable: Bool) {}
    public func tick(now: NIODeadline) {}
}
