public import NIOCore

extension ClientFrame {
    /// The frame as JSON text.
    public func encode() -> ByteBuffer {
        var buffer = ByteBuffer()
        write(into: &buffer)
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    private func write(into buffer: inout ByteBuffer) {
        switch self {
        case .hello(let hello):
            buffer.writeHead("hello", hello.ref)
            buffer.writeMember("user", hello.user)
            buffer.writeMember("token", hello.token)
            buffer.writeMember("client", hello.client)
            buffer.writeMember("resume", hello.resume)
        case .join(let join):
            buffer.writeHead("join", join.ref, join.room)
            buffer.writeMember("since", join.since)
            buffer.writeMember("limit", join.limit)
        case .leave(let ref, let room):
            buffer.writeHead("leave", ref, room)
        case .send(let send):
            buffer.writeHead("send", send.ref, send.room)
            buffer.writeMember("key", send.key)
            buffer.writeName("body")
            buffer.writeImmutableBuffer(send.bodyJSON)
        case .history(let history):
            buffer.writeHead("history", history.ref, history.room)
            switch history.direction {
            case .before(let position): buffer.writeMember("before", position)
            case .after(let position): buffer.writeMember("after", position)
            case .newest: break
            }
            buffer.writeMember("limit", history.limit)
        case .who(let ref, let room):
            buffer.writeHead("who", ref, room)
        case .rooms(let ref, let limit):
            buffer.writeHead("rooms", ref)
            buffer.writeMember("limit", limit)
        case .typing(let room):
            buffer.writeHead("typing", nil, room)
        case .search(let search):
            buffer.writeHead("search", search.ref, search.room)
            buffer.writeMember("text", search.text)
            buffer.writeMember("before", search.before)
            buffer.writeMember("limit", search.limit)
        case .read(let room, let position):
            buffer.writeHead("read", nil, room)
            buffer.writeMember("position", position)
        case .topic(let ref, let room, let text):
            buffer.writeHead("topic", ref, room)
            buffer.writeMember("topic", text)
        case .direct(let direct):
            buffer.writeHead("direct", direct.ref)
            buffer.writeMember("user", direct.user.value)
            if direct.isGuest { buffer.writeMember("guest", true) }
        case .directs(let ref, let limit):
            buffer.writeHead("directs", ref)
            buffer.writeMember("limit", limit)
        case .ping(let ref):
            buffer.writeHead("ping", ref)
        }
    }
}

// Objects member by member; nil writes nothing.
extension ByteBuffer {
    /// Opens the object with what most frames begin with.
    mutating func writeHead(_ type: StaticString, _ ref: Ref?, _ room: RoomName? = nil) {
        writeStaticString("{\"type\":\"")
        writeStaticString(type)
        writeInteger(UInt8(ascii: "\""))
        if let ref {
            writeName("ref")
            writeString(ref.json)
        }
        if let room { writeMember("room", room.value) }
    }

    /// Writes `,"name":`.
    mutating func writeName(_ name: StaticString) {
        writeStaticString(",\"")
        writeStaticString(name)
        writeStaticString("\":")
    }

    mutating func writeMember(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        writeName(name)
        writeJSONString(value)
    }

    mutating func writeMember(_ name: StaticString, _ value: Int) {
        writeName(name)
        writeDecimal(value)
    }

    mutating func writeMember(_ name: StaticString, _ value: Bool) {
        writeName(name)
        writeJSONBool(value)
    }

    mutating func writeMember(_ name: StaticString, _ position: Position?) {
        guard let position else { return }
        writeName(name)
        writeJSONPosition(position)
    }
}
