/// The error of this module.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The command never left this process: nothing happened at the server.
        case notSent
        /// The command was sent and the link broke before the reply: whether it took effect is unknown.
        case lost
        /// The server answered with an error; ``RedisError/replyPrefix`` is its first word.
        case reply
        /// The server sent what is not RESP2, more than ``RedisLimits`` allow, or a reply of the wrong shape.
        case protocolViolation
        /// The link is stopped; the command never left this process.
        case stopped
        /// A channel was unsubscribed before its subscription was confirmed.
        case unsubscribed
        /// More waits than ``RedisLimits`` allow; the command never left this process.
        case overloaded
        /// The connection could not be made or was closed.
        case disconnected
        case invalidURL
    }
    public var code: Code
    /// For logs and operators. The server's own text where ``code-swift.property`` is `.reply`.
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The first word of the server's error, which is its kind: `NOSCRIPT`, `READONLY`, `MISCONF`, `OOM`, `LOADING`,
    /// `NOAUTH`, or `ERR`; nil where the error is not the server's.
    public var replyPrefix: String? {
        guard code == .reply else { return nil }
        return String(message.prefix { $0 != " " })
    }

    public var description: String {
        cause.map { "\(code): \(message) (\(ConnectionTrouble.words($0)))" } ?? "\(code): \(message)"
    }
}
