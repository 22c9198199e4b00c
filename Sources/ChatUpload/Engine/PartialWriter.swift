import Crypto
import NIOCore
import Synchronization

/// Takes the bytes of one request to the volume: while one batch is hashed and written, the next is received.
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

    /// One batch under way.
    private final class Batch: Sendable {
        let isDone = Atomic<Bool>(false)
    }

    let writing: Writing
    let digests: Digests
    private let store: UploadStore
    private let disk: DiskThreads
    private let memory: MemoryShare
    private var waiting: [ByteBuffer] = []
    private var waitingBytes = 0
    private var underWay: (batch: Batch, done: EventLoopFuture<Void>)?
    /// Where the next batch goes.
    private var position: Int
    private var writtenBack: Int

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
        if let underWay, waitingBytes < memory.batchBytes, !underWay.batch.isDone.load(ordering: .acquiring) { return }
        try await flush()
    }

    /// Returns when every byte is in the file.
    mutating func finish() async throws {
        if waitingBytes > 0 { try await flush() }
        try await settle()
    }

    private mutating func settle() async throws {
        guard let underWay else { return }
        self.underWay = nil
        try await underWay.done.get()
    }

    private mutating func flush() async throws {
        try await settle()
        let (chunks, offset) = (waiting, position)
        position += waitingBytes
        waiting = []
        waitingBytes = 0
        let writeback = nextWriteback()
        let batch = Batch()
        let done = disk.begin { [store, writing, digests] in
            defer { batch.isDone.store(true, ordering: .releasing) }
            try Self.write(chunks, at: offset, store, writing, digests)
            if let writeback { writing.file.beginWriteback(from: writeback.from, bytes: writeback.bytes) }
        }
        underWay = (batch, done)
    }

    private static func write(
        _ chunks: [ByteBuffer], at offset: Int, _ store: UploadStore, _ writing: Writing, _ digests: Digests
    ) throws {
        try store.check(writing)
        var offset = offset
        for chunk in chunks {
            try chunk.withUnsafeReadableBytes { bytes in
                try writing.file.write(bytes, at: offset)
                digests.update(bytes)
            }
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
