import Crypto
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import ChatClient

/// An upload service in memory, which does to a request what a test tells it to.
final class FakeFileServer: Sendable {
    enum Fault: Sendable {
        /// Answers at once, without reading a body.
        case status(Int, [String: String] = [:])
        /// Takes so many bytes of the body, then closes without an answer.
        case cut(after: Int)
        /// Sends so many bytes of the answer's body, then closes.
        case cutAnswer(after: Int)
        /// Takes everything and says nothing.
        case silence
        /// Sends the file with its first byte changed.
        case lie
    }

    struct Stored: Sendable {
        var name = ""
        var bytes: [UInt8] = []
        var length = 0
        var isWhole: Bool { bytes.count == length }
        var sha256: String { SHA256.hash(data: bytes).hex }
    }

    struct State: Sendable {
        var stored: [String: Stored] = [:]
        var order: [String] = []
        var faults: [(method: HTTPMethod, path: String, fault: Fault)] = []
        var requests: [HTTPRequestHead] = []
        /// Uploads that are whole become files only when somebody asks for their end with an empty PATCH.
        var needsPush = false
        var pushed: Set<String> = []
    }

    let state = NIOLockedValueBox(State())
    let port: Int
    private let channel: any Channel

    init() async throws {
        let state = state
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }

    /// The next request with the method, and with `path` in its path, meets the fault.
    func next(_ method: HTTPMethod, _ fault: Fault, at path: String = "") {
        state.withLockedValue { $0.faults.append((method, path, fault)) }
    }

    /// Uploads become files only when they are asked for their end.
    func waitForPush() { state.withLockedValue { $0.needsPush = true } }

    func add(_ id: String, name: String, bytes: [UInt8]) {
        state.withLockedValue { state in
            state.stored[id] = Stored(name: name, bytes: bytes, length: bytes.count)
            state.order.append(id)
        }
    }

    func requests(_ method: HTTPMethod) -> [HTTPRequestHead] {
        state.withLockedValue { $0.requests.filter { $0.method == method } }
    }

    var files: [Stored] { state.withLockedValue { state in state.order.compactMap { state.stored[$0] } } }
}

/// One connection. It belongs to its event loop.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: NIOLockedValueBox<FakeFileServer.State>
    private var head: HTTPRequestHead?
    private var fault: FakeFileServer.Fault?
    private var taken = 0
    private var isOver = false

    init(_ state: NIOLockedValueBox<FakeFileServer.State>) { self.state = state }

    private var id: String { head?.uri.split(separator: "/").last.map(String.init) ?? "" }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            fault = state.withLockedValue { state in
                state.requests.append(head)
                guard
                    let index = state.faults.firstIndex(where: {
                        $0.method == head.method && ($0.path.isEmpty || head.uri.contains($0.path))
                    })
                else { return nil }
                return state.faults.remove(at: index).fault
            }
            if case .status(let status, let headers) = fault {
                answer(context, status, headers, #"{"error":{"code":"scripted","message":"Scripted \#(status)."}}"#)
            } else if head.method == .PATCH, !isPatchAllowed(head) {
                answer(context, 409)
            }
        case .body(let body):
            take(context, Array(body.readableBytesView))
        case .end:
            if case .silence = fault { return }
            respond(context)
        }
    }

    private func isPatchAllowed(_ head: HTTPRequestHead) -> Bool {
        let have = state.withLockedValue { $0.stored[id]?.bytes.count }
        return have.map { head.headers.first(name: "Upload-Offset") == "\($0)" } ?? true
    }

    private func take(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        var bytes = bytes[...]
        if case .cut(let after) = fault { bytes = bytes.prefix(max(0, after - taken)) }
        taken += bytes.count
        state.withLockedValue { $0.stored[id]?.bytes.append(contentsOf: bytes) }
        if case .cut(let after) = fault, taken >= after {
            isOver = true
            context.close(promise: nil)
        }
    }

    private func respond(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let stored = state.withLockedValue { $0.stored[id] }
        switch (head.method, head.uri.hasPrefix("/api/tus")) {
        case (.POST, true):
            let length = head.headers.first(name: "Upload-Length").flatMap { Int($0) } ?? 0
            let id = state.withLockedValue { state in
                let id = "up\(state.order.count)"
                state.stored[id] = .init(name: head.headers.first(name: "Upload-Metadata") ?? "", length: length)
                state.order.append(id)
                return id
            }
            answer(context, 201, ["Location": "/api/tus/\(id)"])
        case (.HEAD, true), (.PATCH, true):
            guard let stored else { return answer(context, 404) }
            if head.method == .PATCH, taken == 0 { _ = state.withLockedValue { $0.pushed.insert(id) } }
            answer(
                context, head.method == .PATCH ? 204 : 200,
                ["Upload-Offset": "\(stored.bytes.count)", "Upload-Length": "\(stored.length)"])
        case (.GET, false) where head.uri.contains("/rooms/"):
            answer(context, 200, [:], list(head.uri))
        case (.GET, false), (.HEAD, false):
            let isHidden = state.withLockedValue { $0.needsPush && !$0.pushed.contains(id) }
            guard let stored, stored.isWhole, !isHidden else { return answer(context, 404) }
            download(context, head, stored)
        default:
            answer(context, 405)
        }
    }

    /// Two a page, so that paging is seen.
    private func list(_ uri: String) -> String {
        let before = uri.split(separator: "&").first { $0.hasPrefix("before=") }?.dropFirst(7)
        return state.withLockedValue { state in
            let newest = state.order.reversed()
            let rest = before.map { id in newest.drop { $0 != id }.dropFirst() } ?? newest[...]
            let files = rest.prefix(2).compactMap { id in
                state.stored[id].map {
                    #"{"id":"\#(id)","name":"\#($0.name)","bytes":\#($0.length),"sha256":"\#($0.sha256)"}"#
                }
            }
            return #"{"files":[\#(files.joined(separator: ","))],"more":\#(rest.count > 2)}"#
        }
    }

    private func download(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ stored: FakeFileServer.Stored) {
        var bytes = stored.bytes[...]
        var headers = ["ETag": "\"\(stored.sha256)\""]
        var status = 200
        if let range = head.headers.first(name: "Range"), let from = Int(range.dropFirst(6).dropLast()) {
            guard from < bytes.count else { return answer(context, 416) }
            if head.headers.first(name: "If-Range") == headers["ETag"] {
                headers["Content-Range"] = "bytes \(from)-\(bytes.count - 1)/\(bytes.count)"
                bytes = bytes[from...]
                status = 206
            }
        }
        headers["Content-Length"] = "\(bytes.count)"
        if case .lie = fault, let first = bytes.first { bytes[bytes.startIndex] = first &+ 1 }
        if case .cutAnswer(let after) = fault { bytes = bytes.prefix(after) }
        write(context, status, headers)
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        if case .cutAnswer = fault {
            context.flush()
            context.close(promise: nil)
            return
        }
        end(context)
    }

    private func answer(
        _ context: ChannelHandlerContext, _ status: Int, _ headers: [String: String] = [:], _ body: String = ""
    ) {
        write(
            context, status, status == 204 ? headers : headers.merging(["Content-Length": "\(body.utf8.count)"]) { $1 })
        if !body.isEmpty, head?.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        }
        end(context)
    }

    private func write(_ context: ChannelHandlerContext, _ status: Int, _ headers: [String: String]) {
        var all = HTTPHeaders(headers.map { ($0.key, $0.value) })
        all.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: all)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func end(_ context: ChannelHandlerContext) {
        isOver = true
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
