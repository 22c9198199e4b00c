import Logging
import NIOCore

/// Stops accepting at the limit of connections and when the process is out of descriptors, and begins again.
///
/// NIO accepts as long as something reads; at EMFILE that turns one core for nothing. The gate holds the read back: the
/// kernel's backlog then queues who comes, and nothing is polled. `@unchecked Sendable`: confined to the listener's
/// loop, but for ``connectionClosed(on:)``, which may be called from any.
final class AcceptGate: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// Why nobody is let in.
    struct Obstacles: OptionSet {
        let rawValue: UInt8
        /// From `connectionsMax` down to the low mark.
        static let full = Obstacles(rawValue: 1)
        /// The kernel has no descriptor or no memory for us.
        static let exhausted = Obstacles(rawValue: 2)
        /// Asked for by the owner of the server.
        static let paused = Obstacles(rawValue: 4)
    }

    /// How often the kernel is asked for a descriptor after it refused one.
    static let retryAfter = TimeAmount.milliseconds(250)

    private let connectionsMax: Int
    /// Accepting begins again here, a little below the limit, so that it does not flap at each connection.
    private let lowMark: Int
    private let counters: ServerCounters
    private let logger: Logger
    private var context: ChannelHandlerContext?
    private var obstacles: Obstacles = []
    /// NIO asked to read and was not let.
    private var isReadHeld = false
    /// Reading is switched off at the channel. A failed accept leaves NIO's read pending, so it does not ask again, and
    /// the selector would report the same waiting connection for ever.
    private var isSwitchedOff = false

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
        count()
        guard !obstacles.isEmpty else { return context.read() }
        isReadHeld = true
        // A connection that ended between the two lines above saw no one waiting: look again.
        reopenIfPossible()
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
        guard !obstacles.contains(.exhausted) else { return }
        obstacles.insert(.exhausted)
        tellCapacity()
        isSwitchedOff = true
        switchReading(on: false)
        tryAgainLater()
    }

    func setPaused(_ isPaused: Bool) {
        if isPaused { obstacles.insert(.paused) } else { obstacles.remove(.paused) }
        reopenIfPossible()
    }

    private func connectionClosed(on loop: any EventLoop) {
        counters.connections.add(-1)
        guard counters.atCapacity.value == 1 else { return }
        loop.execute { self.reopenIfPossible() }
    }

    private func tryAgainLater() {
        context?.eventLoop.assumeIsolated().scheduleTask(in: Self.retryAfter) { [self] in
            // Asked of the kernel and not by accepting: readiness would come and go with each attempt.
            guard OperatingSystem.hasRoomForASocket else { return tryAgainLater() }
            obstacles.remove(.exhausted)
            reopenIfPossible()
        }
    }

    private func reopenIfPossible() {
        count()
        guard let context, obstacles.isEmpty else { return }
        if isSwitchedOff {
            isSwitchedOff = false
            switchReading(on: true)
        }
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    private func count() {
        let connections = counters.connections.value
        if connections >= connectionsMax {
            obstacles.insert(.full)
        } else if connections <= lowMark {
            obstacles.remove(.full)
        }
        tellCapacity()
    }

    /// Takes effect at once: this is the channel's loop. Fails only where the channel is closed, and then nothing is read.
    private func switchReading(on isOn: Bool) {
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isOn)
    }

    private func tellCapacity() {
        let isAtCapacity = !obstacles.isDisjoint(with: [.full, .exhausted])
        guard counters.atCapacity.set(isAtCapacity ? 1 : 0) != (isAtCapacity ? 1 : 0) else { return }
        if isAtCapacity {
            counters.capacityPauses.add(1)
            logger.warning(
                "at capacity, not accepting",
                metadata: [
                    "connections_max": "\(connectionsMax)",
                    "limit": obstacles.contains(.exhausted) ? "descriptors" : "connections",
                ])
        } else {
            logger.info("accepting again")
        }
    }
}
