import Logging
import NIOCore

/// Whether a link can be used.
public enum RedisLinkState: Sendable, Hashable {
    case up(RedisServerInfo)
    /// Why, in words for a log.
    case down(reason: String)
}

/// What the two kinds of link do with a connection that passed its handshake. Called on the link's event loop.
protocol LinkUser: AnyObject {
    func linkOpened(_ server: RedisServerInfo)
    func linkReceived(_ reply: RESPValue)
    func linkReceived(_ messages: [ChannelMessage])
    /// The connection is gone or could not be made.
    func linkLost(because error: RedisError)
    /// The name of a channel whose messages are wanted; called while bytes are parsed.
    func channelName(_ bytes: UnsafeRawBufferPointer) -> String?
}

/// Keeps one connection to a server: the driver of ``LinkMachine`` and ``Handshake``. Bound to `eventLoop`.
final class Link: @unchecked Sendable {
    let settings: RedisSettings
    let eventLoop: any EventLoop
    private let logger: Logger
    private let takesMessages: Bool
    private let dialler: Dialler
    weak var user: (any LinkUser)?

    private var machine: LinkMachine
    private var handshake: Handshake
    /// nil while there is none, or none that is still of use.
    private var connection: RedisConnection?
    private var retry: Scheduled<Void>?
    private var deadline: Scheduled<Void>?
    /// Sockets that are not closed yet, the current one among them.
    private var openChannels = 0
    private var stopPromise: EventLoopPromise<Void>?

    init(settings: RedisSettings, eventLoop: any EventLoop, logger: Logger, takesMessages: Bool) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.takesMessages = takesMessages
        var logger = logger
        logger[metadataKey: "redis"] = "\(settings)"
        self.logger = logger
        dialler = Dialler(settings: settings, eventLoop: eventLoop)
        machine = LinkMachine(stableAfter: TimeAmount(settings.backoff.maximum))
        handshake = Handshake(settings)
    }

    var isUp: Bool { machine.isUp }

    var isStopped: Bool { stopPromise != nil }

    func start() { run(machine.started()) }

    func stop() -> EventLoopFuture<Void> {
        if let stopPromise { return stopPromise.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        stopPromise = promise
        retry?.cancel()
        run(machine.stopRequested())
        finishIfStopped()
        return promise.futureResult
    }

    /// Hands bytes to the socket of a link that is up.
    func write(_ buffer: ByteBuffer) { connection?.write(buffer) }

    /// Gives the connection up and makes another. A link without one goes on dialling.
    func drop(because error: RedisError) {
        guard connection != nil else { return }
        giveUp(because: error)
    }

    private func run(_ action: LinkMachine.Action) {
        switch action {
        case .none: break
        case .dial: dial()
        case .handshake: shakeHands()
        case .close: close()
        case .wait(let failures): wait(failures)
        }
    }

    private func dial() {
        dialler.dial { [self] in
            let wanted: ((UnsafeRawBufferPointer) -> String?)? =
                takesMessages ? { [weak self] in self?.user?.channelName($0) } : nil
            let sink = ReplySink(limits: settings.limits, channel: wanted)
            return try RedisConnection(sink: sink, limits: settings.limits, receiver: self)
        }.whenComplete { [self] result in
            switch result {
            case .success(let connection): dialled(connection)
            case .failure(let error):
                giveUp(because: RedisError(.disconnected, "No connection to \(settings.address).", cause: error))
            }
        }
    }

    private func dialled(_ connection: RedisConnection) {
        self.connection = connection
        if let closed = connection.closed() {
            openChannels += 1
            closed.whenComplete { [self] _ in
                openChannels -= 1
                finishIfStopped()
            }
        }
        run(machine.connected())
        guard connection.hasEnded, connection === self.connection else { return }
        giveUp(because: RedisError(.disconnected, "The connection was closed at once."))
    }

    private func shakeHands() {
        handshake = Handshake(settings)
        var buffer = ByteBuffer()
        do throws(RedisError) {
            for command in handshake.commands { try command.write(to: &buffer) }
        } catch {
            return giveUp(because: error)
        }
        deadline = eventLoop.scheduleTask(in: TimeAmount(settings.connectTimeout)) { [self] in
            giveUp(because: RedisError(.disconnected, "The server did not answer within \(settings.connectTimeout)."))
        }
        connection?.write(buffer)
    }

    private func close() {
        deadline?.cancel()
        connection?.close()
        connection = nil
    }

    private func wait(_ failures: Int) {
        let wait = settings.backoff.wait(afterFailures: failures, random: Double.random(in: 0...1))
        retry = eventLoop.scheduleTask(in: TimeAmount(wait)) { [self] in run(machine.waited()) }
    }

    /// Ends the connection, or the attempt to make one, for this link; its socket may take a while to close.
    private func giveUp(because error: RedisError) {
        close()
        logger.debug("redis connection ended", metadata: ["reason": "\(error)"])
        run(machine.failed(at: .now()))
        if !isStopped { user?.linkLost(because: error) }
        finishIfStopped()
    }

    private func finishIfStopped() {
        guard machine.isStopped, openChannels == 0 else { return }
        stopPromise?.succeed()
    }

    private func shookHands(_ reply: RESPValue) {
        switch handshake.received(reply) {
        case .wait: break
        case .fail(let error): giveUp(because: error)
        case .finish(let server):
            deadline?.cancel()
            machine.becameUp(at: .now())
            user?.linkOpened(server)
        }
    }
}

extension Link: RedisConnectionReceiver {
    func received(_ replies: [RESPValue], from connection: RedisConnection) {
        for reply in replies {
            guard connection === self.connection else { return }
            if isUp { user?.linkReceived(reply) } else { shookHands(reply) }
        }
    }

    func received(_ messages: [ChannelMessage], from connection: RedisConnection) {
        guard connection === self.connection else { return }
        user?.linkReceived(messages)
    }

    func ended(_ connection: RedisConnection, because error: RedisError) {
        guard connection === self.connection else { return }
        giveUp(because: error)
    }
}
