import Logging
import NIOCore

/// Stops accepting at the limit of connections and when the process is out of descriptors, and begins again.
///
/// NIO accepts as long as something reads; at EMFILE that turns one core for nothing. The gate holds the read back: the
/// kernel's backlog then queues who comes, and nothing is polled. `@unchecked Sendable`: confined to the listener's
/// loop, but for ``connectionClosed()``, which may be called from any.
final class AcceptGate: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// Pause after the kernel refused a descriptor, unless a connection of ours ends sooner.
    static let retryAfter = TimeAmount.milliseconds(250)

    private let connectionsMax: Int
    /// Accepting begins again here, a little below the limit, so that it does not flap at each connection.
    private let lowMark: Int
    private let counters: ServerCounters
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var isReadHeld = false
    /// Asked for by the owner of the server.
    private var isPaused = false
    /// The kernel has no descriptor for us.
    private var isExhausted = false

    init(connectionsMax: Int, counters: ServerCounters, logger: Logger) {
        self.connectionsMax = connectionsMax
        self.lowMark = connectionsMax - max(1, min(connectionsMax / 50, 64))
        self.counters = counters
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        let isFull = counters.connections.value >= connectionsMax
        setAtCapacity(isFull || isExhausted)
        guard isFull || isExhausted || isPaused else { return context.read() }
        isReadHeld = true
        // A connection that ended between the two lines above saw no one waiting: look again.
        if isFull { reopenIfPossible() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        counters.connections.add(1)
        counters.accepted.add(1)
        let loop = context.eventLoop
        unwrapInboundIn(data).closeFuture.whenComplete { _ in self.connectionClosed(on: loop) }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, OperatingSystem.isExhaustion(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        isExhausted = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.retryAfter) {
            self.isExhausted = false
            self.reopenIfPossible()
        }
    }

    func setPaused(_ isPaused: Bool) {
        self.isPaused = isPaused
        reopenIfPossible()
    }

    private func connectionClosed(on loop: any EventLoop) {
        counters.connections.add(-1)
        guard counters.atCapacity.value == 1 else { return }
        loop.execute { self.reopenIfPossible() }
    }

    private func reopenIfPossible() {
        let connections = counters.connections.value
        guard let context, isReadHeld, !isPaused, !isExhausted, connections <= lowMark else { return }
        isReadHeld = false
        setAtCapacity(false)
        context.read()
    }

    private func setAtCapacity(_ isAtCapacity: Bool) {
        guard counters.atCapacity.set(isAtCapacity ? 1 : 0) != (isAtCapacity ? 1 : 0) else { return }
        if isAtCapacity {
            counters.capacityPauses.add(1)
            logger.warning("at capacity, not accepting", metadata: ["connections_max": "\(connectionsMax)"])
        } else {
            logger.info("accepting again")
        }
    }
}
