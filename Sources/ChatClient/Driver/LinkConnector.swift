import ChatWire
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Opens WebSocket connections to one server: TCP, TLS where the address says so, and the upgrade.
struct LinkConnector: Sendable {
    let address: ServerAddress
    let loop: any EventLoop
    private let tls: NIOSSLContext?

    /// - Parameter certificateAuthority: a PEM file to trust instead of the system's.
    /// - Throws: ``CommandFailure`` where that is of no use.
    init(address: ServerAddress, certificateAuthority: String?, loop: any EventLoop) throws {
        self.address = address
        self.loop = loop
        tls = address.isSecure ? try ServerTrust.context(authority: certificateAuthority) : nil
    }

    /// Starts a connection; everything else comes through `delegate`, on ``loop``.
    /// - Returns: the channel, once TCP is there.
    func connect(_ link: LinkID, delegate: some LinkDelegate & Sendable) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .connectTimeout(ClientLimits.openingTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel, link, delegate) }
            }
            .connect(host: address.host, port: address.port)
    }

    private func configure(_ channel: any Channel, _ link: LinkID, _ delegate: some LinkDelegate & Sendable) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let isAddress = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : address.host))
        }
        let handshake = HandshakeHandler(link: link, address: address, delegate: delegate)
        let bound = NIOLoopBound(handshake, eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketClientUpgrader(
            maxFrameSize: ClientLimits.serverMessageBytesMax, automaticErrorHandling: false
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                bound.value.isDone = true
                try channel.pipeline.syncOperations.addHandler(LinkHandler(link: link, delegate: delegate))
            }
        }
        try pipeline.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { _ in channel.pipeline.syncOperations.removeHandler(bound.value, promise: nil) }
            ))
        try pipeline.addHandler(handshake)
    }
}

/// Asks for the upgrade and reports why it failed, until ``LinkHandler`` takes its place.
/// It belongs to its channel's event loop.
private final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let link: LinkID
    private let address: ServerAddress
    /// Held as ``LinkHandler`` holds it.
    private var delegate: (any LinkDelegate)?
    /// The upgrade succeeded, or its failure was told.
    var isDone = false

    init(link: LinkID, address: ServerAddress, delegate: any LinkDelegate) {
        self.link = link
        self.address = address
        self.delegate = delegate
    }

    func channelActive(context: ChannelHandlerContext) {
        let headers: HTTPHeaders = ["Host": address.authority, "Sec-WebSocket-Protocol": "termchat.v1"]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: address.path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { delegate = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let seconds = head.headers.first(name: "Retry-After").flatMap { Int64($0) }
        let retryAfter = seconds.map { TimeAmount.seconds(min(max($0, 0), 3600)) }
        end(.rejected(status: Int(head.status.code), retryAfter: retryAfter), context: context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDone { return context.fireErrorCaught(error) }
        end(.failed(TransportError.words(error)), context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failed("connection lost"), context: context)
        context.fireChannelInactive()
    }

    private func end(_ ending: LinkEnding, context: ChannelHandlerContext) {
        guard !isDone else { return }
        isDone = true
        delegate?.ended(link, ending)
        context.close(promise: nil)
    }
}
