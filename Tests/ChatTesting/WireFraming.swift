import NIOCore

/// RFC 6455 section 5 as a client speaks it, written apart from the servers' codec.
enum WireFraming {
    struct Frame {
        var fin: Bool
        var opcode: UInt8
        var payload: ByteBuffer
    }

    /// A client's mask must be unpredictable to scripts in a browser; for a test any constant will do.
    private static let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]

    /// Writes one frame. `reserved` (the three RSV bits, 0 to 7) and `isMasked` let a test break the rules.
    static func encode(
        opcode: UInt8, payload: some Collection<UInt8>, fin: Bool = true, reserved: UInt8 = 0, isMasked: Bool = true,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeInteger((fin ? 0x80 : 0) | (reserved << 4) | opcode)
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126:
            buffer.writeInteger(maskBit | UInt8(payload.count))
        case ..<65536:
            buffer.writeInteger(maskBit | 126)
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(maskBit | 127)
            buffer.writeInteger(UInt64(payload.count))
        }
        guard isMasked else {
            buffer.writeBytes(payload)
            return
        }
        buffer.writeBytes(mask)
        buffer.writeBytes(zip(payload, 0...).map { byte, index in byte ^ mask[index % 4] })
    }

    /// Takes one whole frame from the front; nil while it is not all there.
    /// - Throws: ``WireFailure`` where a server breaks the framing rules.
    static func decode(from buffer: inout ByteBuffer) throws -> Frame? {
        var rest = buffer
        guard let first = rest.readInteger(as: UInt8.self), let second = rest.readInteger(as: UInt8.self) else {
            return nil
        }
        guard first & 0x70 == 0 else { throw WireFailure("the server set a reserved bit") }
        guard second & 0x80 == 0 else { throw WireFailure("the server masked a frame") }
        let length: Int?
        switch second & 0x7f {
        case 126: length = rest.readInteger(as: UInt16.self).map(Int.init)
        case 127: length = rest.readInteger(as: UInt64.self).flatMap(Int.init(exactly:))
        case let short: length = Int(short)
        }
        guard let length, let payload = rest.readSlice(length: length) else { return nil }
        buffer = rest
        return Frame(fin: first & 0x80 != 0, opcode: first & 0x0f, payload: payload)
    }
}

/// The opcodes of RFC 6455 section 5.2.
public enum WireOpcode {
    public static let continuation: UInt8 = 0
    public static let text: UInt8 = 1
    public static let binary: UInt8 = 2
    public static let close: UInt8 = 8
    public static let ping: UInt8 = 9
    public static let pong: UInt8 = 10
}

/// Why a test's client cannot go on: a broken rule of the peer, or something expected that did not come.
public struct WireFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
