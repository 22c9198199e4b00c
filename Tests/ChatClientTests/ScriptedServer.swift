import ChatWire
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket server that does what a test says: it hands out its connections, and each says what came.
final class ScriptedServer: Sendable {
    let connections: AsyncStream<ScriptedPeer>
    let port: Int
    private let channel: any Channel

    /// - Parameter port: 0 for any; a test that comes back names the one it had.
    init(port: Int = 0) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: ScriptedPeer.self)
        connections = stream
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let upgrader = NIOWebSocketServerUpgrader(
                    maxFrameSize: 1 << 20,
                    shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
                    upgradePipelineHandler: { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            let (frames, sink) = AsyncStream.makeStream(of: ClientFrame.self)
                            try channel.pipeline.syncOperations.addHandler(PeerHandler(sink))
                            continuation.yield(ScriptedPeer(channel: channel, frames: frames))
                        }
                    })
                return channel.pipeline.configureHTTPServerPipeline(
                    withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    /// The next connection, upgraded.
    func accept() async throws -> ScriptedPeer {
        try await within("a connection") { [connections] in
            var iterator = connections.makeAsyncIterator()
            return await iterator.next()
        }
    }

    func stop() async throws { try await channel.close() }
}

/// One connection of a ``ScriptedServer``.
struct ScriptedPeer: Sendable {
    let channel: any Channel
    let frames: AsyncStream<ClientFrame>

    /// The next frame that the client sent.
    func next() async throws -> ClientFrame {
        try await within("a frame") { [frames] in
            var iterator = frames.makeAsyncIterator()
            return await iterator.next()
        }
    }

    func send(_ frame: ServerFrame) {
        var text = ByteBuffer()
        frame.encode(into: &text)
        send(text: text)
    }

    func send(text: ByteBuffer) { write(WebSocketFrame(fin: true, opcode: .text, data: text)) }

    func write(_ frame: WebSocketFrame) { channel.writeAndFlush(frame, promise: nil) }

    func close(_ code: CloseCode) {
        write(WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(integer: code.rawValue)))
    }

    /// Ends the connection without a word.
    func drop() { channel.close(promise: nil) }

    /// Answers `hello` and one `join` of the lobby.
    @discardableResult
    func greet(_ messages: [Entry] = [], at last: Int = 0, resume: String = "secret") async throws -> ClientFrame.Hello
    {
        guard case .hello(let hello) = try await next() else { throw Unexpected() }
        send(.welcome(welcomeFrame(resume: resume)))
        try await answerJoin(messages, at: last)
        return hello
    }

    @discardableResult
    func answerJoin(_ messages: [Entry] = [], at last: Int = 0) async throws -> ClientFrame.Join {
        guard case .join(let join) = try await next() else { throw Unexpected() }
        send(.joined(joinedFrame(messages, at: last, room: join.room, ref: join.ref)))
        return join
    }

    /// The next frame, which is a `send`.
    func nextSend() async throws -> ClientFrame.Send {
        guard case .send(let send) = try await next() else { throw Unexpected() }
        return send
    }
}

struct Unexpected: Error {}

/// Turns the client's frames into a sequence.
private final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    private let sink: AsyncStream<ClientFrame>.Continuation

    init(_ sink: AsyncStream<ClientFrame>.Continuation) { self.sink = sink }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            if let frame = try? ClientFrame.decode(frame.unmaskedData) { sink.yield(frame) }
        case .connectionClose:
            context.close(promise: nil)
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) { sink.finish() }
}

/// Waits for a fact, at most ten seconds.
func within<Value: Sendable>(
    _ what: String, _ body: @escaping @Sendable () async throws -> Value?
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: .seconds(10))
            throw Late(what: what)
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() ?? nil else { throw Late(what: what) }
        return value
    }
}

struct Late: Error {
    var what: String
}
