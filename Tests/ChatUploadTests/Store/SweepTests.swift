import ChatBroker
import Foundation
import Testing

@testable import ChatUpload

@Suite struct SweepTests {
    private let temporary: TemporaryVolume
    private var store: UploadStore { temporary.store }

    init() throws { temporary = try TemporaryVolume() }

    @Test func anUploadExpiresAfterItsLastByte() throws {
        let id = UploadID.random()
        try store.create(id, .sample(bytes: 10), reserving: nil).write("hello", at: 0)
        let written = try #require(try store.volume.facts(of: Layout.partial(id))).modified
        #expect(try store.sweepPartial(id, rules(at: written + 50)) == .kept)
        #expect(try store.sweepPartial(id, rules(at: written + 102)) == .removed(UploadRecord.sample(bytes: 10).owner))
        #expect(temporary.files.isEmpty)
    }

    @Test func anUploadThatCannotBeResumedExpiresSooner() throws {
        let id = UploadID.random()
        try store.create(id, nil, reserving: nil).write("hello", at: 0)
        let written = try #require(try store.volume.facts(of: Layout.partial(id))).modified
        #expect(try store.sweepPartial(id, rules(at: written + 5)) == .kept)
        #expect(try store.sweepPartial(id, rules(at: written + 12)) == .removed(nil))
        #expect(temporary.files.isEmpty)
    }

    /// Its bytes went, and its worker before it could say so.
    @Test func anUploadWhoseEndWasInterruptedGivesItsPlaceBackSoon() throws {
        let id = UploadID.random()
        try store.create(id, .sample(bytes: 10), reserving: nil).write("hello", at: 0)
        try store.discardBytes(id)
        #expect(try store.state(of: id) == nil)
        let written = try #require(try store.volume.facts(of: Layout.partial(id))).modified
        #expect(try store.sweepPartial(id, rules(at: written + 5)) == .kept)
        #expect(try store.sweepPartial(id, rules(at: written + 12)) == .removed(UploadRecord.sample(bytes: 10).owner))
        #expect(temporary.files.isEmpty)
    }

    /// Its worker was killed before it could say what the file counts for its user's day.
    @Test func whatIsLeftOfAFinishedUploadSaysWhatItCounts() throws {
        let owner = UploadOwner(user: "ann", address: "192.0.2.1", reserved: 0)
        let id = try finished(of: owner)
        // The first sweep may be killed too.
        for _ in 0..<2 { #expect(try store.sweepPartial(id, rules(at: 0)) == .cleared(owner, bytes: 5)) }
        #expect(temporary.files(in: Layout.partial) == ["\(id)/owner"])
    }

    @Test func whatIsLeftOfAFinishedUploadGoesThoughItsRecordCannotBeRead() throws {
        let owner = UploadOwner(user: "ann", address: "192.0.2.1", reserved: 7)
        let id = try finished(of: owner)
        try store.volume.replace(Layout.file(id), with: Array("{".utf8), in: Layout.files)
        #expect(try store.sweepPartial(id, rules(at: 0)) == .cleared(owner, bytes: 5))
        try store.volume.remove(Layout.content(id))
        #expect(try store.sweepPartial(id, rules(at: 0)) == .cleared(owner, bytes: 7))
    }

    /// A file whose worker was killed before it was done with the upload.
    private func finished(of owner: UploadOwner) throws -> UploadID {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try store.write(owner, of: id)
        try writing.write("hello", at: 0)
        try store.seal(writing)
        let file = StoredFile.sample(id, bytes: 5, sha256: try store.hashSealed(id).value)
        try store.commit(id, file)
        try store.place(id, file)
        try store.recordFinished(id)
        return id
    }

    /// Its worker is there, though no byte comes.
    @Test func aRenewedUploadIsKept() throws {
        let id = UploadID.random()
        try store.create(id, nil, reserving: nil).write("hello", at: 0)
        let folder = temporary.path + "/" + Layout.partial(id)
        for name in ["", "/" + WriterClaim.first.name] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: folder + name)
        }
        try store.volume.touch(Layout.partial(id))
        let renewed = try #require(try store.volume.facts(of: Layout.partial(id))).modified
        #expect(renewed > 1_000_000)
        #expect(try store.sweepPartial(id, rules(at: renewed + 9)) == .kept)
    }

    @Test func anUploadSaysWhoseItIs() throws {
        let (named, unnamed) = (UploadID.random(), UploadID.random())
        let owner = UploadOwner(user: "ann", address: "192.0.2.1", reserved: 5)
        for id in [named, unnamed] { _ = try store.create(id, nil, reserving: nil) }
        try store.write(owner, of: named)
        #expect(try store.owner(of: named) == owner)
        #expect(try store.owner(of: unnamed) == nil)
        #expect(owner.account?.description == "ann@192.0.2.1")
        #expect(try store.sweepPartial(named, rules(at: .max / 2)) == .removed(owner))
        #expect(temporary.files(in: Layout.partial + "/" + named.value).isEmpty)
    }

    @Test func aBlobWithAReferenceStays() throws {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try writing.write("hello", at: 0)
        try store.seal(writing)
        let hash = try store.hashSealed(id)
        let file = StoredFile.sample(id, bytes: 5, sha256: hash.value)
        try store.commit(id, file)
        try store.place(id, file)
        try store.settle(id)
        try store.removeIfUnreferenced(hash)
        #expect(try store.integrity(of: Layout.blob(hash), hash, bytes: 5) == .intact)
    }

    /// A sweep that was killed between taking a blob from its place and looking at its references.
    @Test func aBlobInTheTrashThatIsReferredToGoesBack() throws {
        let id = UploadID.random()
        let writing = try store.create(id, nil, reserving: nil)
        try writing.write("hello", at: 0)
        try store.seal(writing)
        let hash = try store.hashSealed(id)
        let file = StoredFile.sample(id, bytes: 5, sha256: hash.value)
        try store.commit(id, file)
        try store.place(id, file)
        try store.settle(id)
        try store.volume.rename(Layout.blob(hash), to: Layout.trash(hash, 1))
        _ = try store.openContent(id, file)
        try store.sweepTrash()
        #expect(try store.integrity(of: Layout.blob(hash), hash, bytes: 5) == .intact)
        #expect(temporary.files(in: Layout.trash).isEmpty)
    }

    private func rules(at now: Int) -> UploadStore.SweepRules {
        .init(expire: 100, abandon: 10, grace: 0, now: now)
    }
}
