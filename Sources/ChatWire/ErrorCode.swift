/// Why one frame was not carried out; the connection stays. The raw value travels in `error.code`.
public enum ErrorCode: String, Sendable, CaseIterable {
    case invalidFrame = "invalid_frame"
    case invalidRoom = "invalid_room"
    case invalidUser = "invalid_user"
    case invalidBody = "invalid_body"
    case tooLarge = "too_large"
    case notJoined = "not_joined"
    case forbidden
    case unauthorized
    case rateLimited = "rate_limited"
    case tooManyRooms = "too_many_rooms"
    /// Redis is away; nothing was stored.
    case unavailable
    case unsupported
    case `internal`
}

/// The error of this module: what a name, frame or value breaks, in words for the peer.
public struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    /// One sentence that says what to do; safe to send to the peer.
    public var message: String

    public init(_ code: ErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}

/// Why a connection ended: the RFC 6455 codes this project sends, and its own.
/// 4000-4499 tell the client to reconnect, 4500-4999 not to.
public struct CloseCode: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let normal = CloseCode(rawValue: 1000)
    public static let goingAway = CloseCode(rawValue: 1001)
    public static let protocolError = CloseCode(rawValue: 1002)
    public static let unsupportedData = CloseCode(rawValue: 1003)
    public static let invalidPayload = CloseCode(rawValue: 1007)
    public static let policyViolation = CloseCode(rawValue: 1008)
    public static let messageTooBig = CloseCode(rawValue: 1009)
    public static let internalError = CloseCode(rawValue: 1011)

    public static let draining = CloseCode(rawValue: 4000)
    public static let slowConsumer = CloseCode(rawValue: 4001)
    public static let overCapacity = CloseCode(rawValue: 4002)
    public static let pingTimeout = CloseCode(rawValue: 4003)
    public static let idleBeforeHello = CloseCode(rawValue: 4004)
    public static let replaced = CloseCode(rawValue: 4005)
    public static let unauthorized = CloseCode(rawValue: 4500)
    public static let tokenExpired = CloseCode(rawValue: 4501)
    public static let kicked = CloseCode(rawValue: 4502)
    public static let rejectedOrigin = CloseCode(rawValue: 4503)
    public static let unsupportedVersion = CloseCode(rawValue: 4504)

    /// Whether a client should connect again: always, except after 4500-4999.
    public var allowsReconnect: Bool { !(4500...4999).contains(rawValue) }
}
