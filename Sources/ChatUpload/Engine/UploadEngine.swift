import ServerKit
import ChatBroker
import ChatWire
import Crypto
import Logging
import NIOCore

/// What all three ways in share: limits, the writing, the way from the last byte to the room, and the way out again.
struct UploadEngine: Sendable {
    let store: UploadStore
    let disk: DiskThreads
    let registry: Registry
    let settings: UploadSettings
    let metrics: UploadMetrics
    let logger: Logger
    /// nil where every file may enter its room.
    var scanner: Scanner?
    let memory = MemoryShare()
    let hashes = HashMemory()
    let running = RunningUploads()

    /// Who a file is from and what it is called.
    struct Label: Sendable {
        var room: RoomName
        var user: UserName
        var isGuest: Bool
        var name: String
        /// What the client says that the file hashes to.
        var sha256: ContentHash?
        /// Milliseconds since 1970.
        var created: UInt64
        var owner: UploadOwner
    }

    /// How long an upload counts as unfinished after its worker was last heard of.
    func lifetime(isResumable: Bool) -> TimeAmount {
        .seconds(Int64(isResumable ? settings.expireSeconds : settings.leaseSeconds))
    }

    /// A request of this worker receives or finishes the upload until ``RunningUploads/ended(_:)``.
    func began(_ id: UploadID, _ owner: UploadOwner?, isResumable: Bool) -> Int {
        running.began(.init(id: id, account: owner?.account, lifetime: lifetime(isResumable: isResumable)))
    }

    /// Asks for one upload more, which counts for a short while: if the worker stops before anything of it is on the volume, no
    /// sweep knows of it.
    /// - Throws: ``Refusal`` 429; 413 where it is more than the allowance of a whole day.
    func reserve(_ id: UploadID, _ owner: UploadOwner) async throws {
        guard let account = owner.account else { return }
        let most = settings.allowance.bytesPerDay
        guard most == 0 || owner.reserved <= most else { throw Refusal.fileTooLarge(most) }
        let reservation = UploadReservation(
            id: id.value, account: account, bytes: owner.reserved, lifetime: lifetime(isResumable: false),
            limits: settings.allowance)
        switch try await registry.call({ $0.reserve(reservation) }) {
        case .granted: metrics.begun.increment()
        case .refused(let reason, let retryAfter):
            metrics.limited.increment()
            throw Refusal.limited(reason, retryAfter: retryAfter)
        }
    }

    /// A resumable upload is on the volume, and counts until it expires there.
    func keep(_ id: UploadID, _ owner: UploadOwner) async {
        guard let account = owner.account else { return }
        let lifetime = lifetime(isResumable: true)
        try? await registry.call { $0.renew(id.value, of: account, lifetime: lifetime) }
    }

    /// The upload is over. A broker that is away forgets it by itself, in time, as one of which nothing counts.
    /// - Parameter bytes: what counts for the day of its user.
    func release(_ id: UploadID, _ owner: UploadOwner?, counting bytes: Int) async throws {
        guard let owner, let account = owner.account else { return }
        try await registry.call {
            $0.release(id.value, of: account, counting: bytes, reserved: owner.reserved)
        }
    }

    /// Makes room on the volume.
    /// - Parameters:
    ///   - record: nil for an upload that ends with its request; then `owner` says whose it is, where that is known.
    /// - Throws: ``Refusal`` 413 or 507.
    func create(
        _ id: UploadID, _ record: UploadRecord? = nil, owner: UploadOwner? = nil, bytes: Int?
    ) async throws -> Writing {
        guard bytes ?? 0 <= settings.fileBytesMax else { throw Refusal.fileTooLarge(settings.fileBytesMax) }
        return try await disk.run { [store, settings] in
            guard try store.volume.freeBytes() - (bytes ?? 0) >= settings.freeBytesMin else { throw Refusal.full }
            let writing = try store.create(id, record, reserving: bytes)
            if let owner { try store.write(owner, of: id) }
            return writing
        }
    }

    /// The writer of a request. What it hashes counts for the file only where nobody else can have written.
    func writer(
        _ writing: Writing, after before: WriterClaim? = nil, check: UploadChecksum.Check? = nil
    ) -> PartialWriter {
        let known = before.flatMap { hashes.take($0, offset: writing.offset) }
        let digests = PartialWriter.Digests(sha256: writing.isFirst ? SHA256() : known, check: check)
        return PartialWriter(writing, digests: digests, store: store, disk: disk, memory: memory)
    }

    /// Receives a body to its end; what came before an error is in the file.
    /// - Parameter limit: where the file ends at most.
    func receive(_ body: BodyReader, into writer: inout PartialWriter, limit: Int) async throws {
        memory.began()
        metrics.uploads.add(1)
        defer {
            memory.ended()
            metrics.uploads.add(-1)
        }
        do {
            while let chunk = try await body.next() {
                guard writer.end + chunk.readableBytes <= limit else { throw Refusal.longerThanSaid }
                metrics.received.increment(by: chunk.readableBytes)
                try await writer.write(chunk)
            }
        } catch {
            try? await writer.finish()
            throw error
        }
        try await writer.finish()
    }

    /// Everything from the last byte to the room, for an upload that this request wrote to its end.
    func finish(_ writer: PartialWriter, _ label: Label) async throws -> StoredFile {
        let hash = writer.digests.sha256.map { ContentHash($0.finalize()) }
        let id = writer.writing.id
        try await disk.run { [store] in try store.seal(writer.writing) }
        return try await finishSealed(id, label, hash: hash)
    }

