import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Somebody wants the body of the request whose client waits for `100 Continue`.
struct ContinueWanted: Sendable {}

/// Answers `Expect: 100-continue` at once, when the body is wanted, unless the answer itself was begun before.
final class ContinueHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var isWaiting = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): isWaiting = head.headerFields[.expect] != nil
        // A client that does not wait needs no invitation.
        case .body, .end: isWaiting = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head = unwrapOutboundIn(data) { isWaiting = false }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is ContinueWanted else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if isWaiting {
            isWaiting = false
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }
}
