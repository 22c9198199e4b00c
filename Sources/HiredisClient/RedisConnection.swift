import NIOCore

/// Hears what one connection has. Called on the connection's event loop.
protocol RedisConnectionReceiver: AnyObject {
    /// Replies in order; those before an error are handed over first.
    func received(_ replies: [RESPValue], from connection: RedisConnection)
    /// The socket has nothing more to read for now: the messages since the last call, in order.
    func received(_ messages: [ChannelMessage], from connection: RedisConnection)
    /// The connection ended or is of no more use; it is told once.
    func ended(_ connection: RedisConnection, because error: RedisError)
}

/// One socket to a server: the last handler of its pipeline, with the parser. Bound to the channel's event loop.
final class RedisConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let sink: ReplySink
    private var reader: ReplyReader
    private weak let receiver: (any RedisConnectionReceiver)?
    private var channel: (any Channel)?
    /// Nothing more comes from here.
    private(set) var hasEnded = false

    init(sink: ReplySink, limits: RedisLimits, receiver: any RedisConnectionReceiver) throws(RedisError) {
        self.sink = sink
        self.receiver = receiver
        reader = try ReplyReader(sink: sink, limits: limits)
    }

    /// Hands bytes to the socket; whether they arrive shows in the replies.
    func write(_ buffer: ByteBuffer) {
        channel?.writeAndFlush(buffer, promise: nil)
    }

    /// Completes when the socket is closed.
    func closed() -> EventLoopFuture<Void>? { channel?.closeFuture }

    /// Closes the socket without telling the receiver.
    func close() {
        hasEnded = true
        channel?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func handlerRemoved(context: ChannelHandlerContext) { channel = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        var replies: [RESPValue] = []
        var failure: RedisError?
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            do throws(RedisError) { try reader.feed(bytes, replies: &replies) } catch { failure = error }
        }
        if !replies.isEmpty { receiver?.received(replies, from: self) }
        if let failure { end(because: failure) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let messages = sink.takeMessages()
        guard !messages.isEmpty, !hasEnded else { return }
        receiver?.received(messages, from: self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(because: RedisError(.disconnected, "The server closed the connection."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(because: RedisError(.disconnected, "The connection failed.", cause: error))
    }

    private func end(because error: RedisError) {
        guard !hasEnded else { return }
        close()
        receiver?.ended(self, because: error)
    }
}
