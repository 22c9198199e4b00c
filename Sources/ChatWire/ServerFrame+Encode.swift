public import NIOCore

extension ServerFrame {
    /// Appends the frame as JSON text.
    public func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .welcome(let welcome):
            buffer.write(welcome)
        case .joined(let joined):
            buffer.write(joined) { buffer in
                buffer.writeJSONArray(joined.messages) { $0.writeJSON(room: joined.room, into: &$1) }
            }
        case .left(let ref, let room):
            buffer.writeHead("left", ref, room)
            buffer.closeObject()
        case .entry(let room, let entry):
            entry.writeJSON(room: room, into: &buffer)
        case .ack(let ref, let room, let id, let duplicate):
            Self.writeAck(ref: ref, room: room, id: id, duplicate: duplicate, into: &buffer)
        case .history(let ref, let room, let messages, let more):
            buffer.writeHistory(ref, room, more: more) { buffer in
                buffer.writeJSONArray(messages) { $0.writeJSON(room: room, into: &$1) }
            }
        case .members(let ref, let room, let members, let count):
            buffer.writeHead("members", ref, room)
            buffer.writeMembers(members, count: count)
            buffer.closeObject()
        case .rooms(let ref, let rooms):
            buffer.writeHead("rooms", ref)
            buffer.writeName("rooms")
            buffer.writeJSONArray(rooms) { room, buffer in
                buffer.writeStaticString(#"{"room":"#)
                buffer.writeJSONString(room.room.value)
                buffer.writeMember("members", room.members)
                buffer.writeName("last_activity")
                buffer.writeDecimal(room.lastActivity)
                buffer.closeObject()
            }
            buffer.closeObject()
        case .found(let found):
            buffer.write(found)
        case .read(let room, let position):
            buffer.writeHead("read", nil, room)
            buffer.writeMember("position", position)
            buffer.closeObject()
        case .topic(let ref, let room, let topic):
            buffer.writeHead("topic", ref, room)
            buffer.writeName("topic")
            buffer.writeMembers(topic)
            buffer.closeObject()
        case .direct(let ref, let room, let user, let isGuest):
            buffer.writeHead("direct", ref, room)
            buffer.writeMember("user", user)
            if isGuest { buffer.writeMember("guest", true) }
            buffer.closeObject()
        case .directs(let ref, let directs):
            buffer.write(ref, directs)
        case .presence(let presence):
            buffer.write(presence)
        case .typing(let room, let user):
            buffer.writeHead("typing", nil, room)
            buffer.writeMember("user", user)
            buffer.closeObject()
        case .gap(let room, let after, let before):
            buffer.writeHead("gap", nil, room)
            buffer.writeMember("after", after)
            buffer.writeMember("before", before)
            buffer.closeObject()
        case .slow(let room, let after):
            buffer.writeHead("slow", nil, room)
            buffer.writeMember("after", after)
            buffer.closeObject()
        case .notice(let level, let code, let text):
            buffer.writeHead("notice", nil)
            buffer.writeMember("level", level.rawValue)
            buffer.writeMember("code", code.rawValue)
            buffer.writeMember("text", text)
            buffer.closeObject()
        case .draining(let milliseconds):
            buffer.writeHead("draining", nil)
            buffer.writeMember("reconnect_after_ms", milliseconds)
            buffer.closeObject()
        case .error(let error):
            buffer.write(error)
        case .pong(let ref):
            buffer.writeHead("pong", ref)
            buffer.closeObject()
        }
    }

    /// Appends an `ack`, the most frequent answer.
    public static func writeAck(
        ref: Ref?, room: RoomName, id: Position, duplicate: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeHead("ack", ref, room)
        buffer.writeMember("id", id)
        buffer.writeName("ts")
        buffer.writeDecimal(id.milliseconds)
        buffer.writeMember("duplicate", duplicate)
        buffer.closeObject()
    }

    /// Appends a `joined` whose entries are JSON already, each as ``Entry/writeJSON(room:into:)`` wrote it;
    /// the `messages` of `head` are not used.
    public static func writeJoined(_ head: Joined, renderedEntries: [ByteBuffer], into buffer: inout ByteBuffer) {
        buffer.write(head) { buffer in
            buffer.writeJSONArray(renderedEntries) { $1.writeImmutableBuffer($0) }
        }
    }

    /// Appends a `history` whose entries are JSON already, each as ``Entry/writeJSON(room:into:)`` wrote it.
    public static func writeHistory(
        ref: Ref?, room: RoomName, renderedEntries: [ByteBuffer], more: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeHistory(ref, room, more: more) { buffer in
            buffer.writeJSONArray(renderedEntries) { $1.writeImmutableBuffer($0) }
        }
    }
}

