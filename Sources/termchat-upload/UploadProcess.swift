import ChatBroker
import ChatIdentity
import ChatProcess
import ChatUpload
import ChatWire
import Foundation
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
        let name = try reader.value(of: UploadKeys.node)
        var random = SystemRandomNumberGenerator()
        guard let node = NodeID.new(name: name, using: &random) else {
            throw ProcessFailure(.usage, "--node: '\(name)' is no name for a worker.")
        }
        let broker = try UploadKeys.brokerKeys.broker(reader, node: node, on: group.next(), logger: logger)
        let verifier = try await TokenVerifier.load(reader, logger: logger)
        if verifier == nil, !settings.allowsGuests {
            logger.warning("nobody is let in: give --token-key FILE, or --guests to let people in without a token")
        }
        let doorkeeper = Doorkeeper(verifier: verifier, allowsGuests: settings.allowsGuests)
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
}

extension UploadKeys {
    fileprivate static var brokerKeys: BrokerKeys {
        BrokerKeys(broker: broker, redis: redis, historyEntries: historyEntries, historyAge: historyAge)
    }
}
