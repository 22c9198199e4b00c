public import NIOCore

extension Entry {
    /// Writes the entry as a `message` or `file` frame: the envelope, and the tail behind it as it is; what could
    /// not be read is written as it came.
    public func writeJSON(room: RoomName, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: Self.envelopeBytesMax + tail.readableBytes)
        switch kind {
        case .message: buffer.writeStaticString(#"{"type":"message","room":""#)
        case .file: buffer.writeStaticString(#"{"type":"file","room":""#)
        case .unreadable:
            buffer.writeImmutableBuffer(tail)
            return
        }
        buffer.writeString(room.value)
        buffer.writeStaticString(#"","id":"#)
        buffer.writeJSONPosition(id)
        buffer.writeStaticString(#","prev":"#)
        buffer.writeJSONPosition(previous)
        buffer.writeStaticString(#","ts":"#)
        buffer.writeDecimal(id.milliseconds)
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeImmutableBuffer(tail)
    }

    /// Names and punctuation, a room, two positions and a time.
    private static let envelopeBytesMax = 64 + Limits.roomNameBytesMax + 5 * DecimalDigits.countMax

    /// The tail of a message. The body's JSON text is copied as the client wrote it.
    public static func messageTail(
        user: UserName, session: SessionID, key: String, bodyJSON: ByteBuffer
    ) -> ByteBuffer {
        var tail = ByteBuffer()
        tail.reserveCapacity(
            64 + user.value.utf8.count + session.value.utf8.count + key.utf8.count + bodyJSON.readableBytes)
        tail.writeStaticString(#""user":"#)
        tail.writeJSONString(user.value)
        tail.writeMember("session", session.value)
        tail.writeMember("key", key)
        tail.writeName("body")
        tail.writeImmutableBuffer(bodyJSON)
        tail.writeInteger(UInt8(ascii: "}"))
        return tail
    }

    /// The tail of a file's line.
    public static func fileTail(_ line: FileLine) -> ByteBuffer {
        var tail = ByteBuffer()
        tail.writeStaticString(#""user":"#)
        tail.writeJSONString(line.user)
        tail.writeMember("key", line.key)
        tail.writeStaticString(#","file":{"id":"#)
        tail.writeJSONString(line.id)
        tail.writeMember("name", line.name)
        tail.writeMember("bytes", line.bytes)
        tail.writeMember("media_type", line.mediaType)
        tail.writeMember("sha256", line.sha256)
        tail.writeStaticString("}}")
        return tail
    }
}
