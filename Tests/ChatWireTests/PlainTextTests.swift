import ChatWire
import NIOCore
import Testing

/// Lines of plain text on `/join`.
struct PlainTextTests {
    private func body(_ bytes: [UInt8]) throws -> String {
        let send = try ClientFrame.Send.plainText(frame(bytes), room: Vectors.room, key: "k")
        // What was built must pass as the body of a frame.
        let again = try ClientFrame.decode(ClientFrame.send(send).encode())
        #expect(again == .send(send))
        return String(buffer: send.bodyJSON)
    }

    @Test(arguments: [
        ("hi", #""hi""#), ("hi\n", #""hi""#), ("hi\r\n", #""hi""#), ("\n\n", #""\n""#), ("a\nb\t", #""a\nb\t""#),
        ("say \"x\\y\"", #""say \"x\\y\"""#), ("é太😀\n", #""é太😀""#), (" ", #"" ""#), ("\"", #""\"""#),
    ])
    func textBecomesABody(text: String, json: String) throws {
        #expect(try body(Array(text.utf8)) == json)
    }

    @Test(arguments: [
        Array("".utf8), Array("\n".utf8), Array("a\rb".utf8), Array("\u{1b}[2J".utf8), Array("\u{9b}2J".utf8), [0x7f],
        [0x61, 0], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xe2, 0x82],
    ])
    func textThatNoBodyMayHoldIsRefused(bytes: [UInt8]) {
        #expect(throws: WireError.self) { try body(bytes) }
    }

    @Test func longTextIsTooLarge() throws {
        let text = [UInt8](repeating: 0x22, count: Limits.bodyBytesMax)
        #expect(try body(text + [0x0a]).utf8.count == 2 * text.count + 2)
        do {
            _ = try ClientFrame.Send.plainText(frame(text + [0x22]), room: Vectors.room, key: "k")
            Issue.record("not refused")
        } catch {
            #expect(error.code == .tooLarge)
        }
    }

    @Test func onlyABraceMakesAFrame() {
        for text in ["{", " {", "\t\r\n {x"] { #expect(!ClientFrame.Send.isPlainText(frame(text))) }
        for text in ["", "a{", "[{", "\"{"] { #expect(ClientFrame.Send.isPlainText(frame(text))) }
    }
}
