public import Logging
public import NIOCore
import NIOConcurrencyHelpers
import NIOHTTP1
import NIOPosix

/// A listening socket and the WebSockets that came in through it.
///
/// Every connection lives on one loop of the group with everything that concerns it; what the loop's connections share is
/// in ``ConnectionLoop``.
public final class WebSocketListener: Sendable {
    private enum State {
        case idle
        case listening(any Channel, AcceptGate)
        /// The listening socket is closed; connections may live on.
        case closed
    }

    private let settings: WebSocketServerSettings
    private let application: any WebSocketApplication
    private let logger: Logger
    private let group: any EventLoopGroup
    private let loops: [ConnectionLoop]
    private let counters = ServerCounters()
    private let state = NIOLockedValueBox(State.idle)

    public init(
        settings: WebSocketServerSettings, group: any EventLoopGroup, application: any WebSocketApplication,
        logger: Logger
    ) {
        let counters = self.counters
        let eventLoops = Array(group.makeIterator())
        self.settings = settings
        self.application = application
        self.logger = logger
        self.group = group
        self.loops = eventLoops.enumerated().map { index, eventLoop in
            ConnectionLoop(
                eventLoop: eventLoop, index: index, count: eventLoops.count, settings: settings, counters: counters)
        }
    }

    public var counts: WebSocketServerCounts { counters.snapshot }

    /// Whether new connections wait in the kernel because the limit of connections or descriptors is reached.
    public var isAtCapacity: Bool { counters.atCapacity.value == 1 }

    /// Connections taken at once: the setting, or less when the process may not have that many descriptors.
    public var connectionsMax: Int {
        guard let files = OperatingSystem.openFilesMax else { return settings.limits.connectionsMax }
        return max(1, min(settings.limits.connectionsMax, files - settings.limits.descriptorsReserved))
    }

    /// Binds and begins to accept.
    /// - Returns: The address it listens on, with the port that was chosen where the setting is 0.
    /// - Throws: ``WebSocketServerError``.
    public func start() async throws -> SocketAddress {
        try settings.validate()
        guard state.withLockedValue({ if case .idle = $0 { true } else { false } }) else {
            throw WebSocketServerError(.alreadyStarted, "this listener was started before")
        }
        if connectionsMax < settings.limits.connectionsMax {
            logger.warning(
                "fewer connections than set: raise the limit of open files",
                metadata: ["connections_max": "\(connectionsMax)"])
        }
        let gate = AcceptGate(connectionsMax: connectionsMax, counters: counters, logger: logger)
        let channel: any Channel
        do {
            channel = try await bootstrap(gate).bind(host: settings.host, port: settings.port).get()
        } catch {
            throw WebSocketServerError(.cannotListen, "cannot listen on \(settings.host):\(settings.port): \(error)")
        }
        for loop in loops { loop.start() }
        state.withLockedValue { $0 = .listening(channel, gate) }
        guard let address = channel.localAddress else {
            throw WebSocketServerError(.cannotListen, "the listening socket has no address")
        }
        return address
    }

    /// Leaves new connections in the kernel's backlog until ``resumeAccepting()``.
    public func pauseAccepting() { setPaused(true) }

    public func resumeAccepting() { setPaused(false) }

    /// Closes the listening socket; connections live on.
    public func stopAccepting() async {
        let previous = state.withLockedValue { state in
            defer { state = .closed }
            return state
        }
        guard case .listening(let channel, _) = previous else { return }
        try? await channel.close()
    }

    /// Stops accepting, closes every connection with 1001 and returns when the last is gone; those that take longer than
    /// `deadline` are reset.
    public func stop(deadline: NIODeadline) async {
        await stopAccepting()
        let drained = loops.map { $0.drain(deadline: deadline) }
        for future in drained { try? await future.get() }
        for loop in loops { loop.stop() }
    }

    private func setPaused(_ isPaused: Bool) {
        guard case .listening(let channel, let gate) = state.withLockedValue({ $0 }) else { return }
        channel.eventLoop.execute { gate.setPaused(isPaused) }
    }

    private func bootstrap(_ gate: AcceptGate) -> ServerBootstrap {
        let limits = settings.limits
        let make = PipelineMaker(settings: settings, application: application, loops: loops)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: CInt(settings.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // One accept per readiness, so that the gate is asked before each and the limit is exact.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(gate) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 16384)
            )
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: limits.outboundBytesLow, high: limits.outboundBytesHigh)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try make(channel) }
            }
    }
}
