/// What a peer did against RFC 6455, with the close code that the RFC names for it.
struct ProtocolViolation: Error, Equatable {
    let code: CloseStatus
    /// Goes to the peer in the Close frame, so that whoever writes a client sees what is wrong with it.
    let reason: String

    static let reservedBits = ProtocolViolation(.protocolError, "reserved bits set")
    static let reservedOpcode = ProtocolViolation(.protocolError, "reserved opcode")
    static let unmasked = ProtocolViolation(.protocolError, "client frame not masked")
    static let controlFragmented = ProtocolViolation(.protocolError, "fragmented control frame")
    static let controlTooLong = ProtocolViolation(.protocolError, "control frame over 125 bytes")
    static let lengthNotMinimal = ProtocolViolation(.protocolError, "length not in its shortest form")
    static let lengthNegative = ProtocolViolation(.protocolError, "length with its top bit set")
    static let nothingToContinue = ProtocolViolation(.protocolError, "continuation without a message")
    static let messageNotFinished = ProtocolViolation(.protocolError, "new message inside another")
    static let closeBody = ProtocolViolation(.protocolError, "malformed close frame")
    static let invalidUTF8 = ProtocolViolation(.invalidPayload, "text is not UTF-8")
    static let messageTooBig = ProtocolViolation(.messageTooBig, "message too big")
    static let tooManyFragments = ProtocolViolation(.policyViolation, "too many fragments")
    static let tooSlow = ProtocolViolation(.policyViolation, "message not finished in time")
    static let unfinishedElsewhere = ProtocolViolation(.tryAgainLater, "too many unfinished messages")

    init(_ code: CloseStatus, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}
