import ChatBroker
import ChatBrokerRedis
import ChatIdentity
import ChatUpload
import ChatWire
import Foundation
import HiredisClient
import Logging
import NIOCore
import NIOPosix
import ServerKit

/// Composes one worker from its settings and runs it until a signal.
struct UploadProcess {
    private let reader: SettingsReader
    private let logger: Logger

    init(_ reader: SettingsReader) throws {
        self.reader = reader
        LineLogHandler.bootstrap(
            format: try reader.value(of: UploadKeys.logFormat), level: try reader.value(of: UploadKeys.logLevel))
        logger = Logger(label: "termchat-upload")
    }

    func run() async throws -> ExitStatus {
        let settings = try UploadKeys.read(reader)
        _ = FileDescriptorLimit.raise()
        let threads = try reader.value(of: UploadKeys.threads)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads == 0 ? Processors.available : threads)
        let broker = try makeBroker(on: group.next())
        let doorkeeper = Doorkeeper(verifier: try await verifier(), allowsGuests: settings.allowsGuests)
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let adminAddress = try reader.value(of: UploadKeys.admin)
        let worker = Running<UploadServer>()
        let admin = Running<AdminServer>()
        let lifecycle = Lifecycle(deadline: settings.stop, logger: logger)
        let status = try await lifecycle.run([
            .init("admin", drain: { await admin.value?.stop() }),
            .init(
                "upload",
                start: { [logger] in
                    let server = try await UploadServer.start(
                        settings, broker: broker, doorkeeper: doorkeeper, group: group, registry: registry,
                        logger: logger)
                    worker.value = server
                    Announcement.listening(on: server.address)
                    let operators = try await AdminServer.start(
                        on: adminAddress, metrics: registry, readiness: { server.readiness }, logger: logger)
                    admin.value = operators
                    Announcement.admin(on: operators.address)
                },
                drain: { await worker.value?.stop() }),
        ])
        try? await group.shutdownGracefully()
        return status
    }

    private func makeBroker(on loop: any EventLoop) throws -> any Broker & FileRegistry & DirectRooms & NodeRegistry {
        let name = try reader.value(of: UploadKeys.node)
        var random = SystemRandomNumberGenerator()
        guard let node = NodeID.new(name: name, using: &random) else {
            throw ProcessFailure(.usage, "--node: '\(name)' is no name for a worker.")
        }
        let bounds = HistoryBounds(
            entries: try reader.value(of: UploadKeys.historyEntries), age: try reader.value(of: UploadKeys.historyAge))
        if try reader.value(of: UploadKeys.broker) == "memory" {
            return InProcessBroker(node: node, on: loop, store: .init(on: loop, history: bounds))
        }
        let url = try reader.value(of: UploadKeys.redis)
        let redis: RedisSettings
        do throws(RedisError) {
            redis = try RedisSettings(url: url)
        } catch {
            throw ProcessFailure(.usage, "--redis: \(error)")
        }
        var settings = RedisBrokerSettings(redis: redis)
        settings.history = bounds
        return try RedisBroker(settings: settings, node: node, on: loop, logger: logger)
    }

    private func verifier() async throws -> TokenVerifier? {
        guard let path = try reader.value(of: UploadKeys.tokenKey) else {
            if try !reader.value(of: UploadKeys.guests) {
                logger.warning("nobody is let in: give --token-key FILE, or --guests to let people in without a token")
            }
            return nil
        }
        let policy = TokenVerifier.Policy(
            audience: try reader.value(of: UploadKeys.tokenAudience),
            issuer: try reader.value(of: UploadKeys.tokenIssuer))
        let verifier: TokenVerifier
        do {
            verifier = try await TokenVerifier.load(keyFile: path, policy: policy)
        } catch let error as KeyFileError {
            throw ProcessFailure(.usage, "--token-key: \(error)")
        }
        for warning in verifier.warnings { logger.warning("token key", metadata: ["what": "\(warning)"]) }
        return verifier
    }
}
