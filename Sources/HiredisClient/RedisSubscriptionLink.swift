public import Logging
public import NIOCore

/// A link for subscriptions: it keeps the channels that are wanted over reconnects, until stopped.
///
/// Bound to `eventLoop`: everything is called there, and closures and futures are called and complete there.
/// An error of the server (no permission, for one) ends the connection, and the reason is reported; it tries again.
public final class RedisSubscriptionLink: @unchecked Sendable {
    public let eventLoop: any EventLoop
    /// Called at every change, and when the reason for being down changes. `.up` comes when the server has confirmed every
    /// channel that was wanted as the connection opened. Set before `start`.
    public var onStateChange: (RedisLinkState) -> Void = { _ in }
    /// Called once per read of the socket with all messages of that read, in order. Set before `start`.
    public var onMessages: ([ChannelMessage]) -> Void = { _ in }

    private let link: Link
    private var machine: SubscriptionMachine
    private var server: RedisServerInfo?
    private var isFlushScheduled = false
    private var reported: RedisLinkState?
    /// Set while confirmations are awaited.
    private var deadline: Scheduled<Void>?

    public init(settings: RedisSettings, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        link = Link(settings: settings, eventLoop: eventLoop, logger: logger, takesMessages: true)
        machine = SubscriptionMachine(limits: settings.limits)
        link.user = self
    }

    /// Whether everything that was wanted is received.
    public var isUp: Bool { link.isUp && machine.isRestored }

    public func start() {
        eventLoop.assertInEventLoop()
        link.start()
    }

    /// Completes when no socket and no timer is left. Who waits for a subscription is told `.stopped`.
    public func stop() -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        let stopped = link.stop()
        deadline?.cancel()
        for waiter in machine.stopped() { waiter(.failure(Self.stopped)) }
        return stopped
    }

    /// Gives the connection up and makes another: for a server that does not answer.
    public func close(reason: String) {
        eventLoop.assertInEventLoop()
        link.drop(because: RedisError(.disconnected, reason))
    }

    /// Completes when the server has confirmed the channel, which waits for a link where there is none. Fails with
    /// ``RedisError`` `.unsubscribed`, `.overloaded` or `.stopped` only.
    ///
    /// - Parameter isFirst: whether a new connection asks for it before the channels that are not: with many channels
    ///   the last come seconds after the first.
    public func subscribe(_ channel: String, isFirst: Bool = false) -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        guard !link.isStopped else { return eventLoop.makeFailedFuture(Self.stopped) }
        let promise = eventLoop.makePromise(of: Void.self)
        machine.subscribe(channel, isFirst: isFirst) { promise.completeWith($0.mapError { $0 as any Error }) }
        scheduleFlush()
        return promise.futureResult
    }

    /// Messages of the channel that are on their way are not delivered any more.
    public func unsubscribe(_ channel: String) {
        eventLoop.assertInEventLoop()
        let waiters = machine.unsubscribe(channel)
        scheduleFlush()
        for waiter in waiters { waiter(.failure(Self.unsubscribed)) }
        reportIfRestored()
    }

    /// Commands leave at the end of the tick, so that many channels go into one.
    private func scheduleFlush() {
        guard link.isUp, !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    private func flush() {
        guard link.isUp else { return }
        var buffer = ByteBuffer()
        do throws(RedisError) {
            while let command = machine.nextCommand() {
                switch command {
                case .subscribe(let channels): try Subscribe(channels: channels).arguments.write(to: &buffer)
                case .unsubscribe(let channels): try Unsubscribe(channels: channels).arguments.write(to: &buffer)
                }
            }
        } catch {
            return link.drop(because: error)
        }
        guard buffer.readableBytes > 0 else { return }
        link.write(buffer)
        if deadline == nil { watchConfirmations() }
    }

    /// Gives up a connection on which confirmations are awaited and none comes.
    private func watchConfirmations() {
        let seen = machine.confirmations
        let timeout = link.settings.connectTimeout
        deadline = eventLoop.scheduleTask(in: TimeAmount(timeout)) { [self] in
            deadline = nil
            guard machine.unconfirmed > 0 else { return }
            guard machine.confirmations == seen else { return watchConfirmations() }
            link.drop(because: RedisError(.disconnected, "The server confirmed no subscription within \(timeout)."))
        }
    }

    private func reportIfRestored() {
        guard let server, isUp else { return }
        report(.up(server))
    }

    private func report(_ state: RedisLinkState) {
        guard state != reported else { return }
        reported = state
        onStateChange(state)
    }

    private static let unsubscribed = RedisError(
        .unsubscribed, "The channel was unsubscribed before its subscription was confirmed.")
    private static let stopped = RedisError(.stopped, "The link is stopped.")
}

extension RedisSubscriptionLink: LinkUser {
    func linkOpened(_ server: RedisServerInfo) {
        self.server = server
        machine.connected()
        flush()
        reportIfRestored()
    }

    func linkReceived(_ reply: RESPValue) {
        do throws(RedisError) {
            let confirmation = try SubscriptionConfirmation(reply)
            let waiters = try machine.confirmed(isSubscribed: confirmation.isSubscribed, confirmation.channel)
            scheduleFlush()
            for waiter in waiters { waiter(.success(())) }
            reportIfRestored()
        } catch {
            link.drop(because: error)
        }
    }

    func linkReceived(_ messages: [ChannelMessage]) { onMessages(messages) }

    func linkLost(because error: RedisError) {
        deadline?.cancel()
        deadline = nil
        server = nil
        machine.disconnected()
        report(.down(reason: error.description))
    }

    func channelName(_ bytes: UnsafeRawBufferPointer) -> String? { machine.name(bytes) }
}
