import Crypto

/// The files on the volume and every step that an upload goes through there (docs/architecture.md, "The volume").
///
/// It keeps nothing in memory and locks nothing: whatever one worker began, any other goes on with. Every method blocks;
/// they are called on the worker's thread pool.
struct UploadStore: Sendable {
    let volume: any Volume
    /// Which volume it must be.
    let identity = VolumeIdentity()

    init(volume: any Volume) { self.volume = volume }

    /// Why a step could not be taken, beside the volume's own errors.
    enum Failure: Error, Equatable {
        case notFound
        /// Another request took over the writing.
        case superseded
        /// The upload has so many bytes.
        case wrongOffset(Int)
        /// The bytes are not those that the client announced.
        case wrongHash
        /// The operator's program does not let the file in.
        case refused
        /// A commit's bytes are gone or are not what they were.
        case lost
    }

    enum State: Sendable, Equatable {
        /// The bytes so far; all of them once it is sealed.
        case pending(UploadRecord, offset: Int, isSealed: Bool)
        /// Safe, but maybe not in the room yet.
        case committed(StoredFile)
        case finished(StoredFile)
    }

    /// The folders, where they are missing. Later a missing folder means that the volume is gone.
    func prepare() throws {
        for folder in Layout.folders { try volume.makeFolder(folder) }
    }

    /// Makes room for a new upload.
    /// - Parameters:
    ///   - record: nil for one that ends with its request and cannot be resumed.
    ///   - reserving: bytes to set aside.
    func create(_ id: UploadID, _ record: UploadRecord?, reserving bytes: Int?) throws -> Writing {
        try checkMarker()
        try volume.makeFolder(Layout.partial(id))
        do {
            if let record { try write(record, of: id) }
            let file = try volume.create(Layout.data(id, .first))
            if let bytes { try file.reserve(bytes) }
            if record != nil {
                try volume.syncFolder(Layout.partial(id))
                try volume.syncFolder(Layout.partial)
            }
            return Writing(id: id, claim: .first, file: file, offset: 0, isFirst: true)
        } catch {
            try? discard(id)
            throw error
        }
    }

    func write(_ record: UploadRecord, of id: UploadID) throws {
        try volume.replace(Layout.record(id), with: try RecordFile.encode(record), in: Layout.partial(id))
    }

    /// Says whose limits an upload counts for that has no record. It need not outlast a loss of power, and half of one is none.
    func write(_ owner: UploadOwner, of id: UploadID) throws {
        let file = try volume.create(Layout.owner(id))
        try RecordFile.encode(owner).withUnsafeBytes { try file.write($0, at: 0) }
    }

    /// nil where nobody said, or what was said cannot be read.
    func owner(of id: UploadID) throws -> UploadOwner? {
        if let bytes = try volume.contents(of: Layout.owner(id), bytesMax: RecordFile.bytesMax) {
            return try? RecordFile.decode(UploadOwner.self, bytes)
        }
        guard let bytes = try volume.contents(of: Layout.record(id), bytesMax: RecordFile.bytesMax) else { return nil }
        return try? RecordFile.decode(UploadRecord.self, bytes).owner
    }

    /// Where an upload stands; nil where there is none.
    func state(of id: UploadID) throws -> State? {
        // A commit becomes a finished record by a rename, and only then the partial goes: looked at in this order, with the
        // finished record twice, nothing is missed.
        if let file = try stored(Layout.done(id)) { return .committed(file) }
        if let file = try stored(Layout.file(id)) { return .finished(file) }
        if let pending = try pending(id) { return pending }
        if let file = try stored(Layout.file(id)) { return .finished(file) }
        try checkVolume()
        return nil
    }

    func finishedFile(_ id: UploadID) throws -> StoredFile? {
        if let file = try stored(Layout.file(id)) { return file }
        try checkVolume()
        return nil
    }

    /// Where the volume is gone nothing can be found, which must not be told as if it had never been.
    func checkVolume() throws {
        try checkMarker()
        for folder in Layout.folders where try volume.facts(of: folder) == nil {
            throw VolumeError(.gone, "the folder \(folder) is missing")
        }
    }

