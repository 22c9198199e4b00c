import Crypto
import Testing

@testable import ChatUpload

/// A worker is stopped after each change that it makes to the volume, and another one goes on from there.
@Suite struct InterruptedFinishTests {
    private static let text = "what was said in the room"
    private static let rules = UploadStore.SweepRules(expire: 0, abandon: 0, grace: 0, now: Int(Int32.max))

    @Test func whereverAWorkerStopsAnotherOneFinishes() throws {
        for stop in 0... {
            let temporary = try TemporaryVolume()
            let id = UploadID.random()
            var room = Room()
            let written = try temporary.store.create(id, .sample(bytes: Self.text.utf8.count), reserving: 100)
            try written.write(Self.text, at: 0)
            let volume = FaultyVolume(temporary.volume, stopAfter: stop)
            let isWhole = (try? Self.finish(id, written, UploadStore(volume: volume), &room)) != nil
            try Self.sweep(temporary.store, &room)

            #expect(room.lines == [id], "stopped after \(stop) changes")
            #expect(temporary.files(in: Layout.files) == [id.value], "stopped after \(stop) changes")
            #expect(temporary.files(in: Layout.blobs).count == 1, "stopped after \(stop) changes")
            #expect(temporary.files.count == 3, "stopped after \(stop) changes: \(temporary.files)")
            let file = try #require(try temporary.store.finishedFile(id))
            #expect(try UploadStore.hash(temporary.store.openContent(id, file)).value == file.sha256)
            try temporary.store.delete(id)
            #expect(temporary.files.isEmpty, "stopped after \(stop) changes")
            if isWhole { return }
        }
    }

    @Test func aDeletionThatStopsIsFinishedByASweep() throws {
        for stop in 0... {
            let temporary = try TemporaryVolume()
            let id = UploadID.random()
            var room = Room()
            let written = try temporary.store.create(id, nil, reserving: 100)
            try written.write(Self.text, at: 0)
            try Self.finish(id, written, temporary.store, &room)
            let volume = FaultyVolume(temporary.volume, stopAfter: stop)
            let isWhole = (try? UploadStore(volume: volume).delete(id)) != nil
            try Self.sweep(temporary.store, &room)
            if stop > 0 { #expect(temporary.files.isEmpty, "stopped after \(stop) changes: \(temporary.files)") }
            #expect(room.lines == [id])
            if isWhole { return }
        }
    }

    /// Both workers take every step, by turns.
    @Test func twoWorkersMayTakeTheSameStepsByTurns() throws {
        let temporary = try TemporaryVolume()
        let id = UploadID.random()
        var room = Room()
        let store = temporary.store
        let written = try store.create(id, .sample(bytes: Self.text.utf8.count), reserving: 100)
        try written.write(Self.text, at: 0)
        try store.seal(written)
        let file = StoredFile.sample(id, bytes: Self.text.utf8.count, sha256: try store.hashSealed(id).value)
        for _ in 0..<2 { try store.commit(id, file) }
        for _ in 0..<2 { try store.place(id, file) }
        for _ in 0..<2 { room.tell(id) }
        try store.settle(id)
        try store.commit(id, file)
        try store.place(id, file)
        room.tell(id)
        for _ in 0..<2 { try store.settle(id) }
        #expect(room.lines == [id])
        #expect(temporary.files.count == 3, "\(temporary.files)")
    }

    /// The room as the broker keeps it: a line enters once.
    private struct Room {
        var lines: [UploadID] = []
        mutating func tell(_ id: UploadID) {
            if !lines.contains(id) { lines.append(id) }
        }
    }

    private static func finish(_ id: UploadID, _ writing: Writing?, _ store: UploadStore, _ room: inout Room) throws {
        if let writing { try store.seal(writing) }
        let hash = try store.hashSealed(id)
        let file = StoredFile.sample(id, bytes: text.utf8.count, sha256: hash.value)
        try store.commit(id, file)
        try settle(id, file, store, &room)
    }

    private static func settle(_ id: UploadID, _ file: StoredFile, _ store: UploadStore, _ room: inout Room) throws {
        try store.place(id, file)
        room.tell(id)
        try store.settle(id)
    }

    /// What a sweep does, on this thread.
    private static func sweep(_ store: UploadStore, _ room: inout Room) throws {
        for id in try store.unsettled(rules) {
            guard case .committed(let file)? = try store.state(of: id) else { continue }
            try settle(id, file, store, &room)
        }
        for id in try store.partials() {
            switch try store.sweepPartial(id, rules) {
            case .finish(_, let offset, let isSealed):
                try finish(id, isSealed ? nil : try store.takeOver(id, at: offset).writing, store, &room)
            case .cleared: try store.discard(id)
            case .kept, .removed: break
            }
        }
        try store.sweepContent()
        for folder in try store.blobFolders() { try store.sweepBlobs(in: folder) }
        try store.sweepTrash()
        try store.sweepTemporary(rules)
    }
}
