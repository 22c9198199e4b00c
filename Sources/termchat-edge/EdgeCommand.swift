import ArgumentParser
import ChatBroker
import ChatEdge
import ChatIdentity
import ChatProcess
import ChatWire
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServerKit
import WebSocketServer

/// `termchat-edge`: holds WebSockets and passes what is said in rooms to the other nodes.
@main
struct EdgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "termchat-edge",
        abstract: "Holds WebSockets and passes what is said in rooms to the other nodes.",
        discussion: "Each flag is also TERMCHAT_… in the environment and a key of the --config file.",
        version: ServerVersion.text)

    @Option(EdgeKeys.listen) var listen: String?
    @Option(EdgeKeys.admin) var admin: String?
    @Option(EdgeKeys.redis) var redis: String?
    @Option(EdgeKeys.broker) var broker: String?
    @Option(EdgeKeys.node) var node: String?
    @Flag(EdgeKeys.guests) var guests: Bool?
    @Option(EdgeKeys.tokenKey) var tokenKey: String?
    @Option(EdgeKeys.tokenAudience) var tokenAudience: String?
    @Option(EdgeKeys.tokenIssuer) var tokenIssuer: String?
    @Option(EdgeKeys.sendsPerSecond) var sendsPerSecond: String?
    @Option(EdgeKeys.requestsPerSecond) var requestsPerSecond: String?
    @Option(EdgeKeys.queueEntries) var queueEntries: String?
    @Option(EdgeKeys.queueBytes) var queueBytes: String?
    @Option(EdgeKeys.historyEntries) var historyEntries: String?
    @Option(EdgeKeys.historyAge) var historyAge: String?
    @Option(EdgeKeys.graceSeconds) var graceSeconds: String?
    @Option(EdgeKeys.slowSeconds) var slowSeconds: String?
    @Option(EdgeKeys.pingSeconds) var pingSeconds: String?
    @Option(EdgeKeys.stopSeconds) var stopSeconds: String?
    @Option(EdgeKeys.drainSeconds) var drainSeconds: String?
    @Option(EdgeKeys.allowedOrigins) var allowedOrigins: String?
    @Option(EdgeKeys.trustedProxies) var trustedProxies: String?
    @Flag(EdgeKeys.proxyProtocol) var proxyProtocol: Bool?
    @Option(EdgeKeys.maxConnections) var maxConnections: String?
    @Option(EdgeKeys.connectionsPerAddress) var connectionsPerAddress: String?
    @Option(EdgeKeys.connectsPerSecond) var connectsPerSecond: String?
    @Option(EdgeKeys.sessionsPerUser) var sessionsPerUser: String?
    @Option(EdgeKeys.limitsExempt) var limitsExempt: String?
    @Option(EdgeKeys.threads) var threads: String?
    @Option(EdgeKeys.config) var config: String?
    @Option(EdgeKeys.logLevel) var logLevel: String?
    @Option(EdgeKeys.logFormat) var logFormat: String?

    static func main() async {
        await CommandMain.run(EdgeCommand.self)
    }

    func run() async throws {
        let reader = try SettingsReader(
            EdgeKeys.descriptions, flags: SettingFlags.values(of: self),
            environment: ProcessInfo.processInfo.environment, config: EdgeKeys.config)
        let status = try await EdgeProcess(reader).run()
        guard status == .done else { throw ExitCode(status.rawValue) }
    }
}

/// Composes one edge from its settings and runs it until a signal.
private struct EdgeProcess {
    private let reader: SettingsReader
    private let logger: Logger

    init(_ reader: SettingsReader) throws {
        self.reader = reader
        LineLogHandler.bootstrap(
            format: try reader.value(of: EdgeKeys.logFormat), level: try reader.value(of: EdgeKeys.logLevel))
        logger = Logger(label: "termchat-edge")
    }

    func run() async throws -> ExitStatus {
        let (settings, socket) = try EdgeKeys.read(reader)
        _ = FileDescriptorLimit.raise()
        let threads = try reader.value(of: EdgeKeys.threads)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads == 0 ? Processors.available : threads)
        var random = SystemRandomNumberGenerator()
        guard let node = NodeID.new(name: settings.node, using: &random) else {
            throw ProcessFailure(.usage, "--node: '\(settings.node)' is no name for a node.")
        }
        let broker = try EdgeKeys.brokerKeys.broker(reader, node: node, on: group.next(), logger: logger)
        let verifier = try await TokenVerifier.load(reader, logger: logger)
        let authenticator = Authenticator(verifier: verifier, allowsGuests: settings.allowsGuests)
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let adminAddress = try reader.value(of: EdgeKeys.admin)
        let edge = Running<EdgeServer>()
        let admin = Running<AdminServer>()
        let lifecycle = Lifecycle(deadline: .nanoseconds(settings.stop.nanoseconds), logger: logger)
        // Stopped in reverse: whoever asks while the edge drains is still answered.
        let status = try await lifecycle.run([
            .init(
                "admin",
                start: { [logger] in
                    admin.value = try await AdminServer.start(
                        on: adminAddress, metrics: registry,
                        readiness: { edge.value?.readiness ?? .notReady(reasons: ["starting"]) },
                        health: { edge.value?.health ?? .ready }, logger: logger)
                },
                drain: { await admin.value?.stop(within: .milliseconds(300)) }),
            .init(
                "edge",
                start: { [logger] in
                    let server = try await startEdge(
                        settings, socket: socket, node: node, broker: broker, authenticator: authenticator,
                        group: group, registry: registry, logger: logger)
                    edge.value = server
                    server.onDrainRequest { lifecycle.drain() }
                    Announcement.listening(
                        on: HostPort(host: server.address.ipAddress ?? socket.host, port: server.address.port ?? 0))
                    if let operators = admin.value { Announcement.admin(on: operators.address) }
                },
                drain: { await edge.value?.stop() }),
        ])
        try? await group.shutdownGracefully()
        return status
    }

    private func startEdge(
        _ settings: EdgeSettings, socket: WebSocketServerSettings, node: NodeID, broker: any ClusterBroker,
        authenticator: Authenticator, group: MultiThreadedEventLoopGroup, registry: MetricsRegistry, logger: Logger
    ) async throws -> EdgeServer {
        do {
            return try await EdgeServer.start(
                settings, socket: socket, node: node, broker: broker, authenticator: authenticator, group: group,
                registry: registry, logger: logger)
        } catch let error as WebSocketServerError {
            throw ProcessFailure(error.code == .invalidSetting ? .usage : .unavailable, "\(error)")
        }
    }
}

extension EdgeKeys {
    fileprivate static var brokerKeys: BrokerKeys {
        BrokerKeys(broker: broker, redis: redis, historyEntries: historyEntries, historyAge: historyAge)
    }
}
