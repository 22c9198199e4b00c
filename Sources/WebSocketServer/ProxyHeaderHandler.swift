import NIOCore

/// Takes the PROXY header off a connection from a trusted peer, then leaves the pipeline. Confined to its channel's loop.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let received: (ProxyHeader) -> Void
    private var buffer = ByteBuffer()
    private var isMalformed = false

    /// - Parameter received: Called once, before any byte after the header is passed on.
    init(received: @escaping (ProxyHeader) -> Void) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isMalformed else { return }
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        do {
            guard let header = try ProxyHeader.read(from: &buffer) else { return }
            received(header)
            let rest = buffer
            // First the bytes: a handler that is out of the pipeline passes nothing on.
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            isMalformed = true
            context.fireErrorCaught(error)
        }
    }
}
