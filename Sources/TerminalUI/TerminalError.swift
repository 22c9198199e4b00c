/// Why the terminal could not be opened.
public struct TerminalError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// Neither the given path nor the standard descriptors are a terminal.
        case notATerminal
        /// A process has one terminal at a time.
        case alreadyOpen
        /// The system refused; `cause` is its errno.
        case refused
    }

    public var code: Code
    public var message: String
    public var cause: Int32?

    public init(_ code: Code, _ message: String, cause: Int32? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { cause.map { "\(message) (errno \($0))" } ?? message }
}
