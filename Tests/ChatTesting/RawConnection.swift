import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A connection that a test writes bytes to as it likes, and whose answers it looks at as text.
public final class RawConnection: Sendable {
    private let channel: any Channel
    private let state: NIOLockedValueBox<State>

    private struct State {
        var text = ""
        var isClosed = false
    }

    private init(_ channel: any Channel, _ state: NIOLockedValueBox<State>) {
        self.channel = channel
        self.state = state
    }

    public static func connect(port: Int) async throws -> RawConnection {
        let state = NIOLockedValueBox(State())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(state))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel, state)
    }

    public func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Without waiting for the peer to take it.
    public func push(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    public func close() { channel.close(promise: nil) }

    /// Everything that came.
    public var text: String { state.withLockedValue { $0.text } }
    /// The peer says nothing more.
    public var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    /// Waits until the answers hold the text.
    public func expect(_ wanted: String) async throws {
        try await eventually("the answer has '\(wanted)': \(text)") { text.contains(wanted) }
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let state: NIOLockedValueBox<State>

        init(_ state: NIOLockedValueBox<State>) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            state.withLockedValue { $0.text += text }
        }

        func channelInactive(context: ChannelHandlerContext) { state.withLockedValue { $0.isClosed = true } }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed? = event as? ChannelEvent { state.withLockedValue { $0.isClosed = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