    private func stored(_ path: String) throws -> StoredFile? {
        guard let bytes = try volume.contents(of: path, bytesMax: RecordFile.bytesMax) else { return nil }
        return try RecordFile.decode(StoredFile.self, bytes)
    }

    private func pending(_ id: UploadID) throws -> State? {
        guard let bytes = try volume.contents(of: Layout.record(id), bytesMax: RecordFile.bytesMax) else { return nil }
        let record = try RecordFile.decode(UploadRecord.self, bytes)
        if let facts = try volume.facts(of: Layout.sealed(id)) {
            return .pending(record, offset: facts.size, isSealed: true)
        }
        guard let claim = try claim(of: id), let facts = try volume.facts(of: Layout.data(id, claim)) else {
            // Between two looks the name changed hands, or the upload was sealed or finished.
            if let facts = try volume.facts(of: Layout.sealed(id)) {
                return .pending(record, offset: facts.size, isSealed: true)
            }
            return try claim(of: id) == nil ? nil : .pending(record, offset: try size(of: id), isSealed: false)
        }
        return .pending(record, offset: facts.size, isSealed: false)
    }

    private func size(of id: UploadID) throws -> Int {
        guard let claim = try claim(of: id), let facts = try volume.facts(of: Layout.data(id, claim)) else {
            throw Failure.superseded
        }
        return facts.size
    }

    func claim(of id: UploadID) throws -> WriterClaim? {
        let names = try unless(.notFound) { try volume.names(in: Layout.partial(id)) }
        return names?.lazy.compactMap(WriterClaim.init(name:)).first
    }

    /// Takes the writing over from whoever has it, if the upload has `offset` bytes.
    /// - Returns: the writing, and the claim before it, by which the caller may know whose bytes are there.
    func takeOver(_ id: UploadID, at offset: Int) throws -> (writing: Writing, before: WriterClaim) {
        guard let before = try claim(of: id) else { throw Failure.superseded }
        let facts = try volume.facts(of: Layout.data(id, before))
        guard facts?.size == offset else { throw Failure.wrongOffset(facts?.size ?? 0) }
        let claim = before.next()
        let renamed: Void? = try unless(.notFound) {
            try volume.rename(Layout.data(id, before), to: Layout.data(id, claim))
        }
        guard renamed != nil else { throw Failure.superseded }
        // The next one may have taken it over already.
        let opened = try unless(.notFound) { try volume.open(Layout.data(id, claim), forWriting: true) }
        guard let file = opened else { throw Failure.superseded }
        let isFirst = before == .first && offset == 0
        return (Writing(id: id, claim: claim, file: file, offset: offset, isFirst: isFirst), before)
    }

    /// Ends an upload that will not be finished. What says whose it was stays for ``discard(_:)``, or for a sweep.
    func discardBytes(_ id: UploadID) throws {
        let folder = Layout.partial(id)
        for name in try unless(.notFound, do: { try volume.names(in: folder) }) ?? [] {
            let path = "\(folder)/\(name)"
            if path != Layout.record(id), path != Layout.owner(id) { try volume.removeIfThere(path) }
        }
    }

    /// Ends an upload that will not be finished, or what is left of one that was.
    func discard(_ id: UploadID) throws {
        let folder = Layout.partial(id)
        guard let names = try unless(.notFound, do: { try volume.names(in: folder) }) else { return }
        for name in names { try volume.removeIfThere("\(folder)/\(name)") }
        _ = try unless(.notFound) { try volume.removeFolder(folder) }
    }
}

/// The writing of one upload by one request, for as long as its claim holds.
struct Writing: Sendable {
    let id: UploadID
    let claim: WriterClaim
    let file: any VolumeFile
    /// Where it begins.
    let offset: Int
    /// Nobody else could have written before: what this request hashes is what the file has.
    let isFirst: Bool
}

extension UploadStore {
    /// - Throws: ``Failure/superseded`` once another request writes.
    func check(_ writing: Writing) throws {
        guard try volume.facts(of: Layout.data(writing.id, writing.claim)) != nil else { throw Failure.superseded }
    }
}
