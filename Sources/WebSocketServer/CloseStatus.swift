/// The status code of a Close frame (RFC 6455 section 7.4).
public struct CloseStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let normal = CloseStatus(rawValue: 1000)
    public static let goingAway = CloseStatus(rawValue: 1001)
    public static let protocolError = CloseStatus(rawValue: 1002)
    public static let unsupportedData = CloseStatus(rawValue: 1003)
    public static let invalidPayload = CloseStatus(rawValue: 1007)
    public static let policyViolation = CloseStatus(rawValue: 1008)
    public static let messageTooBig = CloseStatus(rawValue: 1009)
    public static let internalError = CloseStatus(rawValue: 1011)
    public static let tryAgainLater = CloseStatus(rawValue: 1013)

    /// Whether the code may stand in a Close frame: 1004 to 1006 and 1015 are reserved for local use, 1016 to 2999 for
    /// the protocol's future, and below 1000 and above 4999 there is nothing.
    public var isAllowedOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
