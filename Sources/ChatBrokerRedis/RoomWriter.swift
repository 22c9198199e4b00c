import ChatBroker
import ChatWire
import HiredisClient
import NIOCore

/// A write with someone who waits for its outcome.
protocol PendingWrite: RoomWrite {
    associatedtype Outcome: Sendable
    var promise: EventLoopPromise<Outcome> { get }
}

/// The driver of ``RoomQueues``: sends its batches, and tells each writer the outcome. Bound to one event loop.
final class RoomWriter<Write: PendingWrite>: @unchecked Sendable {
    typealias Send = (RoomName, [Write]) -> EventLoopFuture<[Result<Write.Outcome, RedisError>]>

    private let eventLoop: any EventLoop
    private let send: Send
    /// Called before batches are sent, on the same link: what must be there before them.
    private let prepare: ([RoomQueues<Write>.Batch]) -> Void
    private var queues: RoomQueues<Write>
    private var isUp = false
    private var isFlushScheduled = false
    private var isStopped = false

    init(
        eventLoop: any EventLoop, limits: QueueLimits, retryFor: Duration,
        prepare: @escaping ([RoomQueues<Write>.Batch]) -> Void = { _ in }, send: @escaping Send
    ) {
        self.eventLoop = eventLoop
        self.prepare = prepare
        self.send = send
        queues = RoomQueues(limits: limits, retryFor: TimeAmount(retryFor))
    }

    func write(_ write: Write, to room: RoomName) {
        guard !isStopped else { return write.promise.fail(Self.stopped) }
        guard isUp || write.survivesOutage else { return write.promise.fail(Self.unavailable) }
        switch queues.offer(write, to: room) {
        case .refused: write.promise.fail(BrokerError(.overloaded, "Too much waits for Redis."))
        case .unavailable: write.promise.fail(BrokerError(.unavailable, "Redis refuses writes."))
        case .waits: break
        case .due: scheduleFlush()
        }
    }

    func linkChanged(isUp: Bool) {
        self.isUp = isUp
        if isUp {
            retry(isLinkNew: true)
            scheduleFlush()
        } else {
            for write in queues.takeWaiting() { write.promise.fail(Self.unavailable) }
        }
    }

    /// Asks again what is held; called at each tick.
    func retry() { retry(isLinkNew: false) }

    private func retry(isLinkNew: Bool) {
        guard isUp, !queues.isEmpty else { return }
        let (batches, givenUp) = queues.retry(at: .now(), isLinkNew: isLinkNew)
        start(batches)
        for write in givenUp {
            write.promise.fail(BrokerError(.unknown, "Redis did not come back in time to tell what became of it."))
        }
    }

    func stop() {
        isStopped = true
        let (maybeStored, unsent) = queues.takeAll()
        for write in maybeStored {
            write.promise.fail(BrokerError(.unknown, "The broker was stopped before Redis answered."))
        }
        for write in unsent { write.promise.fail(Self.stopped) }
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.assumeIsolated().execute { [self] in
            isFlushScheduled = false
            guard isUp else { return }
            start(queues.takeDue(at: .now()))
        }
    }

    private func start(_ batches: [RoomQueues<Write>.Batch]) {
        guard !batches.isEmpty else { return }
        prepare(batches)
        for batch in batches { start(batch) }
    }

    private func start(_ batch: RoomQueues<Write>.Batch) {
        send(batch.room, batch.writes).assumeIsolated().whenComplete { [self] result in
            guard !isStopped else { return }
            switch result {
            case .success(let outcomes): finished(batch.room) { index, write in Self.finish(write, outcomes[index]) }
            case .failure(let error): failed(batch.room, WriteFailure(error))
            }
        }
    }

    private func failed(_ room: RoomName, _ failure: WriteFailure) {
        switch failure {
        case .lost:
            queues.lost(room)
        case .wrong(let error):
            finished(room) { _, write in write.promise.fail(error) }
        case .refused(let error):
            switch queues.refused(room, at: .now()) {
            case .held: break
            case .failed(let writes):
                scheduleFlush()
                for write in writes { write.promise.fail(error) }
            }
        }
    }

    /// The next batch is on its way before anyone hears of this one.
    private func finished(_ room: RoomName, _ tell: (Int, Write) -> Void) {
        let (done, next) = queues.finished(room, at: .now())
        if let next { start([next]) }
        for (index, write) in done.enumerated() { tell(index, write) }
    }

    private static func finish(_ write: Write, _ outcome: Result<Write.Outcome, RedisError>) {
        switch outcome {
        case .success(let value): write.promise.succeed(value)
        case .failure(let error): write.promise.fail(BrokerError(reading: error))
        }
    }

    private static var stopped: BrokerError { BrokerError(.stopped, "The broker was stopped.") }
    private static var unavailable: BrokerError { BrokerError(.unavailable, "The link to Redis is down.") }
}

/// A draft and who waits for its receipt.
struct PendingDraft: PendingWrite {
    var draft: Draft
    var promise: EventLoopPromise<Receipt>

    var byteCount: Int { draft.tail.readableBytes + draft.key.utf8.count + draft.user.value.utf8.count + 32 }
    var exclusion: String? { nil }
    var survivesOutage: Bool { false }
}

/// A presence change and who waits for its number (``ApplyPresence``).
struct PendingChange: PendingWrite {
    var change: ApplyPresence.Change
    var promise: EventLoopPromise<UInt64>

    var byteCount: Int { 256 }
    var exclusion: String? { change.occupant.session.value }
    /// A leave that is given up would leave the member there for as long as the node lives.
    var survivesOutage: Bool {
        switch change {
        case .enter: false
        case .reassert, .leave: true
        }
    }
}
