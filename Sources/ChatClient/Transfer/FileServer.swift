import ChatWire
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The HTTP side of a server, and who asks there: one request on one connection at a time.
struct FileServer: Sendable {
    typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    let address: ServerAddress
    /// What stands before `/api`: the WebSocket's path without `/ws`.
    let prefix: String
    let token: String?
    /// How a guest is called.
    let user: String?
    private let tls: NIOSSLContext?

    /// - Throws: ``CommandFailure`` where the certificates to trust cannot be read.
    init(_ configuration: ChatSession.Configuration) throws {
        address = configuration.server
        prefix = Self.prefix(ofPath: address.path)
        token = configuration.token
        user = configuration.user
        tls = address.isSecure ? try ServerTrust.context(authority: configuration.certificateAuthority) : nil
    }

    static func prefix(ofPath path: String) -> String {
        let path = path.hasSuffix("/ws") ? path.dropLast(3) : path[...]
        return String(path.hasSuffix("/") ? path.dropLast() : path)
    }

    /// A request's head with what every request has; `path` begins behind the prefix.
    func head(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:]) -> HTTPRequestHead {
        var all: HTTPHeaders = ["Host": address.authority, "Connection": "close", "User-Agent": "termchat"]
        if let token { all.add(name: "Authorization", value: "Bearer \(token)") }
        all.add(contentsOf: headers)
        return HTTPRequestHead(version: .http1_1, method: method, uri: prefix + path, headers: all)
    }

    /// The path of a `Location`, without the prefix; nil where it leads to another server, which gets no token.
    func path(ofLocation location: String) -> String? {
        let path: Substring
        if let scheme = location.firstRange(of: "://") {
            let rest = location[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" }
            guard authority.lowercased() == address.authority.lowercased() else { return nil }
            path = rest[authority.endIndex...]
        } else {
            path = location[...]
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        if path.hasPrefix(prefix + "/") { return String(path.dropFirst(prefix.count)) }
        // A worker does not know what a balancer takes off in front of it.
        return path.hasPrefix("/api/") ? String(path) : nil
    }

    private static let unsentLimit = NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT)

    func connect() async throws -> Channel {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(ClientLimits.openingTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Little waits here and in the kernel, so that what left the program is what the server has, nearly.
            .channelOption(
                .writeBufferWaterMark,
                value: .init(
                    low: TransferLimits.unsentBytes - TransferLimits.sliceBytes, high: TransferLimits.unsentBytes)
            )
            .channelOption(.tcpOption(Self.unsentLimit), value: SocketOptionValue(TransferLimits.unsentBytes))
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4096, initial: 64 * 1024, maximum: TransferLimits.batchBytes)
            )
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture { try Self.configure(channel, tls, host: address.host) }
            }
    }

    private static func configure(_ channel: any NIOCore.Channel, _ tls: NIOSSLContext?, host: String) throws -> Channel
    {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host))
        }
        try pipeline.addHTTPClientHandlers()
        return try Channel(wrappingChannelSynchronously: channel)
    }
}
