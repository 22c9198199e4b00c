import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
import NIOPosix
import ServiceLifecycle

/// The listener for operators: `/healthz`, `/readyz` and `/metrics`, on an event loop of its own so that it answers
/// however busy the data path is.
public final class AdminServer: Sendable {
    /// Connections at the same time; more wait in the backlog.
    static let connectionsMax = 64
    /// A connection without a request is closed after this.
    static let idleTimeout = TimeAmount.seconds(10)
    /// Any connection is closed after this, so that slow ones cannot fill ``connectionsMax`` for good.
    static let connectionLifetime = TimeAmount.seconds(30)
    /// How long ``stop(within:)`` waits for answers under way.
    public static let stopTimeout = Duration.seconds(2)

    /// Where it listens; the port is the real one where 0 was asked for.
    public let address: HostPort
    private let services: ServiceGroup
    private let running: Task<Void, Never>

    /// For all of a process, until it ends: the framework goes on for a moment after its server has ended, and what waits
    /// for a loop that is gone waits for ever.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private init(address: HostPort, services: ServiceGroup, running: Task<Void, Never>) {
        self.address = address
        self.services = services
        self.running = running
    }

    /// Binds and serves until ``stop(within:)``.
    /// - Parameters:
    ///   - readiness: asked at each `/readyz`; must not wait.
    ///   - health: asked at each `/healthz`; not ready there means that the process should be restarted.
    /// - Throws: ``ProcessFailure`` `.unavailable` when the address cannot be bound.
    public static func start(
        on listen: HostPort, metrics: MetricsRegistry, readiness: @escaping @Sendable () -> Readiness,
        health: @escaping @Sendable () async -> Readiness = { .ready }, logger: Logger
    ) async throws -> AdminServer {
        let bound = group.next().makePromise(of: HostPort.self)
        let routes = AdminRoutes(metrics: metrics, readiness: readiness, health: health)
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in await routes.response(to: request) },
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionDeadline(connectionLifetime)], idleTimeout: idleTimeout,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 64))),
            configuration: .init(
                address: .hostname(listen.host, port: listen.port), backlog: connectionsMax,
                availableConnectionsDelegate: MaximumAvailableConnections(connectionsMax)),
            onServerRunning: { channel in bound.succeed(HostPort(listeningOn: channel, asked: listen)) },
            eventLoopGroupProvider: .shared(group), logger: quiet(logger))
        let services = ServiceGroup(configuration: .init(services: [application], logger: quiet(logger)))
        let running = Task {
            do {
                try await services.run()
                bound.fail(CancellationError())
            } catch {
                bound.fail(error)
            }
        }
        do {
            let address = try await bound.futureResult.get()
            return AdminServer(address: address, services: services, running: running)
        } catch {
            await running.value
            throw ProcessFailure(
                .unavailable, "the admin listener cannot bind \(listen): \(error); choose another --admin address.")
        }
    }

    /// Stops accepting, waits shortly for answers under way, then closes what is left.
    public func stop(within timeout: Duration = stopTimeout) async {
        await services.triggerGracefulShutdown()
        let deadline = Task {
            try await Task.sleep(for: timeout)
            running.cancel()
        }
        await running.value
        deadline.cancel()
    }

    /// The framework logs each start and request at info; here only what is wrong matters.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(.warning, logger.logLevel)
        return logger
    }
}

extension HostPort {
    /// The address that a bound channel really has.
    public init(listeningOn channel: any Channel, asked: HostPort) {
        let address = channel.localAddress
        self.init(host: address?.ipAddress ?? asked.host, port: address?.port ?? asked.port)
    }
}
