public import ChatBroker
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
import NIOPosix
public import ServerKit
import ServiceLifecycle
import Synchronization

/// One upload worker: its listener, its sweep, and what `/readyz` says of it.
public final class UploadServer: Sendable {
    /// Where it listens; the port is the real one where 0 was asked for.
    public let address: HostPort
    let engine: UploadEngine
    private let pool: NIOThreadPool
    private let broker: RegistryWatch
    private let volume: VolumeWatch
    private let services: ServiceGroup
    private let running: Task<Void, Never>
    private let chores: [Task<Void, Never>]
    private let leases: Task<Void, Never>
    private let draining: Flag
    private let connections: OpenConnections
    private let stopTime: Duration

    /// Something that is set once.
    final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .relaxed) }
        func set() { value.store(true, ordering: .relaxed) }
    }

    private init(
        address: HostPort, engine: UploadEngine, pool: NIOThreadPool, broker: RegistryWatch, volume: VolumeWatch,
        services: ServiceGroup, running: Task<Void, Never>, draining: Flag,
        connections: OpenConnections
    ) {
        self.address = address
        self.engine = engine
        self.pool = pool
        self.broker = broker
        self.volume = volume
        self.services = services
        self.running = running
        self.draining = draining
        self.connections = connections
        stopTime = engine.settings.stop
        let sweeper = Sweeper(engine: engine)
        chores = [Task { await volume.run() }, Task { await broker.run() }, Task { await sweeper.run() }]
        let keeper = LeaseKeeper(engine: engine)
        leases = Task { await keeper.run() }
    }

    /// Prepares the volume, starts the broker, and serves until ``stop()``.
    /// - Throws: ``ProcessFailure`` `.unavailable` where the volume cannot be used or the address cannot be bound.
    public static func start(
        _ settings: UploadSettings, broker: any Broker & FileRegistry & DirectRooms & NodeRegistry,
        doorkeeper: Doorkeeper,
        group: any EventLoopGroup, registry: MetricsRegistry, logger: Logger
    ) async throws -> UploadServer {
        try await start(
            settings, on: PosixVolume(root: settings.volume), broker: broker, doorkeeper: doorkeeper, group: group,
            registry: registry, logger: logger)
    }

    static func start(
        _ settings: UploadSettings, on directory: any Volume,
        broker: any Broker & FileRegistry & DirectRooms & NodeRegistry,
        doorkeeper: Doorkeeper,
        group: any EventLoopGroup, registry: MetricsRegistry, logger: Logger
    ) async throws -> UploadServer {
        let scanner = try settings.scan.map {
            try Scanner(program: $0, timeout: settings.scanTime, volume: settings.volume)
        }
        let pool = NIOThreadPool(numberOfThreads: settings.diskThreads)
        pool.start()
        let disk = DiskThreads(pool: pool)
        let store = UploadStore(volume: directory)
        let engine = UploadEngine(
            store: store, disk: disk, registry: Registry(broker: broker), settings: settings,
            metrics: UploadMetrics(in: registry), logger: logger, scanner: scanner)
        let link = LinkWatch()
        let volume = VolumeWatch(
            store: store, registry: engine.registry, disk: disk, freeBytesMin: settings.freeBytesMin)
        let watch = RegistryWatch(registry: engine.registry, identity: store.identity, link: link)
        let draining = Flag()
        let connections = OpenConnections()
        let routes = UploadRoutes(
            engine: engine, doorkeeper: doorkeeper, volume: volume, isDraining: { draining.isSet })
        do {
            _ = try await disk.run { try store.volume.names(in: "") }
            broker.eventLoop.execute { broker.start(link) }
            await volume.begin()
            let (services, running, address) = try await listen(
                settings, engine, routes, group, connections, logger)
            registry.gauge("termchat_upload_volume_free_bytes", "Bytes that may still be written to the volume.") {
                Double(volume.freeBytes)
            }
            registry.gauge("termchat_upload_broker_up", "1 while the broker can be reached.") {
                link.problem == nil ? 1 : 0
            }
            let server = UploadServer(
                address: address, engine: engine, pool: pool, broker: watch, volume: volume, services: services,
                running: running, draining: draining, connections: connections)
            registry.gauge("termchat_upload_ready", "1 while /readyz says so.") {
                server.readiness == .ready ? 1 : 0
            }
            return server
        } catch {
            try? await broker.eventLoop.flatSubmit { broker.stop() }.get()
            await scanner?.stop()
            try? await pool.shutdownGracefully()
            guard let error = error as? VolumeError else { throw error }
            throw ProcessFailure(.unavailable, "--volume: '\(settings.volume)' cannot be used: \(error)")
        }
    }

    private static func listen(
        _ settings: UploadSettings, _ engine: UploadEngine, _ routes: UploadRoutes, _ group: any EventLoopGroup,
        _ connections: OpenConnections, _ logger: Logger
    ) async throws -> (ServiceGroup, Task<Void, Never>, HostPort) {
        let bound = group.next().makePromise(of: HostPort.self)
        let memory = engine.memory
        let server = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [
                    HeadHandler.Installer(timeout: settings.idle),
                    PaceHandler(memory: memory, connections: connections, settings: settings), ContinueHandler(),
                    LingerHandler(),
                ],
                // Behind those of the handlers, which give an answer.
                idleTimeout: settings.idle + UploadLimits.idleSlack,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: UploadLimits.headerBytesMax, maxHeaderListSize: UploadLimits.headBytesMax,
                    maxHeaderFieldCount: UploadLimits.headersMax)))
        let application = Application(
            responder: routes, server: server,
            configuration: .init(
                address: .hostname(settings.listen.host, port: settings.listen.port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionsMax)),
            onServerRunning: { channel in bound.succeed(HostPort(listeningOn: channel, asked: settings.listen)) },
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
            return (services, running, try await bound.futureResult.get())
        } catch {
            await running.value
            throw ProcessFailure(
                .unavailable, "cannot bind \(settings.listen): \(error); choose another --listen address.")
        }
    }

    /// Whether new uploads should come here.
    public var readiness: Readiness {
        var reasons = [volume.problem, broker.problem].compactMap(\.self)
        if draining.isSet { reasons.append("draining") }
        return reasons.isEmpty ? .ready : .notReady(reasons: reasons)
    }

    /// Refuses what is new, lets running requests go on for most of `--stop-seconds`, then ends the bodies that still come with
    /// 503: what came of resumable uploads is kept.
    public func stop() async {
        draining.set()
        for chore in chores { chore.cancel() }
        await services.triggerGracefulShutdown()
        let deadline = Task { [stopTime, running, connections, engine] in
            // The rest is for these requests to write down what they have, and to say so.
            try await Task.sleep(for: stopTime * 0.8)
            connections.endBodies()
            engine.scanner?.cancel()
            try await Task.sleep(for: stopTime * 0.1)
            running.cancel()
        }
        await running.value
        deadline.cancel()
        leases.cancel()
        for chore in chores + [leases] { await chore.value }
        let broker = engine.registry.broker
        try? await broker.eventLoop.flatSubmit { broker.stop() }.get()
        await engine.scanner?.stop()
        try? await pool.shutdownGracefully()
    }

    /// The framework logs each start and request at info; here only what is wrong matters.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(.warning, logger.logLevel)
        return logger
    }
}
