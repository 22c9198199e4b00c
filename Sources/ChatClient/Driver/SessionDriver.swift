import ChatWire
import NIOCore
import NIOPosix

/// Performs what a ``SessionMachine`` asks for: opens and closes channels, writes frames, keeps the timer, and
/// hands events out.
///
/// Everything in it belongs to ``loop``; methods marked so may be called from anywhere. Events go through a
/// bounded queue: when the application does not take them, the connections are no longer read, and the edge
/// notices as it would with any slow consumer.
final class SessionDriver: LinkDelegate, @unchecked Sendable {
    typealias Events = NIOAsyncSequenceProducer<
        SessionEvent, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, EventsDelegate
    >

    let loop: any EventLoop
    private let connector: LinkConnector
    private let outboxStore: OutboxStore?
    /// Gives another token; nil where it gives none.
    private let renewToken: (@Sendable () async throws -> String?)?
    private var renewal: Task<Void, Never>?
    private var machine: SessionMachine
    private var events: Events.Source?
    /// Connections whose TCP connect is under way.
    private var connecting: Set<LinkID> = []
    private var channels: [LinkID: any Channel] = [:]
    private var answers: [RequestID: EventLoopPromise<Answer>] = [:]
    private var requestsMade = 0
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var isPaused = false
    /// Why no connection works; nil while one does.
    private(set) var trouble: String?
    /// Succeeds when the session is over and its channels are closed.
    private let over: EventLoopPromise<Void>
    private var hasEnded = false

    init(
        machine: SessionMachine, connector: LinkConnector, outboxStore: OutboxStore?,
        renewToken: (@Sendable () async throws -> String?)? = nil
    ) {
        self.renewToken = renewToken
        self.machine = machine
        self.connector = connector
        self.outboxStore = outboxStore
        loop = connector.loop
        over = loop.makePromise()
    }

    var whenOver: EventLoopFuture<Void> { over.futureResult }

    /// - Parameter time: milliseconds since 1970, now.
    func start(_ source: Events.Source, restored: [KeptMessage], time: UInt64) {
        events = source
        let now = NIODeadline.now()
        for kept in restored {
            let firstTry = kept.firstTry(at: now, time: time)
            _ = try? machine.send(kept.message, place: kept.place, firstTry: firstTry, at: now)
        }
        perform(machine.start(at: now))
    }

    /// Feeds the machine; for the session's own methods.
    func change(_ body: (inout SessionMachine, NIODeadline) -> [SessionMachine.Action]) {
        perform(body(&machine, .now()))
    }

    func place(in room: RoomName) -> Place? { machine.place(in: room) }

    func send(_ message: OutgoingMessage, _ place: Place?) throws -> Bool {
        guard !hasEnded, let actions = try machine.send(message, place: place, at: .now()) else { return false }
        perform(actions)
        return true
    }

    func request(_ kind: Request.Kind) -> (RequestID, EventLoopFuture<Answer>) {
        requestsMade += 1
        let id = RequestID(number: requestsMade)
        let promise = loop.makePromise(of: Answer.self)
        if case .stopped(let reason) = machine.reconnect.state {
            promise.fail(RequestError.stopped(reason))
        } else {
            answers[id] = promise
            if let actions = machine.request(id, kind, at: .now()) {
                perform(actions)
            } else {
                answers.removeValue(forKey: id)?.fail(RequestError.tooMany)
            }
        }
        return (id, promise.futureResult)
    }

    func cancel(_ id: RequestID) {
        machine.cancel(id)
        answers.removeValue(forKey: id)?.fail(CancellationError())
    }

