public import NIOCore

extension ClientFrame {
    /// Reads one WebSocket text message.
    ///
    /// Unknown members are ignored; a member that is null counts as not there. A `send` is only scanned: its
    /// ``Send/bodyJSON`` is a slice of `bytes`.
    ///
    /// - Throws: the answer to send. It carries the frame's `ref` wherever that could be read.
    public static func decode(_ bytes: ByteBuffer) throws(ErrorFrame) -> ClientFrame {
        let result = bytes.withUnsafeReadableBytes { text in
            var decoder = ClientFrameDecoder(frame: bytes, text: text)
            return decoder.decode()
        }
        return try result.get()
    }
}

/// Turns the members of one frame into a ``ClientFrame``, or into the error that answers it.
private struct ClientFrameDecoder {
    /// What `text` lies in, for slices that outlive it.
    let frame: ByteBuffer
    var scanner: JSONScanner
    var members = ClientMembers()

    init(frame: ByteBuffer, text: UnsafeRawBufferPointer) {
        self.frame = frame
        self.scanner = JSONScanner(text)
    }

    mutating func decode() -> Result<ClientFrame, ErrorFrame> {
        do {
            return .success(try decodeFrame())
        } catch {
            return .failure(ErrorFrame(ref: try? ref(), error))
        }
    }

    private mutating func decodeFrame() throws(WireError) -> ClientFrame {
        guard frame.readableBytes <= Limits.frameBytesMax else {
            // For its ref.
            try? scan()
            throw WireError(.tooLarge, "A frame is at most \(Limits.frameBytesMax) bytes; send less at once.")
        }
        try scan()
        guard !members.hasRepetition else { throw Self.invalid("A member is there twice; send each once.") }
        let ref = try ref()
        guard members.type.kind == .string else { throw Self.invalid("'type' must be there and a string.") }
        if scanner.matches(members.type, "send") { return .send(try send(ref)) }
        if scanner.matches(members.type, "typing") { return .typing(room: try room()) }
        if scanner.matches(members.type, "ping") { return .ping(ref: ref) }
        if scanner.matches(members.type, "join") { return .join(try join(ref)) }
        if scanner.matches(members.type, "leave") { return .leave(ref: ref, room: try room()) }
        if scanner.matches(members.type, "history") { return .history(try history(ref)) }
        if scanner.matches(members.type, "who") { return .who(ref: ref, room: try room()) }
        if scanner.matches(members.type, "rooms") {
            return .rooms(ref: ref, limit: try limit(1...Limits.pageEntriesMax))
        }
        if scanner.matches(members.type, "read") { return try read() }
        if scanner.matches(members.type, "search") { return .search(try search(ref)) }
        if scanner.matches(members.type, "topic") { return .topic(ref: ref, room: try room(), text: try topic()) }
        if scanner.matches(members.type, "direct") { return .direct(try direct(ref)) }
        if scanner.matches(members.type, "directs") {
            return .directs(
                ref: ref, limit: try limit(1...Limits.directsListedMax, default: Limits.directsListedDefault))
        }
        if scanner.matches(members.type, "hello") { return .hello(try hello(ref)) }
        throw WireError(.unsupported, "This server knows no frame of that type.")
    }

    private mutating func scan() throws(WireError) {
        var members = ClientMembers()
        var scanner = self.scanner
        let names = scanner
        // What was read before the text broke is kept: the ref may be among it.
        defer { self.members = members }
        do {
            try scanner.readObject { members.note($0, $1, in: names) }
        } catch {
            throw Self.invalid("A frame is one JSON object in UTF-8, at most \(Limits.jsonDepthMax) levels deep.")
        }
    }

    private static func invalid(_ message: String) -> WireError { WireError(.invalidFrame, message) }
}

// One function a frame with more members than `ref` and `room`.
extension ClientFrameDecoder {
    private func send(_ ref: Ref?) throws(WireError) -> ClientFrame.Send {
        let room = try room()
        return ClientFrame.Send(ref: ref, room: room, key: try key(), bodyJSON: try body())
    }

    private func join(_ ref: Ref?) throws(WireError) -> ClientFrame.Join {
        let room = try room()
        let since = try position(members.since, "since")
        return ClientFrame.Join(ref: ref, room: room, since: since, limit: try limit(0...Limits.pageEntriesMax))
    }

    private func history(_ ref: Ref?) throws(WireError) -> ClientFrame.History {
        let room = try room()
        let direction: ClientFrame.History.Direction
        switch (try position(members.before, "before"), try position(members.after, "after")) {
        case (nil, nil): direction = .newest
        case (let before?, nil): direction = .before(before)
        case (nil, let after?): direction = .after(after)
        case (_?, _?): throw Self.invalid("'history' takes 'before' or 'after', not both.")
        }
        let limit = try limit(1...Limits.pageEntriesMax)
        return ClientFrame.History(ref: ref, room: room, direction: direction, limit: limit)
    }

    private func search(_ ref: Ref?) throws(WireError) -> ClientFrame.Search {
        let room = try room()
        let token = members.text
        guard token.kind == .string, !token.traits.contains(.loneSurrogate) else {
            throw Self.invalid("'text' must be there and a string.")
        }
        return ClientFrame.Search(
            ref: ref, room: room, text: try SearchText(scanner.string(token)).text,
            before: try position(members.before, "before"),
            limit: try limit(1...Limits.searchEntriesMax, default: Limits.searchEntriesDefault))
    }

