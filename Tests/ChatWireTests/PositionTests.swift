import ChatWire
import NIOCore
import Testing

struct PositionTests {
    @Test(arguments: ["0-0", "1-0", "0-1", "1700000000000-12", "18446744073709551615-18446744073709551615", "10-99"])
    func positionsAreWrittenAsTheyAreRead(text: String) throws {
        let position = try #require(Position(text))
        #expect(position.description == text)
        var buffer = ByteBuffer()
        ServerFrame.slow(room: Vectors.room, after: position).encode(into: &buffer)
        #expect(String(buffer: buffer) == #"{"type":"slow","room":"lobby","after":"\#(text)"}"#)
    }

    @Test(arguments: [
        "", "-", "1", "1-", "-1", "1--1", "1-1-1", "+1-0", "1-+0", "1-0x", " 1-0", "1-0 ", "1 - 0", "a-b", "١-٠",
        "18446744073709551616-0", "0-18446744073709551616", "99999999999999999999-0",
    ])
    func anythingElseIsNoPosition(text: String) {
        #expect(Position(text) == nil)
    }

    @Test func positionsAreComparedAsNumbers() throws {
        let texts = ["0-0", "0-1", "9-0", "9-9", "9-10", "10-0", "100-0", "18446744073709551615-0"]
        let positions = try texts.map { try #require(Position($0)) }
        #expect(positions.shuffled().sorted() == positions)
        #expect(Position("007-01") == Position(milliseconds: 7, sequence: 1))
    }
}
