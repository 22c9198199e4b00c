public import NIOCore

extension ClientFrame.Send {
    /// The message that a line of plain text on `/join` stands for.
    ///
    /// One newline at the end (`\n` or `\r\n`) belongs to the line and not to the message.
    ///
    /// - Parameter text: The WebSocket text message as it came; checked as the `body` of a `send` is.
    /// - Throws: ``WireError`` `invalid_body` or `too_large`.
    public static func plainText(
        _ text: ByteBuffer, room: RoomName, key: String, ref: Ref? = nil
    ) throws(WireError) -> Self {
        let result = text.withUnsafeReadableBytes { bytes in
            Result { () throws(WireError) in try bodyJSON(trimmingNewline(bytes)) }
        }
        return Self(ref: ref, room: room, key: key, bodyJSON: try result.get())
    }

    /// Whether a text message on `/join` is plain text: its first byte that is not blank is anything but `{`.
    public static func isPlainText(_ text: ByteBuffer) -> Bool {
        text.readableBytesView.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d } != UInt8(ascii: "{")
    }

    private static func trimmingNewline(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = bytes.count
        if end > 0, bytes[end - 1] == UInt8(ascii: "\n") {
            end -= 1
            if end > 0, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        }
        return UnsafeRawBufferPointer(rebasing: bytes[..<end])
    }

    private static func bodyJSON(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> ByteBuffer {
        let text = scan(bytes)
        try BodyRules.check(bytes: bytes.count, hasControls: text.hasControls, isText: text.isUTF8)
        var json = ByteBuffer()
        json.reserveCapacity(bytes.count + 16)
        json.writeInteger(UInt8(ascii: "\""))
        json.writeEscaped(bytes)
        json.writeInteger(UInt8(ascii: "\""))
        return json
    }
    private static func scan(_ bytes: UnsafeRawBufferPointer) -> (hasControls: Bool, isUTF8: Bool) {
        var hasControls = false
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\n"), UInt8(ascii: "\t"):
                index += 1
            case 0..<0x20, 0x7f:
                hasControls = true
                index += 1
            case 0..<0x80:
                index += 1
            default:
                let length = UTF8Sequence.length(bytes, at: index)
                guard length > 0 else { return (hasControls, false) }
                if UTF8Sequence.isControl(bytes, at: index) { hasControls = true }
                index += length
            }
        }
        return (hasControls, true)
    }
}
