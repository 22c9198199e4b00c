import ChatBroker
import ChatWire
import ServerKit

/// How an error is told: one sentence and the next step, or with `--json` PROTOCOL section 4's document.
struct ErrorReport: Encodable {
    struct Body: Encodable {
        var code: String
        var message: String
    }
    var error: Body

    init(_ failure: ProcessFailure) { error = Body(code: "\(failure.exitStatus)", message: failure.description) }

    static func failure(_ error: any Error) -> ProcessFailure {
        switch error {
        case let failure as ProcessFailure: return failure
        case let error as WireError: return ProcessFailure(.usage, error.message)
        case let error as BrokerError where error.code == .unavailable || error.code == .stopped:
            let cause = error.cause.map { ": \($0)" } ?? ""
            return ProcessFailure(
                .unavailable, "Redis does not answer (\(error.message)\(cause)); check --redis and the server.")
        default: return ProcessFailure(.failed, "\(error)")
        }
    }

    /// Prints it on stderr. What a server said passes the filter.
    static func tell(_ failure: ProcessFailure, asJSON: Bool) {
        if asJSON {
            ControlOutput.errors(ControlOutput.json(ErrorReport(failure)))
        } else {
            ControlOutput.errors("termchat-ctl: \(ControlOutput.visible(failure.description))")
        }
    }
}
