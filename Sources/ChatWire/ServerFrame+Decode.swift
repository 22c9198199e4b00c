public import NIOCore

extension ServerFrame {
    /// Reads one frame of an edge, for clients. Unknown members are ignored.
    ///
    /// A newer server may say more than this version knows: a frame of an unknown type is nil, unless it has an entry's
    /// place in a room; entries that cannot be read keep their place (``Entry/Kind/unreadable``), and an unknown error
    /// code, notice or reason becomes the plainest known one.
    ///
    /// - Throws: ``WireError`` `invalid_frame` where the text is not what the protocol says.
    public static func decode(_ bytes: ByteBuffer) throws(WireError) -> ServerFrame? {
        try JSONObject.read(bytes) { frame throws(WireError) in try ServerFrame(frame) }
    }

    private init?(_ frame: JSONObject) throws(WireError) {
        switch try frame.string("type") {
        case "message", "file": self = .entry(room: try frame.room(), try Entry(frame))
        case "ack":
            self = .ack(
                ref: try frame.ref(), room: try frame.room(), id: try frame.position("id"),
                duplicate: try frame.bool("duplicate"))
        case "welcome": self = .welcome(try Welcome(frame))
        case "joined": self = .joined(try Joined(frame))
        case "left": self = .left(ref: try frame.ref(), room: try frame.room())
        case "history":
            self = .history(
                ref: try frame.ref(), room: try frame.room(), messages: try Entry.page(frame),
                more: try frame.bool("more"))
        case "members":
            self = .members(
                ref: try frame.ref(), room: try frame.room(), members: try Member.list(frame),
                count: try frame.integer("count"))
        case "rooms":
            self = .rooms(
                ref: try frame.ref(),
                rooms: try frame.objects("rooms") { room throws(WireError) in
                    RoomListing(
                        room: try room.room(), members: try room.integer("members"),
                        lastActivity: try room.unsigned("last_activity"))
                })
        case "found": self = .found(try Found(frame))
        case "read": self = .read(room: try frame.room(), position: try frame.position("position"))
        case "topic": self = .topic(ref: try frame.ref(), room: try frame.room(), try Topic(frame))
        case "direct":
            self = .direct(
                ref: try frame.ref(), room: try frame.room(), user: try frame.string("user"),
                isGuest: try frame.flag("guest"))
        case "directs":
            self = .directs(
                ref: try frame.ref(),
                directs: try frame.objects("directs") { direct throws(WireError) in
                    DirectListing(
                        room: try direct.room(), user: try direct.string("user"),
                        isGuest: try direct.flag("guest"),
                        lastActivity: try direct.unsigned("last_activity"))
                })
        case "presence": self = .presence(try Presence(frame))
        case "typing": self = .typing(room: try frame.room(), user: try frame.string("user"))
        case "gap":
            self = .gap(
                room: try frame.room(), after: try frame.position("after"), before: try frame.position("before"))
        case "slow": self = .slow(room: try frame.room(), after: try frame.position("after"))
        case "notice":
            self = .notice(
                level: NoticeLevel(rawValue: try frame.string("level")) ?? .warning,
                code: NoticeCode(rawValue: try frame.string("code")) ?? .announcement,
                text: try frame.string("text"))
        case "draining":
            self = .draining(reconnectAfterMilliseconds: try frame.integer("reconnect_after_ms"))
        case "error": self = .error(try ErrorFrame(frame))
        case "pong": self = .pong(ref: try frame.ref())
        default:
            guard let room = try? frame.room(), let entry = try? Entry(frame) else { return nil }
            self = .entry(room: room, entry)
        }
    }
}

extension ServerFrame.Welcome {
    fileprivate init(_ frame: JSONObject) throws(WireError) {
        let limits = try frame.object("limits")
        self.init(
            ref: try frame.ref(), session: try frame.session(), resume: try frame.string("resume"),
            user: try frame.string("user"), node: try frame.string("node"), server: try frame.string("server"),
            resumed: try frame.bool("resumed"), frameBytes: try limits.integer("frame_bytes"),
            bodyBytes: try limits.integer("body_bytes"), rooms: try limits.integer("rooms"),
            sendsPerSecond: try limits.number("sends_per_second"),
            pingIntervalMilliseconds: try frame.integer("ping_interval_ms"),
            features: try frame.has("features") ? try frame.strings("features") : [])
    }
}

