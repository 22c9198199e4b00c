import ChatTesting
import NIOCore
import Testing

@testable import HiredisClient

@Suite struct ReplyReaderTests {
    private static let everyKind =
        "+OK\r\n-NOSCRIPT No matching script.\r\n:-9223372036854775808\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
        + "*2\r\n*3\r\n:1\r\n$1\r\nx\r\n*0\r\n-ERR inner\r\n"
    private static let everyValue: [RESPValue] = [
        .simple("OK"), .error("NOSCRIPT No matching script."), .integer(.min), .text("a\r\n\0b"), .text(""), .null,
        .null,
        .array([]), .array([.array([.integer(1), .text("x"), .array([])]), .error("ERR inner")]),
    ]
    private static let messages =
        "*3\r\n$9\r\nsubscribe\r\n$4\r\nroom\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$5\r\nhello\r\n"
        + "*3\r\n$7\r\nmessage\r\n$5\r\nother\r\n$2\r\nno\r\n*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$0\r\n\r\n+PONG\r\n"

    @Test func everyKindOfValueReads() {
        #expect(Reading(Self.everyKind).replies == Self.everyValue)
    }

    @Test func repliesSplitAnywhereReadTheSame() {
        for cut in 0...Self.everyKind.utf8.count {
            #expect(Reading(Self.everyKind, cuts: [cut]).replies == Self.everyValue, "cut at \(cut)")
        }
        let everyByte = Array(1..<Self.everyKind.utf8.count)
        #expect(Reading(Self.everyKind, cuts: everyByte).replies == Self.everyValue)
    }

    @Test func messagesSplitAnywhereAreSetApart() {
        let whole = Reading(Self.messages, channels: ["room"])
        #expect(whole.replies == [.array([.text("subscribe"), .text("room"), .integer(1)]), .simple("PONG")])
        #expect(
            whole.messages == [
                ChannelMessage(channel: "room", payload: ByteBuffer(string: "hello")),
                ChannelMessage(channel: "room", payload: ByteBuffer()),
            ])
        for cut in 0...Self.messages.utf8.count {
            #expect(Reading(Self.messages, cuts: [cut], channels: ["room"]) == whole, "cut at \(cut)")
        }
        #expect(Reading(Self.messages, cuts: Array(1..<Self.messages.utf8.count), channels: ["room"]) == whole)
    }

    @Test func arraysOfThreeThatAreNoMessageAreReplies() {
        let text = "*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n*0\r\n$-1\r\n$7\r\nmessage\r\n*3\r\n$3\r\nfoo\r\n$3\r\nbar\r\n:1\r\n"
        #expect(Reading(text, channels: []) == Reading(text))
    }

    @Test func onALinkForCommandsAMessageIsAReply() {
        let text = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"
        #expect(Reading(text).replies == [.array([.text("message"), .text("a"), .text("b")])])
    }

    @Test func aMessageOfTheWrongShapeIsRefused() {
        for part in ["$1\r\na\r\n:1\r\n", ":1\r\n$1\r\na\r\n", "*0\r\n$1\r\na\r\n", "$1\r\na\r\n$-1\r\n"] {
            let reading = Reading("*3\r\n$7\r\nmessage\r\n" + part, channels: ["a"])
            #expect(reading.error == .protocolViolation && reading.messages.isEmpty, "\(part)")
        }
    }

    @Test(arguments: [
        "?x\r\n", "HTTP/1.1 400 Bad Request\r\n", ":12x\r\n", "$-2\r\n", "*-2\r\n", "*99999999999\r\n", "$x\r\n",
    ])
    func whatIsNoReplyIsAnError(text: String) {
        let reading = Reading("+OK\r\n" + text)
        #expect(reading.replies == [.simple("OK")])
        #expect(reading.error == .protocolViolation)
    }

    @Test func aLengthAloneTakesNoMemory() {
        #expect(Reading("*2147483647\r\n").message == "The server sent a reply of more than 1048576 values.")
        #expect(Reading("*1048576\r\n").error == nil)
        #expect(Reading("$9223372036854775807\r\nabc").error == nil)
    }

    @Test func tooManyValuesInAllAreRefused() {
        var limits = RedisLimits()
        limits.replyElementsMax = 8
        #expect(Reading("*2\r\n*3\r\n:1\r\n:1\r\n:1\r\n*3\r\n:1\r\n:1\r\n:1\r\n", limits: limits).error == nil)
        #expect(Reading("*2\r\n*3\r\n:1\r\n:1\r\n:1\r\n*4\r\n", limits: limits).error == .protocolViolation)
    }

    @Test func aReplyOfTooManyBytesIsRefusedBeforeItIsComplete() {
        var limits = RedisLimits()
        limits.replyBytesMax = 100_000
        #expect(
            Reading("$200000\r\n" + String(repeating: "x", count: 150_000), limits: limits).error == .protocolViolation)
        let nested = "*100000\r\n" + String(repeating: "$2\r\nxx\r\n", count: 20_000)
        #expect(Reading(nested, limits: limits).error == .protocolViolation)
        let many = Reading(
            String(repeating: "$90000\r\n\(String(repeating: "x", count: 90_000))\r\n", count: 5), limits: limits)
        #expect(many.error == nil && many.replies.count == 5)
    }

    @Test func nestingBeyondTheReadersDepthIsAnErrorAndNoCrash() {
        #expect(Reading(String(repeating: "*1\r\n", count: 7) + ":1\r\n").replies.count == 1)
        #expect(Reading(String(repeating: "*1\r\n", count: 40) + ":1\r\n").error == .protocolViolation)
    }

    @Test func hostileBytesNeverCrashNorDependOnThePieces() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "*3\r\n", "$7\r\nmessage\r\n", "$1\r\na\r\n", ":1\r\n", "$-1\r\n", "+OK\r\n", "-E\r\n", "*0\r\n", "*2\r\n",
            "\r\n", "$3\r\n", "x",
        ]
        for round in 0..<3_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                bytes += Array(pieces[Int.random(in: 0..<pieces.count, using: &generator)].utf8)
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    bytes.append(UInt8.random(in: 0 ... .max, using: &generator))
                }
            }
            let cuts = (0..<3).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            let whole = Reading(bytes, channels: ["a"])
            #expect(Reading(bytes, cuts: cuts, channels: ["a"]) == whole, "seed \(seed), round \(round)")
        }
    }
}
