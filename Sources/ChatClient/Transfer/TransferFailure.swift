import ChatWire
import NIOCore

/// Why a request of a transfer did not do what it was for, and whether to try again.
struct TransferFailure: Error, Sendable, Equatable {
    enum Remedy: Sendable, Equatable {
        /// The connection or the server may be back later; not before `notBefore` has passed.
        case retry(notBefore: TimeAmount?)
        /// The server knows another offset, or nothing of the upload: ask, or begin anew.
        case conflict
        case unknown
        case stop(ExitStatus)
    }

    var remedy: Remedy
    /// For the user; from a server, so filtered before it is shown.
    var message: String

    init(_ remedy: Remedy, _ message: String) {
        self.remedy = remedy
        self.message = message
    }

    /// From an answer that is not the one hoped for.
    init(_ answer: TransferAnswer) {
        let message = answer.errorMessage ?? "The server answered with HTTP \(answer.status)."
        switch answer.status {
        case 401, 403: self.init(.stop(.notPermitted), message)
        case 404, 410: self.init(.unknown, message)
        case 409, 460: self.init(.conflict, message)
        case 408, 423, 425, 429, 500, 502, 503, 504, 507: self.init(.retry(notBefore: answer.retryAfter), message)
        default: self.init(.stop(.failed), message)
        }
    }

    /// From a connection that could not be made, or broke.
    static func lost(_ error: any Error) -> TransferFailure {
        TransferFailure(.retry(notBefore: nil), TransportError.words(error))
    }

    /// How a command ends with it where it is not tried again.
    var ending: CommandFailure {
        let text = VisibleText(message).value
        return switch remedy {
        case .retry: CommandFailure(.unavailable, text)
        case .conflict, .unknown: CommandFailure(.failed, text)
        case .stop(let status): CommandFailure(status, text)
        }
    }
}
