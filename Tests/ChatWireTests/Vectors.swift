import ChatWire
import NIOCore

/// Every frame once, with the JSON text it is written as: what other implementations may rely on.
enum Vectors {
    static let room = try! RoomName("lobby")
    static let session = SessionID("s3ss10n")!

    static let client: [(ClientFrame, String)] = [
        (
            .hello(.init(ref: Ref(1), user: "ann", token: "t.o.k", client: "cli/1", resume: "r-1")),
            #"{"type":"hello","ref":1,"user":"ann","token":"t.o.k","client":"cli/1","resume":"r-1"}"#
        ),
        (.hello(.init()), #"{"type":"hello"}"#),
        (
            .join(.init(ref: Ref(2), room: room, since: Position("12-3"), limit: 0)),
            #"{"type":"join","ref":2,"room":"lobby","since":"12-3","limit":0}"#
        ),
        (.join(.init(room: room)), #"{"type":"join","room":"lobby","limit":50}"#),
        (
            .leave(ref: Ref(validatedJSON: #""a\n""#), room: room),
            #"{"type":"leave","ref":"a\n","room":"lobby"}"#
        ),
        (
            .send(.init(ref: Ref(-3), room: room, key: "k\"1", bodyJSON: ByteBuffer(string: #""h\u00e9 \"x\"\n""#))),
            #"{"type":"send","ref":-3,"room":"lobby","key":"k\"1","body":"h\u00e9 \"x\"\n"}"#
        ),
        (
            .history(.init(ref: Ref(4), room: room, direction: .before(Position("9-0")!), limit: 1000)),
            #"{"type":"history","ref":4,"room":"lobby","before":"9-0","limit":1000}"#
        ),
        (
            .history(.init(room: room, direction: .after(.zero), limit: 1)),
            #"{"type":"history","room":"lobby","after":"0-0","limit":1}"#
        ),
        (.history(.init(room: room, direction: .newest)), #"{"type":"history","room":"lobby","limit":50}"#),
        (.who(ref: Ref(5), room: room), #"{"type":"who","ref":5,"room":"lobby"}"#),
        (.rooms(ref: Ref(7), limit: 20), #"{"type":"rooms","ref":7,"limit":20}"#),
        (.typing(room: room), #"{"type":"typing","room":"lobby"}"#),
        (
            .search(.init(ref: Ref(8), room: room, text: "zwölf \"x\"", before: Position("9-0")!, limit: 100)),
            #"{"type":"search","ref":8,"room":"lobby","text":"zwölf \"x\"","before":"9-0","limit":100}"#
        ),
        (.search(.init(room: room, text: "a")), #"{"type":"search","room":"lobby","text":"a","limit":20}"#),
        (
            .read(room: room, position: Position("12-3")!),
            #"{"type":"read","room":"lobby","position":"12-3"}"#
        ),
        (
            .topic(ref: Ref(9), room: room, text: "ship it 🚢"),
            #"{"type":"topic","ref":9,"room":"lobby","topic":"ship it 🚢"}"#
        ),
        (.topic(ref: nil, room: room, text: ""), #"{"type":"topic","room":"lobby","topic":""}"#),
        (.direct(.init(ref: Ref(10), user: try! UserName("太郎"))), #"{"type":"direct","ref":10,"user":"太郎"}"#),
        (
            .direct(.init(user: try! UserName("bo"), isGuest: true)),
            #"{"type":"direct","user":"bo","guest":true}"#
        ),
        (.directs(ref: Ref(11), limit: 50), #"{"type":"directs","ref":11,"limit":50}"#),
        (.ping(ref: Ref(6)), #"{"type":"ping","ref":6}"#),
        (.ping(ref: nil), #"{"type":"ping"}"#),
    ]

    static let message = Entry(
        kind: .message, id: Position("1700000000000-1")!, previous: .zero,
        tail: Entry.messageTail(
            user: try! UserName("ann"), session: session, key: "k1", bodyJSON: ByteBuffer(string: #""h\u0069""#)))

    static let fileLine = FileLine(
        id: "f1", name: "a \"b\".png", bytes: 12, mediaType: "image/png", sha256: "ab12", user: "bo", key: "f1")

    static let file = Entry(
        kind: .file, id: Position("1700000000001-0")!, previous: Position("1700000000000-1")!,
        tail: Entry.fileTail(fileLine))

    static let messageJSON =
        #"{"type":"message","room":"lobby","id":"1700000000000-1","prev":"0-0","ts":1700000000000,"#
        + #""user":"ann","session":"s3ss10n","key":"k1","body":"h\u0069"}"#
    static let fileJSON =
        #"{"type":"file","room":"lobby","id":"1700000000001-0","prev":"1700000000000-1","ts":1700000000001,"#
        + #""user":"bo","key":"f1","file":{"id":"f1","name":"a \"b\".png","bytes":12,"media_type":"image/png","sha256":"ab12"}}"#
    static let membersJSON =
        #""members":[{"user":"ann","sessions":2,"node":"edge-a","since":17},{"user":"bo","sessions":1,"node":"edge-b","since":0}]"#
    static let members = [
        Member(user: "ann", sessions: 2, node: "edge-a", since: 17),
        Member(user: "bo", sessions: 1, node: "edge-b", since: 0),
    ]
    static let joined = ServerFrame.Joined(
        ref: Ref(2), room: room, position: Position("1700000000001-0")!, messages: [message, file], complete: true,
        more: false, members: members, count: 2)

    static let topic = Topic(text: "ship \"it\"", user: "bo", time: 17)
    static let directRoom = try! RoomName("dm-0f")

    static var markedJoined: ServerFrame.Joined {
        ServerFrame.Joined(
            ref: nil, room: room, position: .zero, messages: [], complete: true, more: false, members: [], count: 0,
            read: Position("3-1")!, topic: topic)
    }

    static let server: [(ServerFrame, String)] = [
        (
            .welcome(
                .init(
                    ref: nil, session: session, resume: "secret", user: "ann", node: "edge-a", server: "termchat/1",
                    resumed: false, frameBytes: 1, bodyBytes: 2, rooms: 3, sendsPerSecond: 4,
                    pingIntervalMilliseconds: 5, features: ServerFeature.allCases.map(\.rawValue))),
            #"{"type":"welcome","session":"s3ss10n","resume":"secret","user":"ann","node":"edge-a","#
                + #""server":"termchat/1","resumed":false,"limits":{"frame_bytes":1,"body_bytes":2,"rooms":3,"#
                + #""sends_per_second":4},"ping_interval_ms":5,"features":["search","read","topic","direct"]}"#
        ),
        (
            .joined(markedJoined),
            #"{"type":"joined","room":"lobby","position":"0-0","messages":[],"complete":true,"more":false,"members":[],"#
                + #""count":0,"read":"3-1","topic":{"topic":"ship \"it\"","user":"bo","ts":17}}"#
        ),
        (
            .found(.init(ref: Ref(8), room: room, messages: [file, message], more: true, before: Position("9-0")!)),
            #"{"type":"found","ref":8,"room":"lobby","messages":["# + fileJSON + "," + messageJSON
                + #"],"more":true,"before":"9-0"}"#
        ),
        (
            .found(.init(ref: nil, room: room, messages: [], more: false, before: nil)),
            #"{"type":"found","room":"lobby","messages":[],"more":false}"#
        ),
        (.read(room: room, position: Position("3-1")!), #"{"type":"read","room":"lobby","position":"3-1"}"#),
        (
            .topic(ref: Ref(9), room: room, topic),
            #"{"type":"topic","ref":9,"room":"lobby","topic":"ship \"it\"","user":"bo","ts":17}"#
        ),
        (
            .direct(ref: Ref(10), room: directRoom, user: "太郎"),
            #"{"type":"direct","ref":10,"room":"dm-0f","user":"太郎"}"#
        ),
        (.direct(ref: nil, room: directRoom, user: "bo"), #"{"type":"direct","room":"dm-0f","user":"bo"}"#),
        (
            .direct(ref: nil, room: directRoom, user: "bo", isGuest: true),
            #"{"type":"direct","room":"dm-0f","user":"bo","guest":true}"#
        ),
        (
            .directs(
                ref: Ref(11),
                directs: [
                    DirectListing(room: directRoom, user: "bo", lastActivity: 17),
                    DirectListing(room: directRoom, user: "al", isGuest: true, lastActivity: 16),
                ]),
            #"{"type":"directs","ref":11,"directs":[{"room":"dm-0f","user":"bo","last_activity":17},"#
                + #"{"room":"dm-0f","user":"al","guest":true,"last_activity":16}]}"#
        ),
        (
            .welcome(
                .init(
                    ref: Ref(1), session: session, resume: "secret", user: "ann", node: "edge-a", server: "termchat/1",
                    resumed: true, frameBytes: 32768, bodyBytes: 8192, rooms: 64, sendsPerSecond: 2.5,
                    pingIntervalMilliseconds: 20000)),
            #"{"type":"welcome","ref":1,"session":"s3ss10n","resume":"secret","user":"ann","node":"edge-a","#
                + #""server":"termchat/1","resumed":true,"limits":{"frame_bytes":32768,"body_bytes":8192,"rooms":64,"#
                + #""sends_per_second":2.5},"ping_interval_ms":20000}"#
        ),
        (
            .joined(joined),
            #"{"type":"joined","ref":2,"room":"lobby","position":"1700000000001-0","messages":["#
                + messageJSON + "," + fileJSON + #"],"complete":true,"more":false,"# + membersJSON + #","count":2}"#
        ),
        (.left(ref: nil, room: room), #"{"type":"left","room":"lobby"}"#),
        (.entry(room: room, message), messageJSON),
        (.entry(room: room, file), fileJSON),
        (
            .ack(ref: Ref(validatedJSON: "1e3"), room: room, id: Position("18-2")!, duplicate: true),
            #"{"type":"ack","ref":1e3,"room":"lobby","id":"18-2","ts":18,"duplicate":true}"#
        ),
        (
            .history(ref: Ref(4), room: room, messages: [file], more: true),
            #"{"type":"history","ref":4,"room":"lobby","messages":["# + fileJSON + #"],"more":true}"#
        ),
        (
            .history(ref: nil, room: room, messages: [], more: false),
            #"{"type":"history","room":"lobby","messages":[],"more":false}"#
        ),
        (
            .members(ref: Ref(5), room: room, members: members, count: 3),
            #"{"type":"members","ref":5,"room":"lobby","# + membersJSON + #","count":3}"#
        ),
        (
            .rooms(ref: Ref(7), rooms: [RoomListing(room: room, members: 2, lastActivity: 17)]),
            #"{"type":"rooms","ref":7,"rooms":[{"room":"lobby","members":2,"last_activity":17}]}"#
        ),
        (
            .presence(
                .init(
                    room: room, joined: [Arrival(user: "ann", session: session, node: "edge-a")],
                    left: [Departure(user: "bo", session: session, node: "edge-b", reason: .nodeLost)], count: 7)),
            #"{"type":"presence","room":"lobby","joined":[{"user":"ann","session":"s3ss10n","node":"edge-a"}],"#
                + #""left":[{"user":"bo","session":"s3ss10n","node":"edge-b","reason":"node-lost"}],"count":7}"#
        ),
        (.typing(room: room, user: "太郎"), #"{"type":"typing","room":"lobby","user":"太郎"}"#),
        (
            .gap(room: room, after: Position("1-0")!, before: Position("18446744073709551615-18446744073709551615")!),
            #"{"type":"gap","room":"lobby","after":"1-0","before":"18446744073709551615-18446744073709551615"}"#
        ),
        (.slow(room: room, after: Position("1-9")!), #"{"type":"slow","room":"lobby","after":"1-9"}"#),
        (
            .notice(level: .warning, code: .degraded, text: "a\u{1}\u{1f}\tb\\\u{7f}\u{2028}"),
            #"{"type":"notice","level":"warning","code":"degraded","text":"a\u0001\u001f\tb\\"# + "\u{7f}\u{2028}\"}"
        ),
        (.draining(reconnectAfterMilliseconds: 1500), #"{"type":"draining","reconnect_after_ms":1500}"#),
        (
            .error(ErrorFrame(ref: Ref(9), code: .rateLimited, message: "Slow down.", retryAfterMilliseconds: 250)),
            #"{"type":"error","ref":9,"code":"rate_limited","message":"Slow down.","retry_after_ms":250}"#
        ),
        (
            .error(ErrorFrame(code: .unsupported, message: "No.")),
            #"{"type":"error","code":"unsupported","message":"No."}"#
        ),
        (.pong(ref: Ref(6)), #"{"type":"pong","ref":6}"#),
    ]
}
