import HTTPTypes
import NIOCore
import NIOHTTP1

/// Looks at the heads of requests before they become HTTP types, which have one Host whatever was sent, and answers those that
/// do not come in time or are too large. Bound to its channel's loop.
final class HeadHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Says to ``UploadRoutes`` that Host was missing, or there twice. Who sends it itself is refused.
    static let invalidHost = "TermChat-Invalid-Host"

    private let timeout: TimeAmount
    private var deadline: Scheduled<Void>?
    /// Requests whose answer is not whole.
    private var requests = 0
    private var isReading = false
    /// Nothing more is read or said.
    private var isRefused = false
    /// Something came of the next head.
    fileprivate var isBegun = false

    init(timeout: TimeAmount) { self.timeout = timeout }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { waitForHead(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        waitForHead(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The rest of the head may come behind the answer.
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            deadline?.cancel()
            requests += 1
            isReading = true
            // RFC 9112 section 3.2.
            if head.version != .http1_0, head.headers["Host"].count != 1 {
                head.headers.replaceOrAdd(name: Self.invalidHost, value: "1")
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            isReading = false
            isBegun = false
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        guard isEnd else { return }
        requests -= 1
        if requests == 0 { waitForHead(context) }
    }

    /// The next head has its time from now on.
    private func waitForHead(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in
            guard requests == 0, !isReading else { return }
            if isBegun { refuse(.slowHead, context) } else { context.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whatever comes behind the answer is an error of the decoder.
        if isRefused { return }
        if case HTTPParserError.headerOverflow = error, requests == 0, !isReading {
            refuse(.headTooLarge, context)
        } else {
            context.fireErrorCaught(error)
        }
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        isRefused = true
        deadline?.cancel()
        let body = JSONBody.error(refusal.code, refusal.message)
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: refusal.status.code),
            headers: [
                "Content-Type": "application/json", "Content-Length": "\(body.readableBytes)", "Connection": "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: UploadLimits.lingerTimeout) {
            context.close(promise: nil)
        }
    }

    /// Puts a ``HeadHandler`` where it belongs: between the bytes and HTTP types.
    final class Installer: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = NIOAny
        private let timeout: TimeAmount

        init(timeout: TimeAmount) { self.timeout = timeout }

        func handlerAdded(context: ChannelHandlerContext) {
            let pipeline = context.pipeline.syncOperations
            let handler = HeadHandler(timeout: timeout)
            do {
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(handler, position: .after(decoder))
                try pipeline.addHandler(Bytes(handler), position: .first)
            } catch {
                context.close(promise: nil)
            }
        }
    }

    /// Tells that bytes come at all.
    private final class Bytes: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let head: HeadHandler

        init(_ head: HeadHandler) { self.head = head }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head.isBegun = true
            context.fireChannelRead(data)
        }
    }
}
