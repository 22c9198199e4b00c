import ChatBroker
import ChatIdentity
import ChatTesting
import ChatWire
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServerKit

@testable import ChatUpload

/// A worker in this process, and what tests ask of it.
struct RunningWorker: Sendable {
    let server: UploadServer
    let broker: InProcessBroker
    var port: Int { server.address.port }

    static func start(
        on volume: any Volume, store: InProcessBroker.Store, verifier: TokenVerifier? = nil,
        _ change: @Sendable (inout UploadSettings) -> Void = { _ in }
    ) async throws -> RunningWorker {
        let group = MultiThreadedEventLoopGroup.singleton
        var settings = UploadSettings()
        settings.listen.port = 0
        settings.allowsGuests = verifier == nil
        settings.stop = .seconds(2)
        settings.freeBytesMin = 0
        change(&settings)
        let broker = InProcessBroker(node: try .test("upload"), on: group.next(), store: store)
        let server = try await UploadServer.start(
            settings, on: volume, broker: broker,
            doorkeeper: Doorkeeper(verifier: verifier, allowsGuests: settings.allowsGuests), group: group,
            registry: MetricsRegistry(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return RunningWorker(server: server, broker: broker)
    }

    /// What the workers of one test share beside the volume.
    static func store() -> InProcessBroker.Store { .init(on: MultiThreadedEventLoopGroup.singleton.next()) }

    /// Runs `body` against one worker with a volume of its own.
    static func with(
        verifier: TokenVerifier? = nil, _ change: @Sendable (inout UploadSettings) -> Void = { _ in },
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RunningWorker, TemporaryVolume, FaultyVolume) async throws -> Void
    ) async throws {
        let temporary = try TemporaryVolume()
        let faulty = FaultyVolume(temporary.volume)
        let worker = try await start(on: faulty, store: store(), verifier: verifier, change)
        do {
            try await body(worker, temporary, faulty)
        } catch {
            await worker.server.stop()
            throw error
        }
        await worker.server.stop()
    }

    func ask(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> HTTPAnswer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body, headers["Transfer-Encoding"] == nil, headers["Content-Length"] == nil {
            text += "Content-Length: \(body.utf8.count)\r\n"
        }
        return try await HTTPAnswer.exchange(text + "\r\n" + (body ?? ""), port: port)
    }

    func tus(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> HTTPAnswer {
        var headers = headers.merging(["Tus-Resumable": "1.0.0"]) { mine, _ in mine }
        if body != nil, headers["Content-Type"] == nil { headers["Content-Type"] = "application/offset+octet-stream" }
        return try await ask(method, path, headers, body: body)
    }

    /// Creates a resumable upload by the guest ann and returns its path.
    func create(_ length: Int?, _ metadata: [String: String] = [:], token: String? = nil) async throws -> String {
        let values = ["room": "lobby", "filename": "notes.txt", "username": "ann"].merging(metadata) { $1 }
        let text = values.map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }.joined(separator: ",")
        var headers = ["Upload-Metadata": text]
        if let length { headers["Upload-Length"] = "\(length)" } else { headers["Upload-Defer-Length"] = "1" }
        if let token { headers["Authorization"] = "Bearer \(token)" }
        let answer = try await tus("POST", "/api/tus", headers)
        guard answer.status == 201, let location = answer.headers["location"] else {
            throw WireFailure("not created: \(answer)")
        }
        return location
    }

    func patch(_ path: String, at offset: Int, _ body: String) async throws -> HTTPAnswer {
        try await tus("PATCH", path, ["Upload-Offset": "\(offset)"], body: body)
    }

    /// The lines of files in the room.
    func lines(in room: String) async throws -> [FileLine] {
        let room = try RoomName(room)
        let page = try await broker.eventLoop.flatSubmit { [broker] in
            broker.history(of: room, .newest(limit: 100))
        }.get()
        return try page.entries.map { try FileLine(tail: $0.tail) }
    }

    /// A multipart form of these parts.
    static func form(_ parts: [(name: String, file: String?, text: String)]) -> (type: String, body: String) {
        let boundary = "a-boundary"
        var body = ""
        for part in parts {
            let name = part.file.map { "; filename=\"\($0)\"" } ?? ""
            body +=
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(name)\r\n\r\n\(part.text)\r\n"
        }
        return ("multipart/form-data; boundary=\(boundary)", body + "--\(boundary)--\r\n")
    }

    func post(_ parts: [(name: String, file: String?, text: String)]) async throws -> HTTPAnswer {
        let form = Self.form(parts)
        return try await ask("POST", "/api/upload", ["Content-Type": form.type], body: form.body)
    }
}

extension HTTPAnswer {
    /// A member of the JSON body.
    func member(_ name: String) -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        return (object?[name] as? String) ?? ((object?["error"] as? [String: Any])?[name] as? String)
    }
}
