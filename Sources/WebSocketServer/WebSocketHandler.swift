import NIOCore

/// The whole pipeline of an upgraded connection: passes what the channel says on to the connection, and holds reads back
/// while the connection does not want any. Confined to its channel's loop.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let connection: WebSocketConnection

    init(_ connection: WebSocketConnection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.attached(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.detached()
    }

    func read(context: ChannelHandlerContext) {
        if connection.wantsRead { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        connection.readCompleted()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        connection.writabilityChanged(isWritable: context.channel.isWritable)
    }

    /// A reset by the peer and the like: the channel closes itself, and that is what the delegate hears.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
