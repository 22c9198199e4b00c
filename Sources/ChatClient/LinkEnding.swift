import ChatWire
import NIOCore

/// Names one connection of a session; numbers are never used twice within a session.
struct LinkID: Hashable, Sendable, CustomStringConvertible {
    let number: Int
    var description: String { "link \(number)" }
}

/// Why a connection ended, as the client saw it.
enum LinkEnding: Sendable, Equatable {
    /// The edge sent a close frame.
    case closed(CloseCode, reason: String)
    /// The transport failed, in words for the user.
    case failed(String)
    /// The upgrade was answered with another status than 101.
    case rejected(status: Int, retryAfter: TimeAmount?)
    /// `hello` was answered with an error.
    case refused(ErrorFrame)
    /// Nothing was heard for longer than the edge said it would take.
    case silent

    /// What follows from it.
    enum Verdict: Equatable {
        /// Connect again, not before `notBefore` has passed.
        case reconnect(notBefore: TimeAmount?)
        /// Connect again with another token, where one can be had.
        case renewToken(else: StopReason)
        case stop(StopReason)
    }

    var verdict: Verdict {
        switch self {
        case .closed(let code, let reason):
            if code.allowsReconnect { return .reconnect(notBefore: nil) }
            let stop = StopReason(closeCode: code, reason: reason)
            return code == .tokenExpired || code == .unauthorized ? .renewToken(else: stop) : .stop(stop)
        case .failed, .silent:
            return .reconnect(notBefore: nil)
        case .rejected(let status, let retryAfter):
            switch status {
            case 401: return .renewToken(else: StopReason(.notPermitted, "\(words)."))
            case 403: return .stop(StopReason(.notPermitted, "\(words)."))
            case 408, 425, 429, 500...599: return .reconnect(notBefore: retryAfter)
            default: return .stop(StopReason(.failed, "\(words); check the server's address."))
            }
        case .refused(let error):
            switch error.code {
            case .unauthorized: return .renewToken(else: StopReason(.notPermitted, error.message))
            case .forbidden: return .stop(StopReason(.notPermitted, error.message))
            case .unavailable, .rateLimited, .internal:
                return .reconnect(notBefore: error.retryAfterMilliseconds.map { .milliseconds(Int64($0)) })
            case .invalidFrame, .invalidRoom, .invalidUser, .invalidBody, .tooLarge, .notJoined, .tooManyRooms,
                .unsupported:
                return .stop(StopReason(.failed, error.message))
            }
        }
    }

    /// For the user's status line.
    var words: String {
        switch self {
        case .closed(.draining, _): "the node is draining"
        case .closed(let code, let reason):
            reason.isEmpty ? "closed with code \(code.rawValue)" : "closed with code \(code.rawValue): \(reason)"
        case .failed(let words): words
        case .rejected(let status, _): "the server answered the upgrade with HTTP \(status)"
        case .refused(let error): error.message
        case .silent: "nothing heard from the server"
        }
    }
}

/// Why a session is over for good.
public struct StopReason: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The application closed it.
        case closed
        /// The edge does not let this user in: exit status 4.
        case notPermitted
        /// Connecting again would not help: exit status 1.
        case failed
    }
    public var kind: Kind
    /// One sentence for the user; from the edge, so not yet filtered for a terminal.
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// For a close code of 4500-4999.
    init(closeCode: CloseCode, reason: String) {
        let suffix = reason.isEmpty ? "." : ": \(reason)"
        switch closeCode {
        case .unauthorized: self.init(.notPermitted, "The server does not accept these credentials\(suffix)")
        // Edges say the same in a whole sentence.
        case .tokenExpired: self.init(.notPermitted, reason.isEmpty ? "The token has expired; get a new one." : reason)
        case .kicked: self.init(.notPermitted, reason.isEmpty ? "An operator ended this session." : reason)
        case .rejectedOrigin: self.init(.notPermitted, "The server rejects this origin\(suffix)")
        default: self.init(.failed, "The server ended the session with code \(closeCode.rawValue)\(suffix)")
        }
    }

    public var description: String { message }
}
