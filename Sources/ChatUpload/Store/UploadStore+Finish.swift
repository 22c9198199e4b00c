import Crypto

/// The way from the last byte to a finished file. Each step may be repeated, by any worker, whatever was done before.
///
/// seal -> hash -> commit (`done/`) -> place (blob and content) -> [the line enters the room] -> settle (`files/`)
extension UploadStore {
    /// Ends the writing: from here on nobody may write, and who does all the same is seen by the time of the file.
    func seal(_ writing: Writing) throws {
        let renamed: Void? = try unless(.notFound) {
            try volume.rename(Layout.data(writing.id, writing.claim), to: Layout.sealed(writing.id))
        }
        guard renamed != nil else { throw Failure.superseded }
        try writing.file.seal()
        try writing.file.sync()
    }

    /// Hashes what is sealed, for when no request of this worker saw every byte.
    func hashSealed(_ id: UploadID) throws -> ContentHash {
        for _ in 0..<Self.triesMax {
            let sealed = try unless(.notFound) { try volume.open(Layout.sealed(id), forWriting: false) }
            guard let file = sealed else { throw Failure.superseded }
            try file.seal()
            try file.sync()
            let hash = try Self.hash(file)
            // A stale write that came after the seal shows here or, when it is yet to come, at every reader.
            if try file.facts().isSealed { return hash }
        }
        throw Failure.lost
    }

    /// The first bytes of what is sealed.
    func head(ofSealed id: UploadID, bytes: Int) throws -> [UInt8] {
        try volume.contents(of: Layout.sealed(id), bytesMax: bytes) ?? []
    }

    /// From here on the file exists, whatever happens to this worker.
    func commit(_ id: UploadID, _ file: StoredFile) throws {
        try volume.replace(Layout.done(id), with: try RecordFile.encode(file), in: Layout.done)
    }

    /// Gives the bytes their places: one blob for the same bytes however often they come, and the file's own link to it.
    func place(_ id: UploadID, _ file: StoredFile) throws {
        guard let hash = ContentHash(file.sha256) else { throw Failure.lost }
        for _ in 0..<Self.triesMax {
            switch try integrity(of: Layout.blob(hash), hash, bytes: file.bytes) {
            case .intact:
                guard try linkContent(id, hash, bytes: file.bytes) else { continue }
                try volume.syncFolder(Layout.blobFolder(hash))
                try volume.syncFolder(Layout.content)
                return
            case .damaged:
                guard try volume.facts(of: Layout.sealed(id)) != nil else { throw Failure.lost }
                _ = try unless(.notFound) {
                    try volume.rename(Layout.blob(hash), to: Layout.trash(hash, .random(in: .min ... .max)))
                }
            case .absent:
                try makeBlob(hash, of: id, bytes: file.bytes)
            }
        }
        throw Failure.lost
    }

    /// Whether the file's link now leads to the bytes; false is to look at the blob again.
    private func linkContent(_ id: UploadID, _ hash: ContentHash, bytes: Int) throws -> Bool {
        do {
            try volume.link(Layout.blob(hash), to: Layout.content(id))
            return true
        } catch let error as VolumeError where error.code == .exists {
            // An earlier try; or damaged bytes, which the blob now mends.
            if try integrity(of: Layout.content(id), hash, bytes: bytes) == .intact { return true }
            try volume.removeIfThere(Layout.content(id))
            return false
        } catch let error as VolumeError where error.code == .notFound {
            // A sweep took the blob away in between.
            return false
        }
    }

    private func makeBlob(_ hash: ContentHash, of id: UploadID, bytes: Int) throws {
        try volume.makeFolder(Layout.blobFolder(hash))
        try volume.syncFolder(Layout.blobs)
        do {
            try volume.link(Layout.sealed(id), to: Layout.blob(hash))
        } catch let error as VolumeError where error.code == .exists {
        } catch let error as VolumeError where error.code == .notFound {
            // Only the file's own link is left: the blob was lost, or another worker settled already.
            guard try integrity(of: Layout.content(id), hash, bytes: bytes) == .intact else { throw Failure.lost }
            _ = try unless(.exists, .notFound) { try volume.link(Layout.content(id), to: Layout.blob(hash)) }
        }
    }

    /// The line is in the room: the file is finished, and what is left of its upload goes.
    func settle(_ id: UploadID) throws {
        try recordFinished(id)
        try discard(id)
    }

    /// The first half of that.
    func recordFinished(_ id: UploadID) throws {
        do {
            try volume.rename(Layout.done(id), to: Layout.file(id))
        } catch let error as VolumeError where error.code == .notFound {
            // Another worker did it.
            guard try volume.facts(of: Layout.file(id)) != nil else { throw error }
        }
    }

    /// Takes a finished file away; its bytes too, where no other file has the same.
    func delete(_ id: UploadID) throws {
        guard let file = try finishedFile(id) else { throw Failure.notFound }
        try volume.removeIfThere(Layout.file(id))
        try volume.syncFolder(Layout.files)
        try volume.removeIfThere(Layout.content(id))
        if let hash = ContentHash(file.sha256) { try removeIfUnreferenced(hash) }
    }

    /// Opens a finished file's bytes, after a look at whether they are still what they were.
    func openContent(_ id: UploadID, _ file: StoredFile) throws -> any VolumeFile {
        guard let hash = ContentHash(file.sha256) else { throw Failure.lost }
        if try integrity(of: Layout.content(id), hash, bytes: file.bytes) == .intact {
            return try volume.open(Layout.content(id), forWriting: false)
        }
        // A later upload of the same bytes may have replaced a damaged blob.
        guard try integrity(of: Layout.blob(hash), hash, bytes: file.bytes) == .intact else { throw Failure.lost }
        return try volume.open(Layout.blob(hash), forWriting: false)
    }

    enum Integrity { case intact, damaged, absent }

    /// A sealed file of the right size is believed; one whose time is off was written to, and is hashed again.
    func integrity(of path: String, _ hash: ContentHash, bytes: Int) throws -> Integrity {
        guard let facts = try volume.facts(of: path) else { return .absent }
        guard facts.size == bytes else { return .damaged }
        if facts.isSealed { return .intact }
        let checked = try unless(.notFound) { () -> Integrity in
            let file = try volume.open(path, forWriting: false)
            guard try Self.hash(file) == hash, try file.facts().hasTime(of: facts) else { return .damaged }
            try file.seal()
            return .intact
        }
        return checked ?? .absent
    }

    static func hash(_ file: any VolumeFile) throws -> ContentHash {
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: UploadLimits.readBytes)
        var offset = 0
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
            guard count > 0 else { return ContentHash(hash.finalize()) }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            offset += count
        }
    }

    /// How often a step is tried that others can spoil by doing the same at the same moment.
    private static var triesMax: Int { 8 }
}
