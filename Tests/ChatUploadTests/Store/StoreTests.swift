import Crypto
import Foundation
import Testing

@testable import ChatUpload

@Suite struct StoreTests {
    private let temporary: TemporaryVolume
    private var store: UploadStore { temporary.store }

    init() throws { temporary = try TemporaryVolume() }

    @Test func theOffsetIsTheSizeOfWhatIsThere() throws {
        let id = UploadID.random()
        let writing = try store.create(id, .sample(bytes: 10), reserving: 10)
        #expect(try store.state(of: id) == .pending(.sample(bytes: 10), offset: 0, isSealed: false))
        try writing.write("hello", at: 0)
        #expect(try store.state(of: id) == .pending(.sample(bytes: 10), offset: 5, isSealed: false))
    }

    /// A third one may take it over before the second has opened it.
    @Test func whoLosesTheWritingAtOnceIsToldSo() throws {
        let id = UploadID.random()
        _ = try store.create(id, .sample(bytes: 10), reserving: 10)
        let volume = FaultyVolume(temporary.volume)
        volume.fail(with: VolumeError(.notFound, "open: No such file or directory"), in: [.open])
        #expect(throws: UploadStore.Failure.superseded) {
            _ = try UploadStore(volume: volume).takeOver(id, at: 0)
        }
    }

    @Test func whoTakesOverStopsTheWriterBefore() throws {
        let id = UploadID.random()
        let first = try store.create(id, .sample(bytes: 10), reserving: 10)
        try first.write("hello", at: 0)
        let second = try store.takeOver(id, at: 5).writing
        #expect(throws: UploadStore.Failure.superseded) { try store.check(first) }
        #expect(throws: UploadStore.Failure.superseded) { try store.seal(first) }
        try store.check(second)
        try second.write("world", at: 5)
        try store.seal(second)
        #expect(try store.hashSealed(id) == ContentHash(SHA256.hash(data: Array("helloworld".utf8))))
    }

    @Test func onlyTheFirstTakerIsTheFirstWriter() throws {
        let id = UploadID.random()
        _ = try store.create(id, .sample(bytes: 10), reserving: 10)
        #expect(try store.takeOver(id, at: 0).writing.isFirst)
        #expect(try !store.takeOver(id, at: 0).writing.isFirst)
    }

    @Test func aWrongOffsetIsToldTheRightOne() throws {
        let id = UploadID.random()
        try store.create(id, .sample(bytes: 10), reserving: 10).write("hello", at: 0)
        #expect(throws: UploadStore.Failure.wrongOffset(5)) { try store.takeOver(id, at: 4) }
    }

    @Test func theSameBytesAreStoredOnce() throws {
        let ids = try [finish("hello"), finish("hello")]
        #expect(temporary.files(in: Layout.blobs).count == 1)
        #expect(try store.volume.facts(of: Layout.content(ids[0]))?.links == 3)
        try store.delete(ids[0])
        #expect(temporary.files(in: Layout.blobs).count == 1)
        try store.delete(ids[1])
        #expect(temporary.files.isEmpty)
    }

    /// A worker that was frozen in the middle of a write may go on at any time: what it wrote must not be served as the file.
    @Test func aWriteAfterTheSealIsSeen() throws {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try writing.write("hello", at: 0)
        let file = try commit(writing)
        try writing.write("HELLO", at: 0)
        #expect(throws: UploadStore.Failure.lost) { try store.openContent(id, file) }
    }

    @Test func damagedBytesAreMendedByTheNextUploadOfTheSame() throws {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try writing.write("hello", at: 0)
        let file = try commit(writing)
        try writing.write("HELLO", at: 0)
        _ = try finish("hello")
        #expect(try UploadStore.hash(store.openContent(id, file)).value == file.sha256)
    }

    @Test func theSameBytesWrittenAgainAfterTheSealAreFine() throws {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try writing.write("hello", at: 0)
        let file = try commit(writing)
        try writing.write("hello", at: 0)
        _ = try store.openContent(id, file)
    }

    @Test func anIDIsNoPath() {
        for text in [
            "", "../../etc/passwd", String(repeating: "a", count: 25) + "/", String(repeating: "A", count: 26),
        ] {
            #expect(UploadID(text) == nil)
        }
    }

    @Test func aMissingFolderMeansThatTheVolumeIsGone() throws {
        try FileManager.default.removeItem(atPath: temporary.path + "/partial")
        #expect(throws: VolumeError.self) { try store.create(.random(), nil, reserving: nil) }
    }

    private func finish(_ text: String) throws -> UploadID {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: text.utf8.count)
        try writing.write(text, at: 0)
        _ = try commit(writing)
        try store.settle(id)
        return id
    }

    private func commit(_ writing: Writing) throws -> StoredFile {
        try store.seal(writing)
        let hash = try store.hashSealed(writing.id)
        let size = try writing.file.facts().size
        let file = StoredFile.sample(writing.id, bytes: size, sha256: hash.value)
        try store.commit(writing.id, file)
        try store.place(writing.id, file)
        return file
    }
}
