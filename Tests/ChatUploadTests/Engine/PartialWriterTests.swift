import Crypto
import NIOCore
import NIOPosix
import Testing

@testable import ChatUpload

@Suite struct PartialWriterTests {
    @Test func everyByteIsWrittenAndHashedInOrder() async throws {
        let temporary = try TemporaryVolume()
        let writing = try temporary.store.create(.random(), nil, reserving: nil)
        var writer = Self.writer(writing, temporary.store)
        var whole = ByteBuffer()
        for number in 0..<200 {
            let chunk = ByteBuffer(string: String(repeating: "\(number) ", count: 1 + number * 7 % 5000))
            whole.writeImmutableBuffer(chunk)
            try await writer.write(chunk)
        }
        try await writer.finish()
        #expect(writer.end == whole.readableBytes)
        let hash = ContentHash(SHA256.hash(data: Array(buffer: whole)))
        #expect(try UploadStore.hash(writing.file) == hash)
        #expect(writer.digests.sha256.map { ContentHash($0.finalize()) } == hash)
    }

    /// The offset is the size of the file: a hole before its end would be taken for bytes that arrived.
    @Test func behindAFailedWriteNothingIsWritten() async throws {
        let temporary = try TemporaryVolume()
        let volume = FaultyVolume(temporary.volume)
        let store = UploadStore(volume: volume)
        let writing = try store.create(.random(), nil, reserving: nil)
        var writer = Self.writer(writing, store)
        volume.fail(with: VolumeError(.full, "full"))
        try await writer.write(ByteBuffer(string: "lost"))
        await #expect(throws: VolumeError.self) {
            for _ in 0..<1000 { try await writer.write(ByteBuffer(repeating: 0x78, count: 64 * 1024)) }
        }
        volume.fail(with: nil)
        try await writer.finish()
        #expect(try writing.file.facts().size == 0)
    }

    private static func writer(_ writing: Writing, _ store: UploadStore) -> PartialWriter {
        let disk = DiskThreads(pool: .singleton)
        let digests = PartialWriter.Digests(sha256: SHA256(), check: nil)
        return PartialWriter(writing, digests: digests, store: store, disk: disk, memory: MemoryShare())
    }
}
