import ChatWire
import NIOCore
import Testing

/// The golden text of every frame, read and written.
struct VectorTests {
    @Test(arguments: Vectors.client.indices)
    func clientFramesAreWrittenAndReadAsTheTableSays(index: Int) throws {
        let (value, json) = Vectors.client[index]
        #expect(String(buffer: value.encode()) == json)
        #expect(try ClientFrame.decode(frame(json)) == value)
    }

    @Test(arguments: Vectors.server.indices)
    func serverFramesAreWrittenAndReadAsTheTableSays(index: Int) throws {
        let (value, json) = Vectors.server[index]
        var buffer = ByteBuffer(string: "before")
        value.encode(into: &buffer)
        #expect(String(buffer: buffer) == "before" + json)
        #expect(try ServerFrame.decode(frame(json)) == value)
    }

    @Test func pagesOfRenderedEntriesAreTheSameText() {
        let rendered = [Vectors.message, Vectors.file].map { entry in
            var buffer = ByteBuffer()
            entry.writeJSON(room: Vectors.room, into: &buffer)
            return buffer
        }
        var expected = ByteBuffer()
        ServerFrame.joined(Vectors.joined).encode(into: &expected)
        ServerFrame.history(ref: nil, room: Vectors.room, messages: [Vectors.message, Vectors.file], more: true)
            .encode(into: &expected)

        var head = Vectors.joined
        head.messages = []
        var pages = ByteBuffer()
        ServerFrame.writeJoined(head, renderedEntries: rendered, into: &pages)
        ServerFrame.writeHistory(ref: nil, room: Vectors.room, renderedEntries: rendered, more: true, into: &pages)
        #expect(pages == expected)
    }

    @Test func contentOfEntriesIsDecoded() throws {
        #expect(
            try Vectors.message.content() == .message(Message(user: "ann", session: "s3ss10n", key: "k1", body: "hi")))
        #expect(try Vectors.file.content() == .file(Vectors.fileLine))
    }

    @Test func contentOfABrokenTailIsAnError() {
        for text in ["", "}", #""user":"a"}"#, #""user":1,"session":"s","key":"k","body":"b"}"#, "\"user\":\"\u{0}\"}"]
        {
            #expect(throws: WireError.self) { try Message(tail: ByteBuffer(string: text)) }
            #expect(throws: WireError.self) { try FileLine(tail: ByteBuffer(string: text)) }
        }
    }
}

/// What a client makes of a server that is newer than it, or wrong.
struct NewerServerTests {
    @Test func unknownTypesAreNil() throws {
        #expect(try ServerFrame.decode(frame(#"{"type":"reaction","room":7}"#)) == nil)
        #expect(try ServerFrame.decode(frame(#"{"x":[{}],"type":"pong"}"#)) == .pong(ref: nil))
    }

    @Test func orderOfMembersAndUnknownMembersDoNotMatter() throws {
        let text =
            #"{"body":"h\u0069","likes":{"n":[1]},"ts":1700000000000,"prev":"0-0","session":"s3ss10n","user":"ann","key":"k1","#
            + #""id":"1700000000000-1","type":"message","room":"lobby"}"#
        #expect(try ServerFrame.decode(frame(text)) == .entry(room: Vectors.room, Vectors.message))
    }

    @Test func unknownObjectsWithoutAPlaceAreLeftOutOfPages() throws {
        let text =
            #"{"type":"history","room":"lobby","messages":[{"type":"poll"},"# + Vectors.fileJSON + #"],"more":false}"#
        #expect(
            try ServerFrame.decode(frame(text))
                == .history(ref: nil, room: Vectors.room, messages: [Vectors.file], more: false))
    }

    /// An unknown type, and known ones without a member.
    @Test(arguments: [
        #"{"type":"poll","room":"lobby","id":"5-0","prev":"4-0","ts":5,"question":"tea?"}"#,
        #"{"type":"message","room":"lobby","id":"5-0","prev":"4-0","ts":5,"user":"ann","key":"k","body":"b"}"#,
        #"{"type":"file","room":"lobby","id":"5-0","prev":"4-0","ts":5,"user":"ann","key":"k"}"#,
    ])
    func entriesThatCannotBeReadKeepTheirPlace(text: String) throws {
        let entry = Entry(
            kind: .unreadable, id: Position(milliseconds: 5, sequence: 0),
            previous: Position(milliseconds: 4, sequence: 0), tail: ByteBuffer(string: text))
        #expect(try ServerFrame.decode(frame(text)) == .entry(room: Vectors.room, entry))
        let page = #"{"type":"history","room":"lobby","messages":[\#(text),\#(Vectors.fileJSON)],"more":false}"#
        #expect(
            try ServerFrame.decode(frame(page))
                == .history(ref: nil, room: Vectors.room, messages: [entry, Vectors.file], more: false))
        var written = ByteBuffer()
        entry.writeJSON(room: Vectors.room, into: &written)
        #expect(String(buffer: written) == text)
        #expect(throws: WireError.self) { try entry.content() }
    }

    @Test func unknownCodesBecomeThePlainestKnown() throws {
        #expect(
            try ServerFrame.decode(frame(#"{"type":"error","code":"too_hot","message":"m"}"#))
                == .error(ErrorFrame(code: .internal, message: "m")))
        #expect(
            try ServerFrame.decode(frame(#"{"type":"notice","level":"fatal","code":"new","text":"t"}"#))
                == .notice(level: .warning, code: .announcement, text: "t"))
    }

    @Test(arguments: [
        "", "[]", "{", #"{"type":1}"#, #"{"room":"a"}"#, #"{"type":"pong","type":"pong"}"#,
        #"{"type":"pong","ref":{}}"#,
        #"{"type":"ack","room":"lobby","id":"1","ts":1,"duplicate":true}"#, #"{"type":"slow","room":"#,
        #"{"type":"history","room":"lobby","messages":[1],"more":false}"#,
        #"{"type":"history","room":"lobby","messages":{},"more":false}"#,
        #"{"type":"draining","reconnect_after_ms":-1}"#, #"{"type":"draining","reconnect_after_ms":1e3}"#,
        #"{"type":"draining","reconnect_after_ms":99999999999999999999}"#,
        #"{"type":"presence","room":"lobby","joined":[{"user":"a","session":"?","node":"n"}],"left":[],"count":1}"#,
    ])
    func brokenFramesAreErrors(text: String) {
        #expect(throws: WireError.self) { try ServerFrame.decode(frame(text)) }
    }
}