    private func read() throws(WireError) -> ClientFrame {
        let room = try room()
        guard let position = try position(members.position, "position") else {
            throw Self.invalid("'position' must be there.")
        }
        return .read(room: room, position: position)
    }

    private func direct(_ ref: Ref?) throws(WireError) -> ClientFrame.Direct {
        try checkUserLength()
        guard let user = try text(members.user, "user", bytesMax: Limits.userTextBytesMax) else {
            throw Self.invalid("'user' must be there and a string.")
        }
        return ClientFrame.Direct(ref: ref, user: try UserName(user), isGuest: try flag(members.guest, "guest"))
    }

    private func hello(_ ref: Ref?) throws(WireError) -> ClientFrame.Hello {
        try checkUserLength()
        return ClientFrame.Hello(
            ref: ref,
            user: try text(members.user, "user", bytesMax: Limits.userTextBytesMax),
            token: try text(members.token, "token", bytesMax: Limits.tokenBytesMax),
            client: try text(members.client, "client", bytesMax: Limits.clientTextBytesMax),
            resume: try text(members.resume, "resume", bytesMax: Limits.resumeBytesMax))
    }
}

// One function a member.
extension ClientFrameDecoder {
    private func ref() throws(WireError) -> Ref? {
        let token = members.ref
        if token.isMissing { return nil }
        let count = token.kind == .string ? token.valueBytes : token.text.count
        guard token.kind == .number || token.kind == .string, count <= Limits.refBytesMax,
            !token.traits.contains(.loneSurrogate)
        else { throw Self.invalid("'ref' must be a number or a string of at most \(Limits.refBytesMax) bytes.") }
        return Ref(validatedJSON: scanner.json(token))
    }

    private func room() throws(WireError) -> RoomName {
        let token = members.room
        guard token.kind == .string else { throw Self.invalid("'room' must be there and a string.") }
        if token.traits.contains(.escapes) { return try RoomName(scanner.string(token)) }
        return try RoomName(utf8: scanner.bytes[token.contents])
    }

    private func key() throws(WireError) -> String {
        let token = members.key
        guard token.kind == .string, (1...Limits.keyBytesMax).contains(token.valueBytes),
            token.traits.isDisjoint(with: [.layout, .controls, .loneSurrogate])
        else {
            throw Self.invalid("'key' must be there: a string of 1 to \(Limits.keyBytesMax) bytes without controls.")
        }
        return scanner.string(token)
    }

    private func body() throws(WireError) -> ByteBuffer {
        let token = members.body
        guard token.kind == .string else { throw Self.invalid("'body' must be there and a string.") }
        try BodyRules.check(
            bytes: token.valueBytes, hasControls: token.traits.contains(.controls),
            isText: !token.traits.contains(.loneSurrogate))
        let start = frame.readerIndex + token.text.lowerBound
        guard let body = frame.getSlice(at: start, length: token.text.count) else {
            throw WireError(.internal, "The body could not be read.")
        }
        return body
    }

    private func position(_ token: JSONToken, _ name: String) throws(WireError) -> Position? {
        if token.isMissing { return nil }
        guard token.kind == .string, let position = Position(scanner.string(token)) else {
            throw Self.invalid("'\(name)' must be a position, as in \"1700000000000-0\".")
        }
        return position
    }

    private func topic() throws(WireError) -> String {
        let token = members.topic
        guard token.kind == .string else { throw Self.invalid("'topic' must be there and a string.") }
        guard token.valueBytes <= Limits.topicBytesMax else {
            throw WireError(.tooLarge, "A topic is at most \(Limits.topicBytesMax) bytes.")
        }
        guard token.traits.isDisjoint(with: [.layout, .controls, .loneSurrogate]) else {
            throw WireError(.invalidBody, "A topic is one line of text without control characters.")
        }
        return scanner.string(token)
    }

    /// A name that is too long is a wrong name, and no wrong frame.
    private func checkUserLength() throws(WireError) {
        guard members.user.valueBytes <= Limits.userTextBytesMax else {
            throw WireError(.invalidUser, "'user' is at most \(Limits.userNameCharactersMax) letters.")
        }
    }

    private func flag(_ token: JSONToken, _ name: String) throws(WireError) -> Bool {
        switch token.kind {
        case .absent, .null, .false: return false
        case .true: return true
        case .number, .string, .object, .array: throw Self.invalid("'\(name)' must be true or false.")
        }
    }

    private func limit(
        _ range: ClosedRange<Int>, default standard: Int = Limits.pageEntriesDefault
    ) throws(WireError) -> Int {
        if members.limit.isMissing { return standard }
        guard let limit = scanner.unsigned(members.limit).flatMap({ Int(exactly: $0) }), range.contains(limit) else {
            throw Self.invalid("'limit' must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return limit
    }

    private func text(_ token: JSONToken, _ name: String, bytesMax: Int) throws(WireError) -> String? {
        if token.isMissing { return nil }
        guard token.kind == .string, token.valueBytes <= bytesMax, !token.traits.contains(.loneSurrogate) else {
            throw Self.invalid("'\(name)' must be a string of at most \(bytesMax) bytes.")
        }
        return scanner.string(token)
    }
}
