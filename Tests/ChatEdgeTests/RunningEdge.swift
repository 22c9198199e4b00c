import ChatBroker
import ChatBrokerRedis
import ChatEdge
import ChatIdentity
import ChatTesting
import ChatWire
import Foundation
import HiredisClient
import Logging
import NIOCore
import NIOPosix
import ServerKit
import WebSocketServer

/// An edge in this process, on a free port of loopback.
struct RunningEdge {
    let server: EdgeServer
    let registry: MetricsRegistry

    var port: Int { server.address.port ?? 0 }

    /// - Parameters:
    ///   - proxies: whose `X-Forwarded-For` is believed.
    ///   - broker: made for the node's id, on a loop of the group.
    static func start(
        _ name: String = "edge-a", on group: MultiThreadedEventLoopGroup, proxies: [String] = [],
        verifier: TokenVerifier? = nil, _ configure: (inout EdgeSettings) -> Void = { _ in },
        broker: (NodeID, any EventLoop) throws -> any ClusterBroker
    ) async throws -> RunningEdge {
        var settings = EdgeSettings()
        settings.node = name
        settings.allowsGuests = true
        settings.sendsPerSecond = 1000
        settings.drain = .milliseconds(200)
        configure(&settings)
        var socket = WebSocketServerSettings()
        socket.host = "127.0.0.1"
        socket.port = 0
        socket.paths = ["/ws", "/join"]
        socket.limits.messageBytesMax = Limits.messageBytesRead
        socket.trustedProxies = try proxies.map { try AddressRange($0) }
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        guard let node = NodeID.new(name: name, using: &random) else { throw WireFailure("\(name) is no name") }
        let registry = MetricsRegistry()
        let server = try await EdgeServer.start(
            settings, socket: socket, node: node, broker: try broker(node, group.next()),
            authenticator: Authenticator(verifier: verifier, allowsGuests: settings.allowsGuests), group: group,
            registry: registry, logger: Logger(label: "edge") { _ in SwiftLogNoOpLogHandler() })
        let edge = RunningEdge(server: server, registry: registry)
        try await eventually("the edge is ready") { server.readiness == .ready }
        return edge
    }

    /// One edge over a store in memory, whose rooms end with it.
    static func alone(
        on group: MultiThreadedEventLoopGroup, proxies: [String] = [], verifier: TokenVerifier? = nil,
        _ configure: (inout EdgeSettings) -> Void = { _ in }
    ) async throws -> RunningEdge {
        try await start(on: group, proxies: proxies, verifier: verifier, configure) { node, loop in
            InProcessBroker(node: node, on: loop, store: .init(on: loop, history: .init()))
        }
    }
}

/// Sockets of this process that listen at an address, or have it on one of their ends, with both ends. Other suites open
/// descriptors of their own meanwhile, so that a count of all tells nothing.
/// - Parameters:
///   - port: of TCP over IPv4.
///   - path: of a Unix socket.
func openSockets(port: Int, path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { Int32($0) }.compactMap { descriptor in
        let ends = [getsockname, getpeername].map { end(of: descriptor, $0) }
        return ends.contains(String(port)) || ends.contains(path) ? "\(descriptor): \(ends)" : nil
    }
}

/// A port of IPv4 or the path of a Unix socket; nil where it is neither, or not there.
private func end(
    of descriptor: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
) -> String? {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { storage in
        let pointer = UnsafeMutableRawPointer(storage)
        guard ask(descriptor, pointer.assumingMemoryBound(to: sockaddr.self), &size) == 0 else { return nil }
        switch Int32(storage.pointee.ss_family) {
        case AF_INET: return String(UInt16(bigEndian: pointer.load(as: sockaddr_in.self).sin_port))
        case AF_UNIX:
            let name = pointer.advanced(by: MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2)
            return String(cString: name.assumingMemoryBound(to: CChar.self))
        default: return nil
        }
    }
}

extension RunningEdge {
    static func overRedis(
        _ redis: LocalRedis, on group: MultiThreadedEventLoopGroup, _ configure: (inout EdgeSettings) -> Void = { _ in }
    ) async throws -> RunningEdge {
        let settings = try RedisSettings(url: redis.unixURL)
        return try await start(on: group, configure) { node, loop in
            try RedisBroker(
                settings: RedisBrokerSettings(redis: settings), node: node, on: loop,
                logger: Logger(label: "broker") { _ in SwiftLogNoOpLogHandler() })
        }
    }
}
