import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections to the server of the settings. Bound to its event loop.
final class Dialler: @unchecked Sendable {
    private let settings: RedisSettings
    private let eventLoop: any EventLoop
    /// Made once: reading the authorities takes long and blocks.
    private var tlsContext: NIOSSLContext?

    init(settings: RedisSettings, eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
    }

    /// Completes with the connection once its socket is open; TLS may still be under way, and its failure ends the connection.
    /// Several may be made where a name has several addresses; all but one are closed.
    func dial(_ make: @escaping @Sendable () throws -> RedisConnection) -> EventLoopFuture<RedisConnection> {
        context().flatMap { context in
            let bootstrap = ClientBootstrap(group: self.eventLoop)
                .connectTimeout(TimeAmount(self.settings.connectTimeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context { try channel.pipeline.syncOperations.addHandler(self.tlsHandler(context)) }
                        try channel.pipeline.syncOperations.addHandler(make())
                    }
                }
            return switch self.settings.address {
            case .tcp(let host, let port): Self.tuned(bootstrap).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        }.flatMapThrowing { channel in
            try channel.pipeline.syncOperations.handler(type: RedisConnection.self)
        }
    }

    /// Small commands leave at once, and the kernel finds a peer that vanished even while nothing is said.
    private static func tuned(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        bootstrap
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
    }

    private func context() -> EventLoopFuture<NIOSSLContext?> {
        guard let tls = settings.tls, tlsContext == nil else { return eventLoop.makeSucceededFuture(tlsContext) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { () throws -> NIOSSLContext in
            var configuration = TLSConfiguration.makeClientConfiguration()
            if let file = tls.authorityFile { configuration.trustRoots = .file(file) }
            return try NIOSSLContext(configuration: configuration)
        }.map { context in
            self.tlsContext = context
            return context
        }
    }

    private func tlsHandler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: settings.serverName)
    }
}

extension RedisSettings {
    /// The name in the server's certificate. For an IP address, which TLS must not name, it is nil, and the certificate is
    /// checked for the address of the socket.
    var serverName: String? {
        guard case .tcp(let host, _) = address, (try? SocketAddress(ipAddress: host, port: 0)) == nil else {
            return nil
        }
        return host
    }
}
