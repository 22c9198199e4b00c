import HTTPTypes
import ServerKit
import ChatBroker
import ChatIdentity
import ChatWire
import Hummingbird
import HummingbirdCore
import NIOCore

/// Files out: their bytes, the list of a room, and their end. Whoever may not read a room is told what is told of a file that never was.
struct DownloadRoutes: Sendable {
    let engine: UploadEngine

    /// `GET /api/rooms/{room}/files`, a page of `limit` after the id `before`.
    func list(_ request: Request, _ visitor: Visitor, room: String, isHead: Bool) async throws -> Response {
        let room = try RoomName(room)
        guard try await visitor.allows(.read, room, in: engine.registry) else { throw Refusal.forbidden }
        let query = request.uri.queryParameters
        var limit = UploadLimits.pageFilesDefault
        if let text = query["limit"] {
            guard let number = Int(text), (1...UploadLimits.pageFilesMax).contains(number) else {
                throw Refusal.invalid("'limit' is 1 to \(UploadLimits.pageFilesMax).")
            }
            limit = number
        }
        let before = query["before"].map { UploadID($0) }
        if case .some(nil) = before { throw Refusal.invalid("'before' is the id of a file.") }
        let (after, count) = (before??.value, limit)
        let page = try await engine.registry.call { $0.files(of: room, before: after, limit: count) }
        let json = JSONBody.list(page, of: room)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store", .contentLength: "\(json.readableBytes)",
            ],
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: json))
    }

    /// `GET` and `HEAD /api/files/{id}`.
    func get(_ request: Request, _ visitor: Visitor, id text: String, isHead: Bool) async throws -> Response {
        let (id, file) = try await find(text, visitor)
        let tag = EntityTag(strong: file.sha256)
        let conditions = Conditionals(
            ifMatch: request.headers[.ifMatch], ifNoneMatch: request.headers[.ifNoneMatch],
            ifRange: request.headers[.ifRange])
        switch conditions.outcome(for: tag, isRead: true) {
        case .notModified: return Response(status: .notModified, headers: Self.cacheHeaders(tag))
        case .failed: throw Refusal(.preconditionFailed, "conflict", "The file is another one.")
        case .proceed: break
        }
        var headers = Self.headers(of: file, tag)
        if let prefix = engine.settings.accelPrefix {
            headers[.accelRedirect] = "\(prefix)/\(Layout.content(id))"
            return Response(status: .ok, headers: headers)
        }
        let size = Int64(file.bytes)
        // Range is defined for GET only (RFC 9110 section 14.2).
        let range = ByteRange.requested(
            !isHead && conditions.allowsRange(of: tag) ? request.headers[.range] : nil, size: size)
        headers[.contentRange] = range.contentRange(size: size)
        let content = try await engine.disk.run { [engine] in try engine.store.openContent(id, file) }
        switch range {
        case .unsatisfiable:
            throw Refusal(
                .rangeNotSatisfiable, "invalid_request", "The file has \(size) bytes.",
                headers: [.contentRange: "bytes */\(size)"])
        case .whole: return response(.ok, headers, content, 0..<file.bytes, isHead)
        case .part(let part):
            return response(.partialContent, headers, content, Int(part.lowerBound)..<Int(part.upperBound), isHead)
        }
    }

    /// `DELETE /api/files/{id}`.
    func delete(_ request: Request, _ visitor: Visitor, id text: String) async throws -> Response {
        let (id, file) = try await find(text, visitor)
        guard visitor.mayDelete(file) else { throw Refusal.forbidden }
        try await engine.delete(id, file)
        return Response(status: .noContent)
    }

    private func find(_ text: String, _ visitor: Visitor) async throws -> (UploadID, StoredFile) {
        guard let id = UploadID(text),
            let file = try await engine.disk.run({ [engine] in try engine.store.finishedFile(id) }),
            try await visitor.allows(.read, try RoomName(file.room), in: engine.registry)
        else { throw Refusal.notFound }
        return (id, file)
    }

    private func response(
        _ status: HTTPResponse.Status, _ headers: HTTPFields, _ content: any VolumeFile, _ range: Range<Int>,
        _ isHead: Bool
    ) -> Response {
        var headers = headers
        headers[.contentLength] = "\(range.count)"
        guard !isHead else { return Response(status: status, headers: headers) }
        let sender = FileSender(content: content, disk: engine.disk, metrics: engine.metrics)
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: range.count) { writer in try await sender.send(range, to: &writer) })
    }

    private static func headers(of file: StoredFile, _ tag: EntityTag) -> HTTPFields {
        let type = MediaType(rawValue: file.mediaType) ?? .other
        var headers = cacheHeaders(tag)
        headers[.contentType] = type.rawValue
        headers[.contentDisposition] =
            ContentDisposition(kind: type.isInline ? .inline : .attachment, name: FileName(file.name)).description
        headers[.acceptRanges] = "bytes"
        headers[.contentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        return headers
    }

    /// Who may read a file may change: a cache asks each time, which costs nothing but the question.
    private static func cacheHeaders(_ tag: EntityTag) -> HTTPFields {
        [.eTag: tag.description, .cacheControl: "private, no-cache"]
    }
}

/// Sends a part of a file: the next chunk is read while the one before is on its way.
private struct FileSender: Sendable {
    let content: any VolumeFile
    let disk: DiskThreads
    let metrics: UploadMetrics

    func send(_ range: Range<Int>, to writer: inout any ResponseBodyWriter) async throws {
        metrics.downloads.add(1)
        defer { metrics.downloads.add(-1) }
        var next = read(range.lowerBound, range)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let chunk = try await next.value
            // Only a damaged file is shorter than its record: cut the answer, so that nobody takes it for whole.
            guard chunk.readableBytes > 0 else { throw UploadStore.Failure.lost }
            offset += chunk.readableBytes
            if offset < range.upperBound { next = read(offset, range) }
            metrics.sent.increment(by: chunk.readableBytes)
            try await writer.write(chunk)
        }
        try await writer.finish(nil)
    }

    private func read(_ offset: Int, _ range: Range<Int>) -> DiskWork<ByteBuffer> {
        let count = min(UploadLimits.readBytes, range.upperBound - offset)
        return disk.begin { [content] in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            _ = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                try content.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: offset)
            }
            return buffer
        }
    }
}
