import ArgumentParser
import Foundation
import Logging
import NIOConcurrencyHelpers
import ServerKit

/// The smallest server of this kind, for tests of signals, deadlines and exit statuses on a real process.
struct ServerKitProbe: AsyncParsableCommand {
    enum Drain: String, ExpressibleByArgument {
        /// Ends at once.
        case none
        /// Waits for ever, as a service would that lost an answer.
        case hang
        /// Holds its thread for ever.
        case block
    }

    static let configuration = CommandConfiguration(commandName: "serverkit-probe")
    @Option var drain = Drain.none
    @Option var stopSeconds = 5.0
    @Option var admin = "127.0.0.1:0"

    func run() async throws {
        LineLogHandler.bootstrap(format: .text, level: .info)
        let logger = Logger(label: "serverkit-probe")
        guard let address = try? HostPort(admin, defaultHost: "127.0.0.1") else {
            throw ValidationError("--admin is HOST:PORT")
        }
        let lifecycle = Lifecycle(deadline: .seconds(stopSeconds), logger: logger)
        let running = NIOLockedValueBox<AdminServer?>(nil)
        let drain = drain
        let status = try await lifecycle.run([
            .init(
                "admin",
                start: {
                    Announcement.listening(on: HostPort(host: "127.0.0.1", port: 1))
                    let server = try await AdminServer.start(
                        on: address, metrics: MetricsRegistry(), readiness: { .ready }, logger: logger)
                    running.withLockedValue { $0 = server }
                    Announcement.admin(on: server.address)
                },
                drain: { await running.withLockedValue { $0 }?.stop() }),
            .init(
                "work",
                drain: {
                    switch drain {
                    case .none: break
                    case .hang: for await _ in AsyncStream<Void>.makeStream().stream {}
                    // A signal ends the sleep early: it is slept again.
                    case .block: while true { _ = usleep(60_000_000) }
                    }
                }),
        ])
        guard status == .done else { throw ExitCode(status.rawValue) }
    }
}

await CommandMain.run(ServerKitProbe.self)
