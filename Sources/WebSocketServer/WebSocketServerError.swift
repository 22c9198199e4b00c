/// Why a server could not start, in words for whoever configures it.
public struct WebSocketServerError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A setting has a value that cannot work.
        case invalidSetting
        /// The listening socket could not be had.
        case cannotListen
        /// `start` was called twice or after `stop`.
        case alreadyStarted
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
