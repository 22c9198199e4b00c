import NIOCore

/// The kinds of frame of RFC 6455 section 11.8.
enum Opcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// What stands before a client frame's payload (RFC 6455 section 5.2), checked as far as one frame can be.
struct FrameHeader: Equatable {
    var isFinal: Bool
    var opcode: Opcode
    var payloadBytes: Int
    /// The masking key; its lowest byte masks the payload's first.
    var mask: UInt32

    /// Payload of a control frame at most (section 5.5).
    static let controlBytesMax = 125

    /// Reads one header. Returns nil, and reads nothing, when more bytes are needed; what the first two bytes already
    /// show to be wrong is thrown without waiting for the rest.
    static func read(from buffer: inout ByteBuffer) throws(ProtocolViolation) -> FrameHeader? {
        guard let (first, second) = buffer.peekInteger(as: UInt16.self).map({ (UInt8($0 >> 8), UInt8($0 & 0xFF)) })
        else { return nil }
        let opcode = try checkFirstBytes(first, second)
        let start = buffer.readerIndex
        buffer.moveReaderIndex(forwardBy: 2)
        guard let payloadBytes = try readLength(second & 0x7F, from: &buffer),
            let mask = buffer.readInteger(endianness: .little, as: UInt32.self)
        else {
            buffer.moveReaderIndex(to: start)
            return nil
        }
        return FrameHeader(isFinal: first & 0x80 != 0, opcode: opcode, payloadBytes: payloadBytes, mask: mask)
    }

    private static func checkFirstBytes(_ first: UInt8, _ second: UInt8) throws(ProtocolViolation) -> Opcode {
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .reservedOpcode }
        guard second & 0x80 != 0 else { throw .unmasked }
        if opcode.isControl {
            guard first & 0x80 != 0 else { throw .controlFragmented }
            guard second & 0x7F <= controlBytesMax else { throw .controlTooLong }
        }
        return opcode
    }

    private static func readLength(_ short: UInt8, from buffer: inout ByteBuffer) throws(ProtocolViolation) -> Int? {
        switch short {
        case 126:
            guard let length = buffer.readInteger(as: UInt16.self) else { return nil }
            guard length > 125 else { throw .lengthNotMinimal }
            return Int(length)
        case 127:
            guard let length = buffer.readInteger(as: UInt64.self) else { return nil }
            guard length > UInt64(UInt16.max) else { throw .lengthNotMinimal }
            guard let length = Int(exactly: length) else { throw .lengthNegative }
            return length
        default:
            return Int(short)
        }
    }
}
