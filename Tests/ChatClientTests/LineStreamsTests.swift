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
            #expect(await reader.next() == "one")
            #expect(await reader.next() == "tw")
            #expect(await reader.next() == nil)
        }
    }

    @Test func halfALineIsNoneWhenNobodyWaitsAnyMore() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("one\nhal".utf8))
        try await LineReader.with(descriptor: pipe.fileHandleForReading.fileDescriptor) { reader in
            #expect(await reader.next() == "one")
            let waiting = Task { await reader.next() }
            waiting.cancel()
            #expect(await waiting.value == nil)
        }
        try pipe.fileHandleForWriting.close()
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
