import ChatWire
import NIOCore
import Testing

/// What an edge makes of the frames of clients that write JSON in their own way.
struct ClientFrameTests {
    @Test func orderOfMembersDoesNotMatter() throws {
        let text = #" { "body" : "b" , "x":[{"type":1}], "key":"k","room":"LOBBY","ref":"r", "type":"send" } "#
        let send = ClientFrame.Send(
            ref: Ref(validatedJSON: #""r""#), room: Vectors.room, key: "k", bodyJSON: ByteBuffer(string: #""b""#))
        #expect(try ClientFrame.decode(frame(text)) == .send(send))
    }

    @Test func namesAndValuesMayBeEscaped() throws {
        let text = #"{"\u0074ype":"\u0077ho","r\u006fom":"l\u006Fbby","\u0072ef":1}"#
        #expect(try ClientFrame.decode(frame(text)) == .who(ref: Ref(1), room: Vectors.room))
    }

    @Test func nullIsAsGoodAsAbsent() throws {
        let text = #"{"type":"join","ref":null,"room":"lobby","since":null,"limit":null}"#
        #expect(try ClientFrame.decode(frame(text)) == .join(.init(room: Vectors.room)))
        #expect(
            try ClientFrame.decode(frame(#"{"type":"hello","user":null,"token":null,"client":null,"resume":null}"#))
                == .hello(.init()))
    }

    @Test func membersOfOtherFramesAreIgnored() throws {
        let text = #"{"type":"ping","limit":-1,"room":7,"body":[],"user":{},"before":false}"#
        #expect(try ClientFrame.decode(frame(text)) == .ping(ref: nil))
    }

    @Test(arguments: [
        "0", "-0", "12.5e-7", "\"\"", #""\ud83d\ude00""#, "\"é太\"", "1" + String(repeating: "0", count: 63),
    ])
    func refsAreKeptAsWritten(json: String) throws {
        #expect(
            try ClientFrame.decode(frame(#"{"type":"ping","ref":\#(json)}"#)) == .ping(ref: Ref(validatedJSON: json)))
    }

    @Test func aBodyIsASliceOfTheFrame() throws {
        let start = #"{"type":"send","room":"lobby","key":"k","body":"#
        let whole = frame(start + #""a b\t\"c\" \/"}"#)
        guard case .send(let send) = try ClientFrame.decode(whole) else {
            Issue.record("not a send")
            return
        }
        #expect(String(buffer: send.bodyJSON) == #""a b\t\"c\" \/""#)
        let address = whole.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        let body = send.bodyJSON.withUnsafeReadableBytes { $0.baseAddress.map { UInt(bitPattern: $0) } }
        #expect(body == address.map { $0 + UInt(start.utf8.count) })
    }
}

/// Every way a frame can be wrong, with the code that answers it and the `ref` that comes back.
struct ClientFrameErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let code: ErrorCode
        let text: String
        var ref: Ref? = Ref(7)
        var testDescription: String { "\(code): \(text.prefix(100))" }
    }

    private static let long = String(repeating: "x", count: 65)

    static let frames: [Case] =
        [
            "", " ", "nonsense", "[]", "1", "null", "\"type\"", "{", "}", "{}", "{}}", "{} {}", "{,}", #"{"type"}"#,
            #"{"type":}"#, #"{"type":"ping"}x"#, #"{"type":"ping",}"#, #"{type:"ping"}"#, #"{"type":"ping""a":1}"#,
            "{\"type\":\"pi\nng\"}", "\u{feff}{\"type\":\"ping\"}", #"{"type":"ping","ref":01}"#,
            #"{"type":"ping","ref":{}}"#, #"{"type":"ping","ref":true}"#, #"{"type":"ping","ref":"\#(long)"}"#,
            #"{"type":"ping","ref":1\#(String(repeating: "0", count: 64))}"#, #"{"type":"ping","ref":"\ud800"}"#,
        ].map { Case(code: .invalidFrame, text: $0, ref: nil) }

    static let members: [Case] =
        [
            #"{"ref":7}"#, #"{"ref":7,"type":null}"#, #"{"ref":7,"type":3}"#, #"{"ref":7,"type":["ping"]}"#,
            #"{"ref":7,"type":"ping","#, #"{"ref":7,"type":"ping","type":"ping"}"#,
            #"{"ref":7,"type":"ping","room":"a","r\u006fom":"b"}"#, #"{"type":"join","ref":7}"#,
            #"{"type":"join","room":5,"ref":7}"#, #"{"type":"who","room":null,"ref":7}"#,
            #"{"type":"join","room":"a","since":"now","ref":7}"#, #"{"type":"join","room":"a","since":5,"ref":7}"#,
            #"{"type":"join","room":"a","limit":1001,"ref":7}"#, #"{"type":"join","room":"a","limit":-1,"ref":7}"#,
            #"{"type":"join","room":"a","limit":1.5,"ref":7}"#, #"{"type":"join","room":"a","limit":"5","ref":7}"#,
            #"{"type":"join","room":"a","limit":1e1,"ref":7}"#, #"{"type":"history","room":"a","limit":0,"ref":7}"#,
            #"{"type":"join","room":"a","limit":18446744073709551616,"ref":7}"#,
            #"{"type":"history","room":"a","before":"1-0","after":"1-0","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":"","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":3,"ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":"\#(long)","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":"a\n","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":"\u0085","ref":7}"#,
            #"{"type":"send","room":"a","body":"b","key":"\udc00","ref":7}"#,
            #"{"type":"send","room":"a","key":"k","ref":7}"#,
            #"{"type":"send","room":"a","key":"k","body":[],"ref":7}"#,
            #"{"type":"hello","user":1,"ref":7}"#, #"{"type":"hello","user":"\ud800","ref":7}"#,
            #"{"type":"hello","client":"\#(long)\#(long)","ref":7}"#,
            #"{"type":"hello","resume":"\#(String(repeating: "x", count: 257))","ref":7}"#,
            #"{"type":"hello","token":"\#(String(repeating: "x", count: 4097))","ref":7}"#,
            #"{"type":"search","room":"a","ref":7}"#, #"{"type":"search","room":"a","text":5,"ref":7}"#,
            #"{"type":"search","room":"a","text":" \t","ref":7}"#,
            #"{"type":"search","room":"a","text":"\ud800","ref":7}"#,
            #"{"type":"search","room":"a","text":"\#(String(repeating: "x", count: 257))","ref":7}"#,
            #"{"type":"search","room":"a","text":"b","limit":0,"ref":7}"#,
            #"{"type":"search","room":"a","text":"b","limit":101,"ref":7}"#,
            #"{"type":"search","room":"a","text":"b","before":"x","ref":7}"#,
            #"{"type":"search","room":"a","text":"b","text":"b","ref":7}"#,
            #"{"type":"read","room":"a","ref":7}"#, #"{"type":"read","room":"a","position":7,"ref":7}"#,
            #"{"type":"topic","room":"a","ref":7}"#, #"{"type":"topic","room":"a","topic":null,"ref":7}"#,
            #"{"type":"direct","ref":7}"#, #"{"type":"direct","user":7,"ref":7}"#,
            #"{"type":"direct","user":"bo","guest":1,"ref":7}"#, #"{"type":"directs","limit":101,"ref":7}"#,
        ].map { Case(code: .invalidFrame, text: $0) }

    static let values: [Case] =
        [
            Case(code: .unsupported, text: #"{"type":"shout","ref":7}"#),
            Case(code: .unsupported, text: #"{"type":"Ping","ref":7}"#),
            Case(code: .unsupported, text: #"{"type":"","ref":7}"#),
            Case(code: .unsupported, text: #"{"type":"\ud800","ref":7}"#),
            Case(
                code: .invalidUser, text: #"{"type":"hello","user":"\#(String(repeating: "x", count: 513))","ref":7}"#),
            Case(code: .invalidRoom, text: #"{"type":"join","room":"\#(long)","ref":7}"#),
            Case(code: .invalidUser, text: #"{"type":"direct","user":"a b","ref":7}"#),
            Case(
                code: .invalidUser, text: #"{"type":"direct","user":"\#(String(repeating: "x", count: 513))","ref":7}"#),
            Case(
                code: .tooLarge,
                text: #"{"type":"topic","room":"a","topic":"\#(String(repeating: "x", count: 513))","ref":7}"#),
        ]
        + [#"a\nb"#, #"\t"#, #"\u001b[31m"#, "\u{7f}", #"\u0085"#, #"\ud800"#].map {
            Case(code: .invalidBody, text: #"{"type":"topic","room":"a","topic":"\#($0)","ref":7}"#)
        }
        + ["", "a b", "a\\u0000", "é", "#a", "a/b", "\\ud800"].map {
            Case(code: .invalidRoom, text: #"{"type":"join","room":"\#($0)","ref":7}"#)
        }
        + [
            "", #"\u0000"#, #"a\u0008"#, #"\b"#, #"\f"#, #"\r"#, #"\u000d\n"#, #"\u001b[31m"#, #"\u007F"#, "\u{7f}",
            #"\u0080"#, #"\u009B"#, "a\u{80}", "\u{9f}", #"\ud800"#, #"\udc00"#, #"\ud800\ud800"#, #"\ud83dx"#,
            #"\ud83d\n"#,
        ].map { Case(code: .invalidBody, text: #"{"type":"send","room":"a","key":"k","body":"\#($0)","ref":7}"#) }

    @Test(arguments: frames + members + values)
    func aWrongFrameIsAnswered(wrong: Case) throws {
        let error = try #require(refusal(wrong.text))
        #expect(error.code == wrong.code)
        #expect(error.ref == wrong.ref)
        #expect(error.message.hasSuffix("."))
        #expect(error.message.count < 120)
    }

    @Test func aTextBrokenBeforeTheRefHasNone() {
        #expect(refusal(#"{"type":"ping",,"ref":7}"#)?.ref == nil)
        #expect(refusal(#"{"ref":7,"type":"ping",,}"#)?.ref == Ref(7))
    }

    @Test func bodiesAreMeasuredAfterTheirEscapes() throws {
        func send(_ body: String) -> String { #"{"ref":7,"type":"send","room":"a","key":"k","body":"\#(body)"}"# }
        let limit = Limits.bodyBytesMax
        #expect(refusal(send(String(repeating: "x", count: limit))) == nil)
        #expect(refusal(send(String(repeating: "x", count: limit + 1)))?.code == .tooLarge)
        #expect(refusal(send(String(repeating: #"\u20ac"#, count: limit / 3))) == nil)
        #expect(refusal(send(String(repeating: #"\u20ac"#, count: limit / 3 + 1)))?.code == .tooLarge)
        #expect(refusal(send(String(repeating: #"\ud83d\uDE00"#, count: limit / 4))) == nil)
        #expect(refusal(send(String(repeating: #"\ud83d\uDE00"#, count: limit / 4) + "x"))?.code == .tooLarge)
        #expect(refusal(send(String(repeating: #"\u00e9"#, count: limit / 2))) == nil)
        #expect(refusal(send(String(repeating: #"\u00e9"#, count: limit / 2) + #"\n"#))?.code == .tooLarge)
        #expect(refusal(send(String(repeating: #"\""#, count: limit))) == nil)
    }

    @Test func framesOverTheLimitAreTooLarge() {
        let padding = String(repeating: " ", count: Limits.frameBytesMax - 15)
        #expect(refusal(#"{"type":"ping"}"# + padding) == nil)
        #expect(refusal(#"{"type":"ping"}"# + padding + " ")?.code == .tooLarge)
        let long = refusal(#"{"type":"ping","ref":7}"# + padding)
        #expect(long?.code == .tooLarge && long?.ref == Ref(7))
        #expect(refusal(#"{"ref":8,"x":""# + padding + padding)?.ref == Ref(8))
    }

    @Test func aBodyOfEscapesAloneFits() {
        let body = String(repeating: #"\u0041"#, count: Limits.bodyBytesMax)
        #expect(refusal(#"{"type":"send","room":"a","key":"k","body":""# + body + #""}"#) == nil)
    }

    @Test func theQuotesAndEscapesOfARefDoNotCount() {
        func ping(_ ref: String) -> String { #"{"type":"ping","ref":""# + ref + #""}"# }
        #expect(refusal(ping(String(repeating: "r", count: Limits.refBytesMax))) == nil)
        #expect(refusal(ping(String(repeating: #"\u0041"#, count: Limits.refBytesMax))) == nil)
        #expect(refusal(ping(String(repeating: "r", count: Limits.refBytesMax + 1)))?.code == .invalidFrame)
        #expect(refusal(ping(String(repeating: "\u{20ac}", count: 22)))?.code == .invalidFrame)
    }

    @Test func deepNestingIsRefused() {
        func nested(_ depth: Int) -> String {
            #"{"type":"ping","x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(refusal(nested(Limits.jsonDepthMax)) == nil)
        #expect(refusal(nested(Limits.jsonDepthMax + 1))?.code == .invalidFrame)
        #expect(refusal(nested(15_000))?.code == .invalidFrame)
    }
}
