import Foundation
import Testing

@testable import ChatClient

/// What reading and writing lines makes of ends and errors.
@Suite struct LineStreamsTests {
    @Test func halfALineIsOneAtTheEndOfInput() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("one\ntw".utf8))
        try pipe.fileHandleForWriting.close()
        try await LineReader.with(descriptor: pipe.fileHandleForReading.fileDescriptor) { reader in
            #expect(await reader.next() == .text("one"))
            #expect(await reader.next() == .text("tw"))
            #expect(await reader.next() == nil)
        }
    }

    @Test func halfALineIsNoneWhenNobodyWaitsAnyMore() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("one\nhal".utf8))
        try await LineReader.with(descriptor: pipe.fileHandleForReading.fileDescriptor) { reader in
            #expect(await reader.next() == .text("one"))
            let waiting = Task { await reader.next() }
            waiting.cancel()
            #expect(await waiting.value == nil)
        }
        try pipe.fileHandleForWriting.close()
    }

    /// Its parts would be messages that nobody wrote: 70,000 spaces and a word are no word.
    @Test func aLineThatIsTooLongIsOneAndLeftOutAsAWhole() async throws {
        let most = LineReader.lineBytesMax
        let lines = [
            "one", String(repeating: " ", count: 70_000) + "text", String(repeating: "y", count: most),
            String(repeating: "x", count: most + 1), "", "last", String(repeating: "z", count: 200_000),
        ]
        let file = try temporary(lines.joined(separator: "\n"))
        var found: [InputLine] = []
        try await LineReader.with(descriptor: file.fileDescriptor) { reader in
            while let line = await reader.next() { found.append(line) }
        }
        #expect(
            found == [
                .text("one"), .tooLong(number: 2, bytes: 70_004), .text(lines[2]), .tooLong(number: 4, bytes: most + 1),
                .text(""), .text("last"), .tooLong(number: 7, bytes: 200_000),
            ])
    }

    @Test func inputThatCannotBeReadIsNotItsEnd() async throws {
        let folder = open(FileManager.default.temporaryDirectory.path, O_RDONLY | O_CLOEXEC)
        let pipe = Pipe()
        defer { close(folder) }
        for descriptor in [folder, pipe.fileHandleForWriting.fileDescriptor] {
            try await LineReader.with(descriptor: descriptor) { reader in
                guard case .unreadable(let words) = await reader.next() else { throw Unexpected() }
                #expect(words.hasPrefix("The input cannot be read: "))
                #expect(await reader.next() == nil)
            }
        }
    }

    /// An open file of its own, which has no name any more.
    private func temporary(_ text: String) throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.path + "/lines-\(UInt64.random(in: 0...UInt64.max))"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        return try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    }

    @Test func aReaderThatIsGoneIsNoFailure() async throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let output = LineOutput(output: pipe.fileHandleForWriting.fileDescriptor, canRewrite: false)
        await #expect(throws: LineOutput.Closed.self) { try await output.print("x") }
    }

    @Test func aFullDiskIsAFailure() async throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let output = LineOutput(output: full.fileDescriptor, canRewrite: false)
        let failure = await #expect(throws: CommandFailure.self) { try await output.print("x") }
        #expect(failure?.status == .failed)
        #expect(failure?.message?.contains("No space left") == true)
    }
}
