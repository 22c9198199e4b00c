public import Logging
public import NIOCore

/// A link for commands: pipelined in order over one connection that is made again whenever it breaks, until stopped.
///
/// Bound to `eventLoop`: everything is called there, and closures and futures are called and complete there.
/// There is no time limit per command. A caller that finds the server stalled calls ``close(reason:)``.
public final class RedisCommandLink: @unchecked Sendable {
    /// Bytes that are handed to the socket before the tick ends, so that a burst does not make one huge buffer.
    private static let writeBytes = 64 << 10

    public let eventLoop: any EventLoop
    /// Called at every change, and when the reason for being down changes. Set before `start`.
    public var onStateChange: (RedisLinkState) -> Void = { _ in }
    /// A command was answered with `READONLY`: the server is a replica now. Set before `start`.
    public var onReadOnly: () -> Void = {}

    private let link: Link
    private var pending: PendingCommands
    /// What the commands of this tick say.
    private var outbound = ByteBuffer()
    private var isFlushScheduled = false
    private var reported: RedisLinkState?

    public init(settings: RedisSettings, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        link = Link(settings: settings, eventLoop: eventLoop, logger: logger, takesMessages: false)
        pending = PendingCommands(limits: settings.limits)
        link.user = self
    }

    /// Whether commands are taken.
    public var isUp: Bool { link.isUp }

    public func start() {
        eventLoop.assertInEventLoop()
        link.start()
    }

    /// Completes when no socket and no timer is left. Commands whose reply has not come fail: with `.lost` where they
    /// were sent, else with `.stopped`.
    public func stop() -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        let stopped = link.stop()
        failPending(sent: RedisError(.lost, "The link was stopped before the reply came."), unsent: Self.stopped)
        return stopped
    }

    /// Gives the connection up and makes another: for a server that does not answer.
    public func close(reason: String) {
        eventLoop.assertInEventLoop()
        link.drop(because: RedisError(.disconnected, reason))
    }

    /// Sends a command at the end of this tick of the loop.
    ///
    /// Fails with ``RedisError``: `.notSent`, `.overloaded` and `.stopped` where it did not leave this process, `.lost` where
    /// the reply never came, `.reply` where the server refused it, `.protocolViolation` where the reply does not read.
    public func send<Command: RedisCommand>(_ command: Command) -> EventLoopFuture<Command.Reply> {
        eventLoop.assertInEventLoop()
        let promise = eventLoop.makePromise(of: Command.Reply.self)
        do throws(RedisError) {
            try enqueue(command.arguments) { result in
                promise.completeWith(
                    result.flatMap { reply in
                        Result { () throws(RedisError) in
                            if case .error(let message) = reply { throw RedisError(.reply, message) }
                            return try command.decode(reply)
                        }
                    }.mapError { $0 as any Error })
            }
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    private func enqueue(_ command: RESPCommand, _ complete: @escaping PendingCommands.Completion) throws(RedisError) {
        guard !link.isStopped else { throw Self.stopped }
        guard link.isUp else { throw RedisError(.notSent, "There is no link to Redis.") }
        let byteCount = command.byteCount
        try pending.admit(byteCount: byteCount)
        try command.write(to: &outbound)
        pending.append(byteCount: byteCount, complete)
        if outbound.readableBytes >= Self.writeBytes { flush() }
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    private func flush() {
        guard link.isUp, outbound.readableBytes > 0 else { return }
        link.write(outbound)
        outbound = ByteBuffer()
        pending.sent()
    }

    private func failPending(sent: RedisError, unsent: RedisError) {
        outbound = ByteBuffer()
        let commands = pending.takeAll()
        for complete in commands.sent { complete(.failure(sent)) }
        for complete in commands.unsent { complete(.failure(unsent)) }
    }

    private func report(_ state: RedisLinkState) {
        guard state != reported else { return }
        reported = state
        onStateChange(state)
    }

    private static let stopped = RedisError(.stopped, "The link is stopped.")
}

extension RedisCommandLink: LinkUser {
    func linkOpened(_ server: RedisServerInfo) { report(.up(server)) }

    func linkReceived(_ reply: RESPValue) {
        guard let complete = pending.answered() else {
            link.drop(because: RedisError(.protocolViolation, "The server sent a reply to no command."))
            return
        }
        complete(.success(reply))
        if case .error(let message) = reply, message.hasPrefix("READONLY ") { onReadOnly() }
    }

    func linkReceived(_ messages: [ChannelMessage]) {}

    func linkLost(because error: RedisError) {
        failPending(
            sent: RedisError(.lost, "The link broke before the reply came.", cause: error),
            unsent: RedisError(.notSent, "The link broke before the command was sent.", cause: error))
        report(.down(reason: error.description))
    }

    func channelName(_ bytes: UnsafeRawBufferPointer) -> String? { nil }
}
