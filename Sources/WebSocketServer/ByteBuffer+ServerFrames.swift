public import NIOCore

/// Frames as a server sends them: never masked, so that the same bytes serve every connection.
extension ByteBuffer {
    /// Bytes of the header before a server frame with a payload of that size.
    public static func webSocketHeaderBytes(payloadBytes: Int) -> Int {
        switch payloadBytes {
        case ...125: 2
        case ...0xFFFF: 4
        default: 10
        }
    }

    /// Writes the header of a whole text message; exactly `payloadBytes` of UTF-8 must follow.
    public mutating func writeWebSocketTextHeader(payloadBytes: Int) {
        writeWebSocketHeader(.text, payloadBytes: payloadBytes)
    }

    /// Writes a whole text message.
    public mutating func writeWebSocketText(_ payload: ByteBuffer) {
        writeWebSocketFrame(.text, payload)
    }

    /// Writes a whole text message whose payload `body` appends, where its size is not known before.
    public mutating func writeWebSocketText(_ body: (inout ByteBuffer) -> Void) {
        let start = writerIndex
        let reserved = Self.webSocketHeaderBytes(payloadBytes: 126)
        writeRepeatingByte(0, count: reserved)
        body(&self)
        let payloadBytes = writerIndex - start - reserved
        moveTail(from: start + reserved, by: Self.webSocketHeaderBytes(payloadBytes: payloadBytes) - reserved)
        let end = writerIndex
        moveWriterIndex(to: start)
        writeWebSocketTextHeader(payloadBytes: payloadBytes)
        moveWriterIndex(to: end)
    }

    mutating func writeWebSocketFrame(_ opcode: Opcode, _ payload: ByteBuffer) {
        writeWebSocketHeader(opcode, payloadBytes: payload.readableBytes)
        writeImmutableBuffer(payload)
    }

    /// Writes a Close frame. `reason` must fit a control frame beside the code (123 bytes).
    mutating func writeWebSocketClose(_ code: CloseStatus?, reason: String) {
        guard let code else { return writeWebSocketHeader(.close, payloadBytes: 0) }
        writeWebSocketHeader(.close, payloadBytes: 2 + reason.utf8.count)
        writeInteger(code.rawValue)
        writeString(reason)
    }

    private mutating func writeWebSocketHeader(_ opcode: Opcode, payloadBytes: Int) {
        writeInteger(0x80 | opcode.rawValue)
        switch payloadBytes {
        case ...125:
            writeInteger(UInt8(payloadBytes))
        case ...0xFFFF:
            writeInteger(UInt8(126))
            writeInteger(UInt16(payloadBytes))
        default:
            writeInteger(UInt8(127))
            writeInteger(UInt64(payloadBytes))
        }
    }

    /// Shifts the bytes from `index` to the end; the writer index moves with them.
    private mutating func moveTail(from index: Int, by distance: Int) {
        guard distance != 0 else { return }
        let count = writerIndex - index
        if distance > 0 { writeRepeatingByte(0, count: distance) }
        copyBytesInPlace(from: index, to: index + distance, count: count)
        moveWriterIndex(to: index + distance + count)
    }

    private mutating func copyBytesInPlace(from source: Int, to target: Int, count: Int) {
        let base = readerIndex
        withUnsafeMutableReadableBytes { bytes in
            guard let start = bytes.baseAddress, count > 0 else { return }
            (start + target - base).copyMemory(from: start + source - base, byteCount: count)
        }
    }
}