    private func perform(_ actions: [SessionMachine.Action]) {
        for action in actions { perform(action) }
        schedule()
    }

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .connect(let link):
            connect(link)
        case .write(let frame, let link):
            write(.text(frame.encode()), to: link)
        case .close(let link, let code):
            close(link, code)
        case .tell(let event):
            note(event)
            if events?.yield(event) == .stopProducing { pause(true) }
        case .answer(let id, let result):
            answers.removeValue(forKey: id)?.completeWith(result.mapError { $0 })
        case .place(let message, let place):
            self.place(message, place)
        case .settled(let message):
            outboxStore?.settled(message)
        case .renewToken:
            fetchToken()
        case .end:
            hasEnded = true
            renewal?.cancel()
            events?.finish()
            finishIfOver()
        }
    }

    private func note(_ event: SessionEvent) {
        switch event {
        case .connected: trouble = nil
        case .disconnected(let reason, _, _): trouble = reason
        default: break
        }
    }

    private func place(_ message: OutgoingMessage, _ place: Place) {
        guard let outboxStore else { return }
        outboxStore.placed(message, place, on: loop).whenComplete { [weak self] _ in
            guard let self else { return }
            perform(machine.placed(message, at: .now()))
        }
    }

    /// It may run a command, and ask a person: the loop does not wait.
    private func fetchToken() {
        guard let renewToken else { return }
        renewal = Task { [loop] in
            let outcome: TokenRenewal
            do {
                outcome = try await renewToken().map { .renewed($0) } ?? .unchanged
            } catch {
                outcome = .failed(CommandFailure(error).message ?? "\(error)")
            }
            loop.execute { self.tokenFetched(outcome) }
        }
    }

    private func tokenFetched(_ outcome: TokenRenewal) {
        renewal = nil
        perform(machine.renewed(outcome, at: .now()))
        finishIfOver()
    }

    /// Deadlines mostly move into the future, with every frame heard: a timer that is early is left to fire, finds
    /// nothing to do, and is set anew.
    private func schedule() {
        guard !hasEnded, let deadline = machine.deadline else { return }
        if let timer, timer.at <= deadline { return }
        timer?.task.cancel()
        let task = loop.scheduleTask(deadline: deadline) { [weak self] () -> Void in self?.timerFired() }
        timer = (task, deadline)
    }

    private func timerFired() {
        timer = nil
        let now = NIODeadline.now()
        if isPaused {
            // Nothing is heard because nothing is read.
            for link in channels.keys { machine.heard(link, at: now) }
        }
        perform(machine.timerFired(at: now))
    }
}

/// The connections.
extension SessionDriver {
    private func connect(_ link: LinkID) {
        connecting.insert(link)
        connector.connect(link, delegate: self).whenComplete { [self] result in
            switch result {
            case .success(let channel):
                if connecting.remove(link) != nil { channels[link] = channel } else { channel.close(promise: nil) }
            case .failure(let error):
                ended(link, .failed(TransportError.words(error)))
            }
        }
    }

    private func write(_ command: LinkCommand, to link: LinkID) {
        channels[link]?.writeAndFlush(command, promise: nil)
    }

    private func close(_ link: LinkID, _ code: CloseCode) {
        connecting.remove(link)
        guard let channel = channels[link] else { return }
        // Before the upgrade there is nobody to say goodbye to.
        guard (try? channel.pipeline.syncOperations.handler(type: LinkHandler.self)) != nil else {
            return channel.close(promise: nil)
        }
        channel.setOption(.autoRead, value: true).whenComplete { _ in
            channel.writeAndFlush(LinkCommand.close(code), promise: nil)
        }
    }

    private func pause(_ paused: Bool) {
        isPaused = paused
        for channel in channels.values { _ = channel.setOption(.autoRead, value: !paused) }
    }

    /// The application took what was queued.
    func resumeReading() { pause(false) }

    func opened(_ link: LinkID) { perform(machine.opened(link, at: .now())) }

    func heard(_ link: LinkID) { machine.heard(link, at: .now()) }

    func received(_ text: ByteBuffer, on link: LinkID) {
        do {
            if let frame = try ServerFrame.decode(text) {
                perform(machine.received(frame, on: link, at: .now()))
            }
        } catch {
            // What cannot be read cannot be trusted to leave nothing out: a new connection starts from known ground.
            perform(machine.unreadable(link, at: .now()))
        }
    }

    func ended(_ link: LinkID, _ ending: LinkEnding) {
        guard channels.removeValue(forKey: link) != nil || connecting.remove(link) != nil else { return }
        perform(machine.closed(link, ending, at: .now()))
        finishIfOver()
    }

    private func finishIfOver() {
        guard hasEnded, channels.isEmpty, connecting.isEmpty, renewal == nil else { return }
        timer?.task.cancel()
        over.succeed()
    }
}

/// Carries what the application does with its events back to the session's loop.
struct EventsDelegate: NIOAsyncSequenceProducerDelegate {
    let driver: SessionDriver

    func produceMore() {
        driver.loop.execute { driver.resumeReading() }
    }

    /// Nobody listens any more: the session ends.
    func didTerminate() {
        driver.loop.execute { driver.change { $0.close(at: $1) } }
    }
}
