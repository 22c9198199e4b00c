import ChatWire

/// What a command's exit status says; the same for every command.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    /// The server could not be reached, or could not store, in time.
    case unavailable = 3
    case notPermitted = 4
    /// `tail` showed a gap.
    case gap = 5
}

/// Ends a command with a status, and a sentence for standard error where there is something to say.
struct CommandFailure: Error, Equatable {
    var status: ExitStatus
    var message: String?

    init(_ status: ExitStatus, _ message: String? = nil) {
        self.status = status
        self.message = message
    }

    init(_ reason: StopReason) {
        switch reason.kind {
        case .closed: self.init(.done)
        case .notPermitted: self.init(.notPermitted, VisibleText(reason.message).value)
        case .failed: self.init(.failed, VisibleText(reason.message).value)
        }
    }

    init(_ error: ErrorFrame) {
        let message = VisibleText(error.message).value
        switch error.code {
        case .forbidden, .unauthorized: self.init(.notPermitted, message)
        case .unavailable, .rateLimited: self.init(.unavailable, message)
        case .invalidFrame, .invalidRoom, .invalidUser, .invalidBody, .tooLarge, .notJoined, .tooManyRooms,
            .unsupported, .internal:
            self.init(.failed, message)
        }
    }

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case RequestError.refused(let error): self.init(error)
        case RequestError.stopped(let reason): self.init(reason)
        case let error as StateError: self.init(.failed, error.message)
        case is LineOutput.Closed, is CancellationError: self.init(.done)
        default: self.init(.failed, "\(error)")
        }
    }
}
