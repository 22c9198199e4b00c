import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends the connection after an answer that says `Connection: close`, and so that the answer arrives: a socket that is closed
/// with unread bytes resets the connection, and the client may lose what it was told.
/// Bound to its channel's loop.
final class LingerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        case open
        /// The head of the last answer was written.
        case answering
        /// Nothing more is said; what comes is thrown away.
        case lingering
    }

    private var state = State.open
    private var deadline: Scheduled<Void>?

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch (state, unwrapOutboundIn(data)) {
        case (.open, .head(let head)):
            if head.headerFields[.connection] == "close" { state = .answering }
            context.write(data, promise: promise)
        case (.answering, .end):
            state = .lingering
            context.writeAndFlush(data, promise: promise)
            context.close(mode: .output, promise: nil)
            deadline = context.eventLoop.assumeIsolated().scheduleTask(in: UploadLimits.lingerTimeout) {
                context.close(promise: nil)
            }
            context.read()
        case (.open, _), (.answering, _), (.lingering, _):
            context.write(data, promise: promise)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state != .lingering { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state == .lingering { context.read() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The body that nobody wanted broke off.
        if state == .lingering { context.close(promise: nil) } else { context.fireErrorCaught(error) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if state == .lingering, case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
