import ChatBroker
import ChatWire
import HTTPTypes
import Hummingbird
import NIOCore

/// The error of this module towards clients: a status, and `{"error":{"code","message"}}`.
struct Refusal: Error, Sendable {
    var status: HTTPResponse.Status
    var code: String
    /// One sentence that says what to do; safe to send.
    var message: String
    var headers: HTTPFields = [:]
    /// For the log and the counters.
    var cause: (any Error)?

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }
}

extension HTTPResponse.Status {
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
    static let checksumMismatch = HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
}

extension Refusal {
    static let notFound = Refusal(.notFound, "not_found", "There is no such file or upload.")
    static let notHere = Refusal(.notFound, "not_found", "Nothing is here; docs/http-api.md lists what is.")
    static let forbidden = Refusal(.forbidden, "forbidden", "You may not do that in this room.")
    static let unauthorized = Refusal(
        .unauthorized, "unauthorized", "Send a token in Authorization: Bearer, or a new one where it has expired.",
        headers: [.wwwAuthenticate: "Bearer"])
    static let full = Refusal(.insufficientStorage, "insufficient_storage", "There is no space left; try again later.")
    static let unavailable = Refusal(
        .serviceUnavailable, "unavailable", "The service cannot do that now; try again.", headers: [.retryAfter: "2"])
    static let draining = Refusal(
        .serviceUnavailable, "unavailable", "This worker is stopping; try again.", headers: [.retryAfter: "1"])
    static let longerThanSaid = Refusal(.contentTooLarge, "too_large", "The body is longer than the file may be.")
    static let tooSlow = Refusal(.requestTimeout, "too_slow", "The body came too slowly.")
    static let slowHead = Refusal(.requestTimeout, "too_slow", "The head of the request did not come in time.")
    static let headTooLarge = Refusal(
        .contentTooLarge, "too_large",
        "The head of a request is at most \(UploadLimits.headBytesMax) bytes, with \(UploadLimits.headersMax) fields of at most "
            + "\(UploadLimits.headerBytesMax) bytes.")
    static let damaged = Refusal(.internalServerError, "internal", "The file's bytes are damaged.")
    static let internalError = Refusal(.internalServerError, "internal", "Something failed here; try again.")
    static let busy = Refusal(
        .conflict, "conflict", "Another request goes on with this upload; ask for its offset with HEAD.")

    static func fileTooLarge(_ bytes: Int) -> Refusal {
        Refusal(.contentTooLarge, "too_large", "A file is at most \(bytes) bytes.")
    }

    static func invalid(_ message: String) -> Refusal { Refusal(.badRequest, "invalid_request", message) }

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(.methodNotAllowed, "unsupported", "Use \(allowed).", headers: [.allow: allowed])
    }

    static func limited(_ reason: ReservationAnswer.Reason, retryAfter: TimeAmount) -> Refusal {
        let what =
            switch reason {
            case .pending: "Too many of your uploads are unfinished."
            case .bytes: "You uploaded as much as is allowed for now."
            case .rate: "You begin uploads too fast."
            }
        let seconds = max(1, (retryAfter.nanoseconds + 999_999_999) / 1_000_000_000)
        return Refusal(.tooManyRequests, "rate_limited", what, headers: [.retryAfter: "\(seconds)"])
    }

    /// What a client is told of an error; the cause is for the log.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as InputError: self.init(error)
        case let error as WireError: self = Refusal(.badRequest, error.code.rawValue, error.message)
        case let error as UploadStore.Failure: self.init(error)
        case let error as VolumeError: self.init(error)
        case is BrokerError, is Scanner.Unanswered: self = .unavailable
        case is SlowSender: self = .tooSlow
        // Only a stop cancels a request.
        case is Stopping, is CancellationError: self = .draining
        default: self = .internalError
        }
    }

    private init(_ error: InputError) {
        switch error.kind {
        case .malformed: self = .invalid(error.message)
        case .tooLarge: self = Refusal(.contentTooLarge, "too_large", error.message)
        case .unsupported: self = Refusal(.unsupportedMediaType, "unsupported", error.message)
        }
    }

    private init(_ failure: UploadStore.Failure) {
        switch failure {
        case .notFound: self = .notFound
        case .superseded: self = .busy
        case .wrongOffset(let offset):
            self = Refusal(
                .conflict, "conflict", "The upload has \(offset) bytes.", headers: [.uploadOffset: "\(offset)"])
        case .wrongHash:
            self = Refusal(
                .checksumMismatch, "checksum_mismatch", "The bytes are not those of the announced SHA-256; start anew.")
        case .refused: self = Refusal(.unprocessableContent, "refused", "This file may not be shared here.")
        case .lost: self = .damaged
        }
    }

    private init(_ error: VolumeError) {
        switch error.code {
        case .full: self = .full
        case .readOnly, .gone, .notFound, .exists, .failed: self = .unavailable
        }
    }

    var response: Response {
        var response = Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: JSONBody.error(code, message)))
        response.headers[.contentType] = "application/json"
        return response
    }
}

extension HTTPField.Name {
    private static func known(_ text: String) -> HTTPField.Name {
        HTTPField.Name(text) ?? .contentType
    }
    static let tusResumable = known("Tus-Resumable")
    static let tusVersion = known("Tus-Version")
    static let tusExtension = known("Tus-Extension")
    static let tusMaxSize = known("Tus-Max-Size")
    static let tusChecksumAlgorithm = known("Tus-Checksum-Algorithm")
    static let uploadOffset = known("Upload-Offset")
    static let uploadLength = known("Upload-Length")
    static let uploadDeferLength = known("Upload-Defer-Length")
    static let uploadMetadata = known("Upload-Metadata")
    static let uploadConcat = known("Upload-Concat")
    static let invalidHost = known(HeadHandler.invalidHost)
    static let forwardedFor = known("X-Forwarded-For")
    static let uploadChecksum = known("Upload-Checksum")
    static let uploadExpires = known("Upload-Expires")
    static let methodOverride = known("X-HTTP-Method-Override")
    static let accelRedirect = known("X-Accel-Redirect")
    static let contentSecurityPolicy = known("Content-Security-Policy")
    static let contentTypeOptions = known("X-Content-Type-Options")
}