extension ServerFrame.Joined {
    fileprivate init(_ frame: JSONObject) throws(WireError) {
        self.init(
            ref: try frame.ref(), room: try frame.room(), position: try frame.position("position"),
            messages: try Entry.page(frame), complete: try frame.bool("complete"), more: try frame.bool("more"),
            members: try Member.list(frame), count: try frame.integer("count"),
            read: try frame.has("read") ? try frame.position("read") : nil,
            topic: try frame.has("topic") ? try Topic(try frame.object("topic")) : nil)
    }
}

extension ServerFrame.Found {
    fileprivate init(_ frame: JSONObject) throws(WireError) {
        self.init(
            ref: try frame.ref(), room: try frame.room(), messages: try Entry.page(frame), more: try frame.bool("more"),
            before: try frame.has("before") ? try frame.position("before") : nil)
    }
}

extension Topic {
    fileprivate init(_ object: JSONObject) throws(WireError) {
        self.init(
            text: try object.string("topic"), user: try object.string("user"), time: try object.unsigned("ts"))
    }
}

extension ServerFrame.Presence {
    fileprivate init(_ frame: JSONObject) throws(WireError) {
        self.init(
            room: try frame.room(),
            joined: try frame.objects("joined") { person throws(WireError) in
                Arrival(
                    user: try person.string("user"), session: try person.session(), node: try person.string("node"))
            },
            left: try frame.objects("left") { person throws(WireError) in
                Departure(
                    user: try person.string("user"), session: try person.session(), node: try person.string("node"),
                    reason: Departure.Reason(rawValue: try person.string("reason")) ?? .left)
            },
            count: try frame.integer("count"))
    }
}

extension Member {
    fileprivate static func list(_ frame: JSONObject) throws(WireError) -> [Member] {
        try frame.objects("members") { member throws(WireError) in
            Member(
                user: try member.string("user"), sessions: try member.integer("sessions"),
                node: try member.string("node"), since: try member.unsigned("since"))
        }
    }
}

extension Entry {
    /// The entries of a page; an object of an unknown type that has no place in the room is left out.
    fileprivate static func page(_ frame: JSONObject) throws(WireError) -> [Entry] {
        try frame.objects("messages") { entry throws(WireError) -> Entry? in
            if Kind(frameType: try entry.string("type")) == nil { return try? Entry(entry) }
            return try Entry(entry)
        }.compactMap { $0 }
    }

    /// Reads an entry's place, and what it says as far as this version knows its type.
    fileprivate init(_ object: JSONObject) throws(WireError) {
        let (id, previous) = (try object.position("id"), try object.position("prev"))
        if let kind = Kind(frameType: try object.string("type")), let tail = try? Self.tail(of: kind, object) {
            self.init(kind: kind, id: id, previous: previous, tail: tail)
        } else {
            var whole = ByteBuffer()
            object.copyAll(into: &whole)
            self.init(kind: .unreadable, id: id, previous: previous, tail: whole)
        }
    }

    /// Builds a tail anew from the members that this version knows, so that it does not matter in which order they came.
    private static func tail(of kind: Kind, _ object: JSONObject) throws(WireError) -> ByteBuffer {
        var tail = ByteBuffer()
        try object.copy("user", into: &tail)
        let names: [StaticString] =
            switch kind {
            case .message: ["session", "key", "body"]
            case .file: ["key", "file"]
            case .unreadable: []
            }
        for name in names {
            tail.writeInteger(UInt8(ascii: ","))
            try object.copy(name, into: &tail)
        }
        tail.writeInteger(UInt8(ascii: "}"))
        return tail
    }
}

extension Entry.Kind {
    fileprivate init?(frameType: String) {
        guard let kind = Self.allCases.first(where: { $0.frameType == frameType }) else { return nil }
        self = kind
    }
}

extension ErrorFrame {
    fileprivate init(_ frame: JSONObject) throws(WireError) {
        let hasRetry = try frame.has("retry_after_ms")
        self.init(
            ref: try frame.ref(), code: ErrorCode(rawValue: try frame.string("code")) ?? .internal,
            message: try frame.string("message"),
            retryAfterMilliseconds: hasRetry ? try frame.integer("retry_after_ms") : nil)
    }
}

extension JSONObject {
    fileprivate func session() throws(WireError) -> SessionID {
        guard let session = SessionID(try string("session")) else { throw Self.unexpected("session") }
        return session
    }
}
