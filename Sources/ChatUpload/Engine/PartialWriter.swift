import Crypto
import NIOCore

/// Takes the bytes of one request to the volume: while one batch is hashed on one thread and written on another, the next
/// is received.
///
/// Owned by the request's task. Chunks are not copied, and a sender that is slower than the disk has each of its chunks
/// written at once.
struct PartialWriter {
    /// What sees every byte in order. Touched by one batch at a time, on the disk's threads; by the owner when none is under way.
    final class Digests: @unchecked Sendable {
        /// nil where this request does not see the file from its begin.
        var sha256: SHA256?
        var check: UploadChecksum.Check?

        init(sha256: SHA256?, check: UploadChecksum.Check?) {
            self.sha256 = sha256
            self.check = check
        }

        func update(_ bytes: UnsafeRawBufferPointer) {
            sha256?.update(bufferPointer: bytes)
            check?.update(bytes)
        }
    }

    /// One batch under way: its two halves run side by side.
    private struct Batch {
        let written: DiskWork<Void>
        let hashed: DiskWork<Void>
        var isDone: Bool { written.isDone && hashed.isDone }
    }

    let writing: Writing
    let digests: Digests
    private let store: UploadStore
    private let disk: DiskThreads
    private let memory: MemoryShare
    private var waiting: [ByteBuffer] = []
    private var waitingBytes = 0
    private var underWay: Batch?
    /// Where the next batch goes.
    private var position: Int
    private var writtenBack: Int
    /// A batch could not be written: what comes behind it must not be, or the offset would lie beyond a hole.
    private var isBroken = false

    /// Where the next byte goes.
    var end: Int { position + waitingBytes }

    init(_ writing: Writing, digests: Digests, store: UploadStore, disk: DiskThreads, memory: MemoryShare) {
        self.writing = writing
        self.digests = digests
        self.store = store
        self.disk = disk
        self.memory = memory
        position = writing.offset
        writtenBack = writing.offset
    }

    /// Returns when there is room for more.
    mutating func write(_ chunk: ByteBuffer) async throws {
        waiting.append(chunk)
        waitingBytes += chunk.readableBytes
        if let underWay, waitingBytes < memory.batchBytes, !underWay.isDone { return }
        try await flush()
    }

    /// Returns when every byte is in the file.
    mutating func finish() async throws {
        if waitingBytes > 0, !isBroken { try await flush() }
        try await settle()
    }

    private mutating func settle() async throws {
        guard let underWay else { return }
        self.underWay = nil
        do {
            // Both, or the digests would still be in use behind an error.
            try await underWay.hashed.value
            try await underWay.written.value
        } catch {
            isBroken = true
            throw error
        }
    }

    private mutating func flush() async throws {
        try await settle()
        let (chunks, offset) = (waiting, position)
        position += waitingBytes
        waiting = []
        waitingBytes = 0
        let writeback = nextWriteback()
        let written = disk.begin { [store, writing] in
            try Self.write(chunks, at: offset, store, writing)
            if let writeback { writing.file.beginWriteback(from: writeback.from, bytes: writeback.bytes) }
        }
        // Where the write fails the request ends, and what was hashed counts for nothing.
        let hashed = disk.begin { [digests] in
            for chunk in chunks { chunk.withUnsafeReadableBytes { digests.update($0) } }
        }
        underWay = Batch(written: written, hashed: hashed)
    }

    private static func write(
        _ chunks: [ByteBuffer], at offset: Int, _ store: UploadStore, _ writing: Writing
    ) throws {
        try store.check(writing)
        var offset = offset
        for chunk in chunks {
            try chunk.withUnsafeReadableBytes { try writing.file.write($0, at: offset) }
            offset += chunk.readableBytes
        }
    }

    /// What may go to the disk while more arrives, so that the sync at the end has little left to do.
    private mutating func nextWriteback() -> (from: Int, bytes: Int)? {
        let bytes = position - writtenBack
        guard bytes >= UploadLimits.writebackBytes else { return nil }
        defer { writtenBack = position }
        return (writtenBack, bytes)
    }
}
