/// What a sweep removes: nothing here is needed by anyone, and each look is made so that nobody else can be about to need it.
extension UploadStore {
    /// What a sweep goes by, in seconds.
    struct SweepRules: Sendable {
        /// Since the last byte of an upload that can be resumed.
        var expire: Int
        /// Since its worker was last heard of, of one that ends with its request.
        var abandon: Int
        /// Commits and temporary files younger than this are another worker's.
        var grace: Int
        /// Seconds since 1970.
        var now: Int
    }

    /// Commits that nobody seems to work on.
    func unsettled(_ rules: SweepRules) throws -> [UploadID] {
        try ids(in: Layout.done).filter { try isOlder(Layout.done($0), rules.grace, rules) }
    }

    enum PartialVerdict: Equatable {
        case kept
        /// Every byte is there: the finish was interrupted before the commit.
        case finish(UploadRecord, offset: Int, isSealed: Bool)
        /// Its time was over.
        case removed(UploadOwner?)
        /// Its file is finished. Whose it was is still there, until ``UploadStore/discard(_:)``.
        case cleared(UploadOwner?, bytes: Int)
    }

    /// Looks at one unfinished upload.
    func sweepPartial(_ id: UploadID, _ rules: SweepRules) throws -> PartialVerdict {
        // In this order: a commit becomes a finished record by a rename.
        if try volume.facts(of: Layout.done(id)) != nil { return .kept }
        if try volume.facts(of: Layout.file(id)) != nil {
            let owner = try owner(of: id)
            let bytes = try finishedBytes(id, owner)
            try discardBytes(id)
            return .cleared(owner, bytes: bytes)
        }
        try checkVolume()
        // One whose end was interrupted has its record left. Who takes a claim over while it is looked for renews the folder.
        let hasBytes = try claim(of: id) != nil || volume.facts(of: Layout.sealed(id)) != nil
        let isResumable = try hasBytes && volume.facts(of: Layout.record(id)) != nil
        if isResumable, case .pending(let record, let offset, let isSealed)? = try state(of: id),
            isSealed || record.bytes == offset, try lastWrite(of: id) + rules.grace <= rules.now
        {
            return .finish(record, offset: offset, isSealed: isSealed)
        }
        guard try lastWrite(of: id) + (isResumable ? rules.expire : rules.abandon) <= rules.now else { return .kept }
        let owner = try? owner(of: id)
        try discard(id)
        return .removed(owner)
    }

    /// A record that cannot be read does not say, but what it is of does, or what was reserved for that.
    private func finishedBytes(_ id: UploadID, _ owner: UploadOwner?) throws -> Int {
        if let file = try? finishedFile(id) { return file.bytes }
        return try volume.facts(of: Layout.content(id))?.size ?? owner?.reserved ?? 0
    }

    /// What time it is on the volume, by which its files are dated: that of a server may be another one than the worker's.
    func time() throws -> Int {
        let path = Layout.temporary(.random(in: .min ... .max))
        let file = try volume.create(path)
        defer { try? volume.removeIfThere(path) }
        return try file.facts().modified
    }

    private func lastWrite(of id: UploadID) throws -> Int {
        let folder = Layout.partial(id)
        var last = try volume.facts(of: folder)?.modified ?? 0
        for name in try unless(.notFound, do: { try volume.names(in: folder) }) ?? [] {
            last = max(last, try volume.facts(of: "\(folder)/\(name)")?.modified ?? 0)
        }
        return last
    }

    /// Removes a blob that no file refers to. Safe against a commit at the same moment: that one either links the blob
    /// before it is taken from its place, which shows in the count, or does not find it.
    func removeIfUnreferenced(_ hash: ContentHash) throws {
        guard try volume.facts(of: Layout.blob(hash))?.links == 1 else { return }
        let name = Layout.trash(hash, .random(in: .min ... .max))
        guard try unless(.notFound, do: { try volume.rename(Layout.blob(hash), to: name) }) != nil else { return }
        try emptyTrash(name, hash)
    }

    private func emptyTrash(_ path: String, _ hash: ContentHash) throws {
        if let facts = try volume.facts(of: path), facts.links > 1, facts.isSealed {
            _ = try unless(.exists, .notFound) { try volume.link(path, to: Layout.blob(hash)) }
        }
        try volume.removeIfThere(path)
    }

    /// The blobs of one folder, what is in the trash, temporary files, and links of files that are no more.
    func sweepBlobs(in folder: String) throws {
        for name in try volume.names(in: "\(Layout.blobs)/\(folder)") {
            guard let hash = ContentHash(name) else { continue }
            try removeIfUnreferenced(hash)
        }
    }

    func sweepTrash() throws {
        for name in try volume.names(in: Layout.trash) {
            guard let hash = name.split(separator: "-").first.flatMap({ ContentHash($0) }) else { continue }
            try emptyTrash("\(Layout.trash)/\(name)", hash)
        }
    }

    func sweepTemporary(_ rules: SweepRules) throws {
        for name in try volume.names(in: Layout.temporary) {
            let path = "\(Layout.temporary)/\(name)"
            if try isOlder(path, max(rules.grace, UploadLimits.temporarySeconds), rules) {
                try volume.removeIfThere(path)
            }
        }
    }

    func sweepContent() throws {
        for id in try ids(in: Layout.content) {
            // In this order: a commit comes before the link and becomes a finished record by a rename.
            if try volume.facts(of: Layout.done(id)) != nil { continue }
            if try volume.facts(of: Layout.file(id)) != nil { continue }
            try volume.removeIfThere(Layout.content(id))
        }
    }

    func blobFolders() throws -> [String] { try volume.names(in: Layout.blobs) }
    func partials() throws -> [UploadID] { try ids(in: Layout.partial) }
    func finished() throws -> [UploadID] { try ids(in: Layout.files) }

    /// Whether a finished file was committed more than `seconds` ago.
    func isOlder(_ path: String, _ seconds: Int, _ rules: SweepRules) throws -> Bool {
        guard let facts = try volume.facts(of: path) else { return false }
        return facts.modified + seconds <= rules.now
    }

    private func ids(in folder: String) throws -> [UploadID] {
        try volume.names(in: folder).compactMap { UploadID($0) }
    }
}