    /// The same for an upload whose every byte is there, and whose writer is gone.
    func finishWhole(
        _ id: UploadID, _ record: UploadRecord, offset: Int, isSealed: Bool
    ) async throws -> StoredFile {
        if !isSealed {
            try await disk.run { [store] in try store.seal(store.takeOver(id, at: offset).writing) }
        }
        return try await finishSealed(id, try Label(record))
    }

    /// The same for an upload that is sealed.
    /// - Parameter hash: nil reads the file again.
    func finishSealed(_ id: UploadID, _ label: Label, hash known: ContentHash? = nil) async throws -> StoredFile {
        let began = ContinuousClock.now
        let file: StoredFile
        do {
            file = try await describe(id, label, hash: known)
            try await scan(id, file)
        } catch let failure as UploadStore.Failure where failure == .wrongHash || failure == .refused {
            // Nobody can go on with it, and it counts for its user until somebody says that it is over.
            await discard(id, label.owner)
            throw failure
        }
        try await disk.run { [store] in
            // Another worker may have got another answer.
            guard try store.volume.facts(of: Layout.sealed(id)) != nil else { throw UploadStore.Failure.superseded }
            try store.commit(id, file)
        }
        try await settle(id, file, label.owner)
        metrics.finishTime.observe(ContinuousClock.now - began)
        return file
    }

    private func describe(_ id: UploadID, _ label: Label, hash known: ContentHash?) async throws -> StoredFile {
        try await disk.run { [store, metrics] in
            let hash = try known ?? store.hashSealed(id)
            guard let size = try store.volume.facts(of: Layout.sealed(id))?.size else {
                throw UploadStore.Failure.superseded
            }
            if known == nil { metrics.verified.increment(by: size) }
            guard label.sha256.map({ $0 == hash }) ?? true else { throw UploadStore.Failure.wrongHash }
            let head = try store.head(ofSealed: id, bytes: MediaType.sniffBytes)
            return StoredFile(
                id: id.value, room: label.room.value, user: label.user.value, isGuest: label.isGuest, name: label.name,
                bytes: size, sha256: hash.value, mediaType: MediaType(sniffing: head).rawValue, created: label.created)
        }
    }

    private func scan(_ id: UploadID, _ file: StoredFile) async throws {
        guard let scanner else { return }
        do {
            guard try await !scanner.accepts(id, file) else { return }
        } catch let error as Scanner.Unanswered {
            metrics.scanFailed.increment()
            throw error
        }
        metrics.scanRefused.increment()
        logger.notice(
            "the scan refused a file", metadata: ["id": "\(id)", "room": "\(file.room)", "user": "\(file.user)"])
        throw UploadStore.Failure.refused
    }

    /// The steps behind the commit, by whatever worker meets the upload.
    /// - Parameter owner: nil where only what is left of the upload tells.
    func settle(_ id: UploadID, _ file: StoredFile, _ owner: UploadOwner? = nil) async throws {
        try await disk.run { [store] in try store.place(id, file) }
        let room = try RoomName(file.room)
        let receipt = try await registry.call { $0.announce(file.line, in: room) }
        let told = try await disk.run { [store] in
            let found = try owner ?? store.owner(of: id)
            try store.recordFinished(id)
            return found
        }
        if !receipt.isDuplicate {
            metrics.finished.increment()
            await offer(room, of: file)
        }
        do {
            try await release(id, told, counting: file.bytes)
        } catch {
            // The file is finished all the same. If it is deleted before a sweep meets what is left, no bytes must be there to
            // finish it again.
            try? await disk.run { [store] in try store.discardBytes(id) }
            logger.notice(
                "what a file counts is left for the next sweep", metadata: ["id": "\(id)", "error": "\(error)"])
            return
        }
        // Last, as it says whose the place in the account is: of a worker that stops before, a sweep gives it back.
        try await disk.run { [store] in try store.discard(id) }
    }

    /// The other one of a direct room is told of a file as an edge tells of a message; a loss costs nothing but that.
    private func offer(_ room: RoomName, of file: StoredFile) async {
        guard room.isDirect, let user = try? UserName(file.user),
            let pair = try? await registry.call({ $0.directPair(of: room) })
        else { return }
        let author = Principal(user, isGuest: file.isGuest)
        guard let partner = pair.partner(of: author) else { return }
        try? await registry.call { $0.noteDirect(pair) }
        _ = try? await registry.call { $0.send(.offering(room, to: partner, from: author), to: nil) }
    }

    /// Ends an upload that is not to be finished.
    func remove(_ id: UploadID, _ owner: UploadOwner?) async throws {
        try await disk.run { [store] in try store.discardBytes(id) }
        try? await release(id, owner, counting: 0)
        try await disk.run { [store] in try store.discard(id) }
    }

    /// The same where nothing can be done about a failure: a sweep will end it.
    func discard(_ id: UploadID, _ owner: UploadOwner?) async {
        do {
            try await remove(id, owner)
        } catch {
            logger.warning("an upload could not be removed; a sweep will", metadata: ["error": "\(error)"])
        }
    }

    /// Takes a finished file out of its room and from the volume.
    func delete(_ id: UploadID, _ file: StoredFile) async throws {
        let room = try RoomName(file.room)
        try await registry.call { $0.forget(id.value, in: room) }
        try await disk.run { [store] in try store.delete(id) }
        metrics.deleted.increment()
    }
}

extension UploadEngine.Label {
    init(_ record: UploadRecord) throws {
        self.init(
            room: try RoomName(record.room), user: try UserName(record.user), isGuest: record.isGuest,
            name: record.name, sha256: record.sha256.flatMap { ContentHash($0) }, created: record.created,
            owner: record.owner)
    }
}
