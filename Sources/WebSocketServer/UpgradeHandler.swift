import NIOCore
import NIOHTTP1

/// Takes one connection from accept to 101 or to an HTTP refusal. Confined to its channel's loop.
///
/// Pipeline before the upgrade: (PROXY header,) HTTP decoder, this. After it: ``WebSocketHandler`` alone.
final class UpgradeHandler: ChannelInboundHandler, RemovableChannelHandler, LoopMember {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Left by the request's head, by an error or at the deadline.
        case awaitingHead
        /// The handshake is correct; left by the end of the request.
        case awaitingEnd(UpgradeCheck.Handshake)
        /// An HTTP answer is out; what still comes is dropped. Ends with the connection, at the deadline by a reset.
        case answered
        /// This handler's work is done.
        case upgraded
    }

    var loopIndex = -1
    private let loop: ConnectionLoop
    private let check: UpgradeCheck
    private let proxies: TrustedProxies
    private let application: any WebSocketApplication
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private var state = State.awaitingHead
    private var deadline: NIODeadline
    private var context: ChannelHandlerContext?
    /// From the PROXY header, where one is expected.
    private var announcedPeer: SocketAddress?
    /// The answer to the request has no body.
    private var isHead = false

    init(
        loop: ConnectionLoop, check: UpgradeCheck, proxies: TrustedProxies, application: any WebSocketApplication,
        decoder: ByteToMessageHandler<HTTPRequestDecoder>
    ) {
        self.loop = loop
        self.check = check
        self.proxies = proxies
        self.application = application
        self.decoder = decoder
        self.deadline = .now() + TimeAmount(loop.settings.deadlines.headers)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func receivedProxyHeader(_ header: ProxyHeader) {
        if case .client(let address) = header { announcedPeer = address }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .awaitingHead):
            isHead = head.method == .HEAD
            do throws(UpgradeRefusal) {
                state = .awaitingEnd(try check.check(head))
            } catch {
                refuse(error)
            }
        case (.end, .awaitingEnd(let handshake)):
            decide(handshake, context: context)
        case (.body, .awaitingEnd), (.head, .awaitingEnd):
            refuse(.badRequest("an upgrade has no body"))
        case (_, .answered), (_, .upgraded), (.body, .awaitingHead), (.end, .awaitingHead):
            return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .awaitingHead, .awaitingEnd:
            break
        case .answered, .upgraded:
            return
        }
        switch error {
        case HTTPParserError.headerOverflow: refuse(.tooManyHeaders)
        case is HTTPParserError: refuse(.badRequest("malformed HTTP request"))
        case is ProxyHeader.Malformed: refuse(.badRequest("a PROXY protocol header must come first"))
        default: context.close(promise: nil)
        }
    }

    func sweep(now: NIODeadline) {
        guard now >= deadline else { return }
        deadline = .distantFuture
        switch state {
        case .awaitingHead, .awaitingEnd: refuse(.headersTooSlow)
        case .answered, .upgraded: abort()
        }
    }

    func shutDown() {
        switch state {
        case .awaitingHead, .awaitingEnd:
            refuse(UpgradeRefusal(.serviceUnavailable, code: "unavailable", message: "this server is stopping"))
        case .answered, .upgraded:
            return
        }
    }

    func abort() {
        context?.channel.reset()
    }

    private func decide(_ handshake: UpgradeCheck.Handshake, context: ChannelHandlerContext) {
        guard let peer = announcedPeer ?? context.remoteAddress else { return abort() }
        let forwardedFor = handshake.headers[canonicalForm: "x-forwarded-for"]
        let request = UpgradeRequest(
            path: handshake.target.path, query: handshake.target.query, headers: handshake.headers,
            subprotocols: handshake.subprotocols,
            remoteAddress: proxies.client(behind: peer, forwardedFor: forwardedFor), eventLoop: loop.eventLoop)
        switch application.upgrade(request) {
        case .refuse(let refusal):
            refuse(refusal)
        case .accept(let subprotocol, let makeDelegate):
            let answer = HTTPAnswer.switchingProtocols(acceptKey: handshake.acceptKey, subprotocol: subprotocol)
            upgrade(context, answer, remoteAddress: request.remoteAddress, makeDelegate)
        }
    }

    private func upgrade(
        _ context: ChannelHandlerContext, _ answer: ByteBuffer, remoteAddress: SocketAddress,
        _ makeDelegate: (WebSocketConnection) -> any WebSocketConnectionDelegate
    ) {
        let connection = WebSocketConnection(loop: loop, remoteAddress: remoteAddress)
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(WebSocketHandler(connection), position: .after(self))
        } catch {
            return abort()
        }
        state = .upgraded
        connection.begin(answer: answer, makeDelegate)
        // First this handler, then the decoder: it passes the bytes after the request on to whoever is next.
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
    }

    /// Answers, then ends our side and drops what still comes: closing with a body unread would reset the connection,
    /// and the answer might never be seen.
    private func refuse(_ refusal: UpgradeRefusal) {
        state = .answered
        deadline = .now() + TimeAmount(loop.settings.deadlines.close)
        loop.counters.refused.add(1)
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(HTTPAnswer.refusal(refusal, isHead: isHead)), promise: nil)
        context.close(mode: .output, promise: nil)
    }
}
