import NIOCore
import NIOHTTP1

/// Builds the pipeline of a connection that was just accepted.
struct PipelineMaker: Sendable {
    private let loops: [ObjectIdentifier: ConnectionLoop]
    private let check: UpgradeCheck
    private let proxies: TrustedProxies
    private let application: any WebSocketApplication
    private let expectsProxyHeader: Bool
    private let decoderLimits: NIOHTTPDecoderLimitConfiguration

    /// Bytes behind a request that the decoder keeps, at most; above it drops what comes. It stops reading HTTP at any
    /// request that asks for an upgrade, and would collect whatever follows one that was refused. More than one read
    /// brings: what came along with a good request is handed on in the same tick.
    static let leftoverBytesMax = 64 * 1024

    init(settings: WebSocketServerSettings, application: any WebSocketApplication, loops: [ConnectionLoop]) {
        self.loops = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        self.check = UpgradeCheck(settings)
        self.proxies = TrustedProxies(ranges: settings.trustedProxies)
        self.application = application
        self.expectsProxyHeader = settings.expectsProxyHeader
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = settings.limits.headerBytesMax
        decoderLimits.maxHeaderListSize = settings.limits.headerBytesMax
        decoderLimits.maxHeaderFieldCount = settings.limits.headerFieldsMax
        self.decoderLimits = decoderLimits
    }

    func callAsFunction(_ channel: any Channel) throws {
        guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
            throw WebSocketServerError(.cannotListen, "a connection came on an unknown loop")
        }
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits),
            maximumBufferSize: Self.leftoverBytesMax)
        let upgrade = UpgradeHandler(
            loop: loop, check: check, proxies: proxies, application: application, decoder: decoder)
        let pipeline = channel.pipeline.syncOperations
        if expectsProxyHeader, let peer = channel.remoteAddress, proxies.contains(peer) {
            try pipeline.addHandler(ProxyHeaderHandler { [unowned upgrade] in upgrade.receivedProxyHeader($0) })
        }
        try pipeline.addHandler(decoder)
        try pipeline.addHandler(upgrade)
    }
}
