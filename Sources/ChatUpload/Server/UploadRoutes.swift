import HTTPTypes
import ServerKit
import ChatBroker
import ChatIdentity
import ChatWire
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import WebSocketServer

/// A request with the connection that it came over.
struct UploadContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// Everything under `/api/`: finds the request's place, and makes an answer of whatever comes of it.
struct UploadRoutes: HTTPResponder {
    let engine: UploadEngine
    let doorkeeper: Doorkeeper
    /// Whether the volume is the one that it must be.
    let volume: VolumeWatch
    /// The worker takes nothing new any more.
    let isDraining: @Sendable () -> Bool

    func respond(to request: Request, context: UploadContext) async throws -> Response {
        let body = BodyReader(request, channel: context.channel)
        var response: Response
        do {
            guard !isDraining() else { throw Refusal.draining }
            guard request.headers[.invalidHost] == nil else { throw Refusal.invalid("Send one Host header.") }
            if let problem = volume.identityProblem { throw VolumeError(.gone, problem) }
            response = try await answer(request, body, from: client(of: request, context))
        } catch let error as HTTPParserError {
            // The server answers what is no HTTP with 400 and closes.
            throw error
        } catch {
            response = refused(await cause(of: error))
        }
        engine.metrics.requests.increment()
        if request.uri.path.hasPrefix(Self.tusPrefix) { response.headers[.tusResumable] = TusHeaders.version }
        // What was not read would be taken for the next request.
        if !body.isAtEnd || isDraining() { response.headers[.connection] = "close" }
        return response
    }

    private static let tusPrefix = "/api/tus"

    /// The client behind the proxies that are trusted, as limits count it.
    private func client(of request: Request, _ context: UploadContext) -> String {
        guard let peer = context.channel.remoteAddress else { return "" }
        let hops = request.headers[values: .forwardedFor].flatMap { $0.split(separator: ",") }
            .map { Substring($0.trimmingCharacters(in: .whitespaces)) }
        let client = engine.settings.proxies.client(behind: peer, forwardedFor: hops)
        return ClientAddress(client)?.description ?? ""
    }

    /// What is not found, or in another's hands, may be away with its volume, which must not be told as if it had never been.
    private func cause(of error: any Error) async -> any Error {
        guard error is UploadStore.Failure || (error as? Refusal)?.code == Refusal.notFound.code else { return error }
        do {
            try await engine.disk.run { [engine] in try engine.store.checkVolume() }
            return error
        } catch {
            return error
        }
    }

    private func refused(_ error: any Error) -> Response {
        let refusal = Refusal(error)
        let error = refusal.cause ?? error
        if error is SlowSender { engine.metrics.tooSlow.increment() }
        if error is VolumeError { engine.metrics.volumeErrors.increment() }
        if case UploadStore.Failure.lost = error { engine.metrics.damaged.increment() }
        if refusal.status.code >= 500 {
            engine.metrics.failed.increment()
            // A worker that stops says 503 to all: nothing failed.
            if !isDraining() || refusal.status != .serviceUnavailable {
                engine.logger.warning(
                    "a request failed", metadata: ["status": "\(refusal.status.code)", "error": "\(error)"])
            }
        } else {
            engine.metrics.refused.increment()
        }
        return refusal.response
    }

    private func answer(
        _ request: Request, _ body: BodyReader, from client: String
    ) async throws -> Response {
        guard let method = Method(request) else { throw Refusal.notHere }
        let parts = try Self.parts(of: request.uri.path)
        guard parts.first == "api" else { throw Refusal.notHere }
        let visitor = {
            try doorkeeper.visitor(request, from: client, now: Int(WallClock.milliseconds() / 1000))
        }
        let downloads = DownloadRoutes(engine: engine)
        let uploads = SimpleRoutes(engine: engine)
        let tus = TusRoutes(engine: engine)
        switch (parts.count, parts.dropFirst().first) {
        case (2, "upload"):
            guard method == .post else { throw Refusal.methodNotAllowed("POST") }
            return try await uploads.postForm(request, body, try visitor())
        case (5, "rooms") where parts[3] == "files":
            guard method == .put else { throw Refusal.methodNotAllowed("PUT") }
            return try await uploads.put(request, body, try visitor(), room: parts[2], name: parts[4])
        case (4, "rooms") where parts[3] == "files":
            guard method == .get || method == .head else { throw Refusal.methodNotAllowed("GET, HEAD") }
            return try await downloads.list(request, try visitor(), room: parts[2], isHead: method == .head)
        case (3, "files"):
            switch method {
            case .get, .head:
                return try await downloads.get(request, try visitor(), id: parts[2], isHead: method == .head)
            case .delete: return try await downloads.delete(request, try visitor(), id: parts[2])
            default: throw Refusal.methodNotAllowed("GET, HEAD, DELETE")
            }
        case (2, "tus"), (3, "tus"):
            return try await tus.answer(method, request, body, visitor, id: parts.count == 3 ? parts[2] : nil)
        default:
            throw Refusal.notHere
        }
    }

    enum Method {
        case get, head, post, put, patch, delete, options

        init?(_ request: Request) {
            var name = request.method.rawValue
            // For clients that cannot send PATCH or DELETE (tus 1.0.0).
            if name == "POST", let override = request.headers[.methodOverride] { name = override.uppercased() }
            switch name {
            case "GET": self = .get
            case "HEAD": self = .head
            case "POST": self = .post
            case "PUT": self = .put
            case "PATCH": self = .patch
            case "DELETE": self = .delete
            case "OPTIONS": self = .options
            default: return nil
            }
        }
    }

    /// The path's segments, their escapes resolved; an empty last one, as of `/api/tus/`, is none.
    static func parts(of path: String) throws -> [String] {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if segments.last?.isEmpty == true { segments.removeLast() }
        return try segments.map { segment in
            guard let text = segment.removingPercentEncoding else {
                throw Refusal.invalid("The path has a broken escape.")
            }
            return text
        }
    }
}
