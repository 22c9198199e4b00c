import HTTPTypes
import ServerKit
import ChatBroker
import ChatIdentity
import ChatWire
import Crypto
import Hummingbird
import HummingbirdCore
import NIOCore

/// tus 1.0.0 at `/api/tus`: core, creation, creation-with-upload, creation-defer-length, termination, checksum, expiration.
struct TusRoutes: Sendable {
    let engine: UploadEngine
    private static let extensions =
        "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"
    private static let contentType = "application/offset+octet-stream"

    func answer(
        _ method: UploadRoutes.Method, _ request: Request, _ body: BodyReader, _ visitor: () throws -> Visitor,
        id text: String?
    ) async throws -> Response {
        if method == .options { return options() }
        guard TusHeaders.isSupported(version: request.headers[.tusResumable]) else {
            throw Refusal(
                .preconditionFailed, "unsupported", "Send Tus-Resumable: \(TusHeaders.version).",
                headers: [.tusVersion: TusHeaders.version])
        }
        let visitor = try visitor()
        guard let text else {
            guard method == .post else { throw Refusal.methodNotAllowed("OPTIONS, POST") }
            return try await create(request, body, visitor)
        }
        guard let id = UploadID(text) else { throw Refusal.notFound }
        switch method {
        case .head: return try await head(id, visitor)
        case .patch: return try await patch(id, request, body, visitor)
        case .delete: return try await terminate(id, visitor)
        case .get, .post, .put, .options: throw Refusal.methodNotAllowed("OPTIONS, HEAD, PATCH, DELETE")
        }
    }

    private func options() -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusVersion: TusHeaders.version, .tusExtension: Self.extensions,
                .tusMaxSize: "\(engine.settings.fileBytesMax)", .tusChecksumAlgorithm: TusHeaders.checksumAlgorithms,
            ])
    }

    private func create(_ request: Request, _ body: BodyReader, _ visitor: Visitor) async throws -> Response {
        guard request.headers[.uploadConcat] == nil else {
            throw Refusal.invalid("Upload-Concat is of the extension 'concatenation', which is not offered.")
        }
        let length = try TusHeaders.creationLength(
            length: request.headers[.uploadLength], deferLength: request.headers[.uploadDeferLength])
        let metadata = try UploadMetadata(request.headers[.uploadMetadata])
        let checksum = try request.headers[.uploadChecksum].map { header in try UploadChecksum(header) }
        guard let roomText = metadata["room"] else { throw Refusal.invalid("Upload-Metadata has no 'room'.") }
        let room = try RoomName(roomText)
        guard try await visitor.allows(.write, room, in: engine.registry) else { throw Refusal.forbidden }
        let user = try visitor.user(claiming: metadata["username"])
        if let text = metadata["sha256"], ContentHash(text) == nil {
            throw Refusal.invalid("'sha256' in Upload-Metadata is 64 hexadecimal digits.")
        }
        if !body.isAtEnd, request.headers[.contentType] != Self.contentType { throw Self.wrongType }
        let bytes: Int? = if case .known(let bytes) = length { Int(bytes) } else { nil }
        guard bytes ?? 0 <= engine.settings.fileBytesMax else {
            throw Refusal.fileTooLarge(engine.settings.fileBytesMax)
        }
        let record = UploadRecord(
            room: room.value, user: user.value, isGuest: visitor.isGuest,
            name: FileName(metadata["filename"] ?? "file").value, bytes: bytes, sha256: metadata["sha256"],
            created: WallClock.milliseconds(), reserved: bytes ?? 0, address: visitor.address)
        let id = UploadID.random()
        try await engine.reserve(id, record.owner)
        let writing: Writing
        do {
            writing = try await engine.create(id, record, bytes: bytes)
        } catch {
            await engine.discard(id, record.owner)
            throw error
        }
        let lease = engine.began(id, record.owner, isResumable: true)
        defer { engine.running.ended(lease) }
        await engine.keep(id, record.owner)
        let offset = try await write(writing, after: nil, record, checksum, body)
        return Response(status: .created, headers: headers(offset: offset, record, location: id))
    }

    private func head(_ id: UploadID, _ visitor: Visitor) async throws -> Response {
        let found = try await find(id, visitor)
        var headers = headers(offset: found.offset, found.record)
        headers[.cacheControl] = "no-store"
        headers[.uploadMetadata] = nil
        return Response(status: .ok, headers: headers)
    }

    private func patch(
        _ id: UploadID, _ request: Request, _ body: BodyReader, _ visitor: Visitor
    ) async throws -> Response {
        guard request.headers[.contentType] == Self.contentType else { throw Self.wrongType }
        let offset = Int(try TusHeaders.offset(request.headers[.uploadOffset]))
        let checksum = try request.headers[.uploadChecksum].map { header in try UploadChecksum(header) }
        var found = try await find(id, visitor)
        guard offset == found.offset else { throw UploadStore.Failure.wrongOffset(found.offset) }
        if found.isWhole { return Response(status: .noContent, headers: headers(offset: offset, found.record)) }
        if let header = request.headers[.uploadLength] {
            found.record = try await setLength(Int(try TusHeaders.length(header)), of: id, found.record)
        }
        let lease = engine.began(id, found.record.owner, isResumable: true)
        defer { engine.running.ended(lease) }
        let (writing, before) = try await engine.disk.run { [engine] in try engine.store.takeOver(id, at: offset) }
        if writing.claim.turn > 1 { engine.metrics.resumed.increment() }
        let end = try await write(writing, after: before, found.record, checksum, body)
        return Response(status: .noContent, headers: headers(offset: end, found.record))
    }

    private func terminate(_ id: UploadID, _ visitor: Visitor) async throws -> Response {
        let found = try await find(id, visitor)
        guard !found.isWhole else { throw Refusal.busy }
        try await engine.remove(id, found.record.owner)
        return Response(status: .noContent)
    }

    private static let wrongType = Refusal(
        .unsupportedMediaType, "unsupported", "Send Content-Type: \(contentType).")

    private func headers(offset: Int, _ record: UploadRecord, location id: UploadID? = nil) -> HTTPFields {
        var headers: HTTPFields = [.uploadOffset: "\(offset)"]
        if let bytes = record.bytes { headers[.uploadLength] = "\(bytes)" } else { headers[.uploadDeferLength] = "1" }
        if let id { headers[.location] = "/api/tus/\(id)" }
        if record.bytes != offset {
            let end = Int64(WallClock.milliseconds() / 1000) + Int64(engine.settings.expireSeconds)
            headers[.uploadExpires] = HTTPDate(unixSeconds: end).description
        }
        return headers
    }
}

