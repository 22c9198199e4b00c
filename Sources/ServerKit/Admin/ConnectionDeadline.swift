import NIOCore

/// Closes its connection a fixed time after it was accepted, whatever it is doing. Bound to the channel's event loop.
final class ConnectionDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let lifetime: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ lifetime: TimeAmount) {
        self.lifetime = lifetime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: lifetime) {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }
}