// The frames with more than three members.
extension ByteBuffer {
    fileprivate mutating func closeObject() { writeInteger(UInt8(ascii: "}")) }

    fileprivate mutating func write(_ welcome: ServerFrame.Welcome) {
        writeHead("welcome", welcome.ref)
        writeMember("session", welcome.session.value)
        writeMember("resume", welcome.resume)
        writeMember("user", welcome.user)
        writeMember("node", welcome.node)
        writeMember("server", welcome.server)
        writeMember("resumed", welcome.resumed)
        writeStaticString(#","limits":{"frame_bytes":"#)
        writeDecimal(welcome.frameBytes)
        writeMember("body_bytes", welcome.bodyBytes)
        writeMember("rooms", welcome.rooms)
        writeName("sends_per_second")
        writeJSONNumber(welcome.sendsPerSecond)
        closeObject()
        writeMember("ping_interval_ms", welcome.pingIntervalMilliseconds)
        if !welcome.features.isEmpty {
            writeName("features")
            writeJSONArray(welcome.features) { $1.writeJSONString($0) }
        }
        closeObject()
    }

    fileprivate mutating func write(_ joined: ServerFrame.Joined, entries: (inout ByteBuffer) -> Void) {
        writeHead("joined", joined.ref, joined.room)
        writeMember("position", joined.position)
        writeName("messages")
        entries(&self)
        writeMember("complete", joined.complete)
        writeMember("more", joined.more)
        writeMembers(joined.members, count: joined.count)
        writeMember("read", joined.read)
        if let topic = joined.topic {
            writeStaticString(#","topic":{"topic":"#)
            writeMembers(topic)
            closeObject()
        }
        closeObject()
    }

    /// The value of a topic's first member, `topic`, and the others.
    fileprivate mutating func writeMembers(_ topic: Topic) {
        writeJSONString(topic.text)
        writeMember("user", topic.user)
        writeName("ts")
        writeDecimal(topic.time)
    }

    fileprivate mutating func write(_ found: ServerFrame.Found) {
        writeHead("found", found.ref, found.room)
        writeName("messages")
        writeJSONArray(found.messages) { $0.writeJSON(room: found.room, into: &$1) }
        writeMember("more", found.more)
        writeMember("before", found.before)
        closeObject()
    }

    fileprivate mutating func write(_ ref: Ref?, _ directs: [DirectListing]) {
        writeHead("directs", ref)
        writeName("directs")
        writeJSONArray(directs) { direct, buffer in
            buffer.writeStaticString(#"{"room":"#)
            buffer.writeJSONString(direct.room.value)
            buffer.writeMember("user", direct.user)
            if direct.isGuest { buffer.writeMember("guest", true) }
            buffer.writeName("last_activity")
            buffer.writeDecimal(direct.lastActivity)
            buffer.closeObject()
        }
        closeObject()
    }

    fileprivate mutating func writeHistory(
        _ ref: Ref?, _ room: RoomName, more: Bool, entries: (inout ByteBuffer) -> Void
    ) {
        writeHead("history", ref, room)
        writeName("messages")
        entries(&self)
        writeMember("more", more)
        closeObject()
    }

    fileprivate mutating func writeMembers(_ members: [Member], count: Int) {
        writeName("members")
        writeJSONArray(members) { member, buffer in
            buffer.writeStaticString(#"{"user":"#)
            buffer.writeJSONString(member.user)
            buffer.writeMember("sessions", member.sessions)
            buffer.writeMember("node", member.node)
            buffer.writeName("since")
            buffer.writeDecimal(member.since)
            buffer.closeObject()
        }
        writeMember("count", count)
    }

    fileprivate mutating func write(_ presence: ServerFrame.Presence) {
        writeHead("presence", nil, presence.room)
        writeName("joined")
        writeJSONArray(presence.joined) { arrival, buffer in
            buffer.writePerson(arrival.user, arrival.session, arrival.node)
            buffer.closeObject()
        }
        writeName("left")
        writeJSONArray(presence.left) { departure, buffer in
            buffer.writePerson(departure.user, departure.session, departure.node)
            buffer.writeMember("reason", departure.reason.rawValue)
            buffer.closeObject()
        }
        writeMember("count", presence.count)
        closeObject()
    }

    private mutating func writePerson(_ user: String, _ session: SessionID, _ node: String) {
        writeStaticString(#"{"user":"#)
        writeJSONString(user)
        writeMember("session", session.value)
        writeMember("node", node)
    }

    fileprivate mutating func write(_ error: ErrorFrame) {
        writeHead("error", error.ref)
        writeMember("code", error.code.rawValue)
        writeMember("message", error.message)
        if let milliseconds = error.retryAfterMilliseconds { writeMember("retry_after_ms", milliseconds) }
        closeObject()
    }
}