extension TusRoutes {
    /// An upload as its owner sees it.
    private struct Found {
        var record: UploadRecord
        var offset: Int
        /// Every byte is there, and the file is finished.
        var isWhole: Bool
    }

    /// Finds an upload, and takes the steps that are left of one whose every byte is there.
    private func find(_ id: UploadID, _ visitor: Visitor) async throws -> Found {
        switch try await engine.disk.run({ [engine] in try engine.store.state(of: id) }) {
        case nil: throw Refusal.notFound
        case .pending(let record, let offset, let isSealed):
            try await check(record, visitor)
            guard isSealed || record.bytes == offset else {
                return Found(record: record, offset: offset, isWhole: false)
            }
            return Self.whole(
                try await saying(offset) {
                    try await engine.finishWhole(id, record, offset: offset, isSealed: isSealed)
                })
        case .committed(let file):
            try await check(Self.record(of: file), visitor)
            try await saying(file.bytes) { try await engine.settle(id, file) }
            return Self.whole(file)
        case .finished(let file):
            try await check(Self.record(of: file), visitor)
            return Self.whole(file)
        }
    }

    /// An upload whose every byte is there and that cannot be finished now still has its offset, which the answer says.
    private func saying<Value>(_ offset: Int, _ finish: () async throws -> Value) async throws -> Value {
        do {
            return try await finish()
        } catch {
            var refusal = Refusal(error)
            guard refusal.status.code >= 503 else { throw error }
            refusal.headers[.uploadOffset] = "\(offset)"
            refusal.headers[.uploadLength] = "\(offset)"
            refusal.cause = error
            throw refusal
        }
    }

    /// Not yours, or not your room any more, is told as if it were not there.
    private func check(_ record: UploadRecord, _ visitor: Visitor) async throws {
        guard visitor.owns(record),
            try await visitor.allows(.write, try RoomName(record.room), in: engine.registry)
        else { throw Refusal.notFound }
    }

    private static func record(of file: StoredFile) -> UploadRecord {
        UploadRecord(
            room: file.room, user: file.user, isGuest: file.isGuest, name: file.name, bytes: file.bytes,
            sha256: file.sha256, created: file.created)
    }

    private static func whole(_ file: StoredFile) -> Found {
        Found(record: record(of: file), offset: file.bytes, isWhole: true)
    }

    private func setLength(_ bytes: Int, of id: UploadID, _ record: UploadRecord) async throws -> UploadRecord {
        if let known = record.bytes {
            guard known == bytes else { throw Refusal.invalid("Upload-Length was said before.") }
            return record
        }
        guard bytes <= engine.settings.fileBytesMax else { throw Refusal.fileTooLarge(engine.settings.fileBytesMax) }
        var record = record
        record.bytes = bytes
        let changed = record
        try await engine.disk.run { [engine] in try engine.store.write(changed, of: id) }
        return record
    }

    /// Receives a body into the upload, and finishes it where that was the last one.
    /// - Returns: where the upload ends now.
    private func write(
        _ writing: Writing, after before: WriterClaim?, _ record: UploadRecord, _ checksum: UploadChecksum?,
        _ body: BodyReader
    ) async throws -> Int {
        let end = record.bytes ?? engine.settings.fileBytesMax
        guard writing.offset + (body.length ?? 0) <= end else { throw Refusal.longerThanSaid }
        var writer = engine.writer(writing, after: before, check: checksum.map(UploadChecksum.Check.init))
        try await engine.receive(body, into: &writer, limit: end)
        if let check = writer.digests.check, !check.isMatch() {
            try await engine.disk.run { [engine] in
                // Whoever took over has bytes of its own behind these.
                try engine.store.check(writing)
                try writing.file.truncate(to: writing.offset)
            }
            throw Refusal(.checksumMismatch, "checksum_mismatch", "The bytes are not those of Upload-Checksum.")
        }
        if writer.end == record.bytes {
            _ = try await engine.finish(writer, try UploadEngine.Label(record))
        } else if let hash = writer.digests.sha256 {
            engine.hashes.put(writing.claim, offset: writer.end, hash)
        }
        return writer.end
    }
}
