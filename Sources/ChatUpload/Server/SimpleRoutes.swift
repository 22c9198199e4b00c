import HTTPTypes
import ChatBroker
import ChatIdentity
import ChatWire
import Hummingbird
import HummingbirdCore
import NIOCore

/// The two ways in that end with their request: the body is the file (`curl -T`), or a form with the file in it.
struct SimpleRoutes: Sendable {
    let engine: UploadEngine

    /// `PUT /api/rooms/{room}/files/{name}`; a guest's name may stand in the query.
    func put(
        _ request: Request, _ body: BodyReader, _ visitor: Visitor, room: String, name: String
    ) async throws -> Response {
        let room = try RoomName(room)
        guard try await visitor.allows(.write, room, in: engine.registry) else { throw Refusal.forbidden }
        guard body.length ?? 0 <= engine.settings.fileBytesMax else {
            throw Refusal.fileTooLarge(engine.settings.fileBytesMax)
        }
        let claimed = request.uri.queryParameters["username"].map { String($0) } ?? "guest"
        let user = try visitor.user(claiming: claimed)
        let label = UploadEngine.Label(
            room: room, user: user, isGuest: visitor.isGuest,
            name: FileName(name).value, created: WallClock.milliseconds(),
            owner: visitor.owner(user, bytes: body.length ?? 0))
        let id = UploadID.random()
        try await engine.reserve(id, label.owner)
        let lease = engine.began(id, label.owner, isResumable: false)
        defer { engine.running.ended(lease) }
        let writer: PartialWriter
        do {
            var receiving = engine.writer(try await engine.create(id, owner: label.owner, bytes: body.length))
            try await engine.receive(body, into: &receiving, limit: body.length ?? engine.settings.fileBytesMax)
            writer = receiving
        } catch {
            await engine.discard(id, label.owner)
            throw error
        }
        return try await finish(writer, label)
    }

    /// `POST /api/upload`.
    func postForm(_ request: Request, _ body: BodyReader, _ visitor: Visitor) async throws -> Response {
        let boundary = try MultipartBoundary(contentType: request.headers[.contentType])
        guard body.length ?? 0 <= engine.settings.fileBytesMax + FormUpload.overheadBytesMax else {
            throw Refusal.fileTooLarge(engine.settings.fileBytesMax)
        }
        var form = FormUpload(engine: engine, visitor: visitor, body: body)
        defer { form.ended() }
        let writer: PartialWriter
        let label: UploadEngine.Label
        do {
            (writer, label) = try await form.receive(boundary)
        } catch {
            await form.discard()
            throw error
        }
        return try await finish(writer, label)
    }

    private func finish(_ writer: PartialWriter, _ label: UploadEngine.Label) async throws -> Response {
        do {
            let file = try await engine.finish(writer, label)
            return answer(.created, JSONBody.uploaded(file), location: file.id)
        } catch let error as Scanner.Unanswered {
            // The client sends it again: a sweep that let it in later would have it there twice.
            await engine.discard(writer.writing.id, label.owner)
            throw error
        } catch let error as BrokerError {
            // It is committed and will be in the room as soon as the broker is back. To refuse it now would make the client
            // send it again, and the room would have it twice.
            let id = writer.writing.id
            let state = try await engine.disk.run { [engine] in try engine.store.state(of: id) }
            switch state {
            case .committed(let file), .finished(let file):
                return answer(.accepted, JSONBody.uploaded(file, status: "accepted"), location: file.id)
            case .pending, nil: throw error
            }
        }
    }

    private func answer(_ status: HTTPResponse.Status, _ body: ByteBuffer, location id: String) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .location: "/api/files/\(id)"],
            body: ResponseBody(byteBuffer: body))
    }
}
