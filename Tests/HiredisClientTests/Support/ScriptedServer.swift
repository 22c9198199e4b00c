import NIOCore
import NIOPosix

/// A server on loopback that passes the handshake and then answers the first command with given bytes.
struct ScriptedServer: Sendable {
    /// What a master without a password answers to a handshake: the name, INFO and EXISTS.
    static let handshake = handshake(role: "master")

    let url: String
    private let channel: any Channel

    static func handshake(role: String) -> String {
        let info = "role:\(role)\r\nmaster_replid:scripted\r\n"
        return "+OK\r\n$\(info.utf8.count)\r\n\(info)\r\n:0\r\n"
    }

    /// - Parameters:
    ///   - handshake: answers what a client says first.
    ///   - script: answers what it says next.
    static func start(handshake: String = handshake, script: String = "") async throws -> ScriptedServer {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(answers: [handshake, script]))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedServer(url: "redis://127.0.0.1:\(channel.localAddress?.port ?? 0)", channel: channel)
    }

    func stop() async throws { try await channel.close() }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var answers: [String]

        init(answers: [String]) { self.answers = answers }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !answers.isEmpty else { return }
            context.channel.writeAndFlush(ByteBuffer(string: answers.removeFirst()), promise: nil)
        }
    }
}
