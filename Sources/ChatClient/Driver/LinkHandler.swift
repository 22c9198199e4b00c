import ChatWire
import NIOCore
import NIOWebSocket

/// What a connection tells the session that owns it, on the session's loop.
protocol LinkDelegate: AnyObject {
    func opened(_ link: LinkID)
    /// Any frame came, control frames included.
    func heard(_ link: LinkID)
    func received(_ text: ByteBuffer, on link: LinkID)
    /// Called once; nothing follows.
    func ended(_ link: LinkID, _ ending: LinkEnding)
}

/// The WebSocket end of a connection's pipeline: joins fragments, answers pings and close, and masks what it sends.
/// It belongs to its channel's event loop.
final class LinkHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = LinkCommand
    typealias OutboundOut = WebSocketFrame

    private let link: LinkID
    /// Held until the connection is gone, which a session that nobody holds any more outlives in no other way.
    private var delegate: (any LinkDelegate)?
    private var fragments: ByteBuffer?
    /// What ended the connection, once something did; the channel closing tells it.
    private var ending: LinkEnding?
    private var hasSentClose = false

    init(link: LinkID, delegate: any LinkDelegate) {
        self.link = link
        self.delegate = delegate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { delegate?.opened(link) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { delegate = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Nothing counts after a close frame (RFC 6455, 1.4).
        guard ending == nil else { return }
        delegate?.heard(link)
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text, .continuation:
            receivedText(frame, context: context)
        case .ping:
            write(.pong, frame.unmaskedData, context: context)
        case .pong:
            break
        case .connectionClose:
            receivedClose(frame.unmaskedData, context: context)
        default:
            fail(.failed("the server sent a frame that is not text"), code: .unsupportedData, context: context)
        }
    }

    private func receivedText(_ frame: WebSocketFrame, context: ChannelHandlerContext) {
        var data = frame.unmaskedData
        guard (frame.opcode == .continuation) == (fragments != nil) else {
            return fail(.failed("the server broke the order of fragments"), code: .protocolError, context: context)
        }
        let length = (fragments?.readableBytes ?? 0) + data.readableBytes
        guard length <= ClientLimits.serverMessageBytesMax else {
            return fail(.failed("the server sent a message that is too long"), code: .messageTooBig, context: context)
        }
        if fragments != nil {
            fragments?.writeBuffer(&data)
        } else {
            fragments = data
        }
        guard frame.fin, let text = fragments else { return }
        fragments = nil
        delegate?.received(text, on: link)
    }

    private func receivedClose(_ data: ByteBuffer, context: ChannelHandlerContext) {
        var data = data
        let code = data.readInteger(as: UInt16.self).map { CloseCode(rawValue: $0) }
        let reason = String(buffer: data)
        // 1005 stands for a close frame without a code (RFC 6455, 7.1.5).
        ending = .closed(code ?? CloseCode(rawValue: 1005), reason: reason)
        sendClose(code ?? .normal, context: context)
        context.close(promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .text(let text):
            guard !hasSentClose else { return }
            write(.text, text, context: context)
        case .close(let code):
            sendClose(code, context: context)
            let closing = context.loopBound
            context.eventLoop.scheduleTask(in: ClientLimits.closingTimeout) {
                closing.value.close(promise: nil)
            }
        }
        promise?.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        delegate?.ended(link, ending ?? .failed("connection lost"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.failed(TransportError.words(error)), code: .protocolError, context: context)
    }

    private func fail(_ reason: LinkEnding, code: CloseCode, context: ChannelHandlerContext) {
        if ending == nil { ending = reason }
        sendClose(code, context: context)
        context.close(promise: nil)
    }

    private func sendClose(_ code: CloseCode, context: ChannelHandlerContext) {
        guard !hasSentClose else { return }
        hasSentClose = true
        write(.connectionClose, ByteBuffer(integer: code.rawValue), context: context)
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}

/// What a session writes to a connection's channel.
enum LinkCommand: Sendable {
    case text(ByteBuffer)
    /// Sends a close frame; the channel closes when the answer came, or shortly after.
    case close(CloseCode)
}
