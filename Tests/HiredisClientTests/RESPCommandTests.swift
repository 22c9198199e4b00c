import NIOCore
import Testing

@testable import HiredisClient

@Suite struct RESPCommandTests {
    private func wire(_ command: RESPCommand) throws -> String {
        var buffer = ByteBuffer()
        try command.write(to: &buffer)
        return String(buffer: buffer)
    }

    @Test func wordsAreLengthPrefixed() throws {
        var command = RESPCommand("SET", "key")
        command.append([0, 13, 10, 32])
        command.append(ByteBuffer(string: "ünï"))
        command.append(-42)
        command.append("")
        #expect(
            try wire(command) == "*6\r\n$3\r\nSET\r\n$3\r\nkey\r\n$4\r\n\0\r\n \r\n$5\r\nünï\r\n$3\r\n-42\r\n$0\r\n\r\n"
        )
    }

    @Test func commandsAreAppendedToWhatIsThere() throws {
        var buffer = ByteBuffer(string: "before")
        try RESPCommand("PING").write(to: &buffer)
        #expect(String(buffer: buffer) == "before*1\r\n$4\r\nPING\r\n")
    }

    @Test func theByteCountIsNoLessThanWhatTravels() throws {
        let command = RESPCommand("PUBLISH", "a", String(repeating: "x", count: 100_000))
        #expect(command.byteCount >= (try wire(command).utf8.count))
    }

    @Test func accessorsThrowInsteadOfGuessing() throws {
        #expect(try RESPValue.text("12").int == 12)
        #expect(try RESPValue.simple("OK").bytes == ByteBuffer(string: "OK"))
        #expect(try RESPValue.array([.null]).elements(1) == [.null])
        #expect(throws: RedisError.self) { try RESPValue.text("12x").int }
        #expect(throws: RedisError.self) { try RESPValue.null.text }
        #expect(throws: RedisError.self) { try RESPValue.integer(1).elements }
        #expect(throws: RedisError.self) { try RESPValue.array([.null]).elements(2) }
        #expect { try RESPValue.error("NOSCRIPT gone").text } throws: { ($0 as? RedisError)?.replyPrefix == "NOSCRIPT" }
    }
}
