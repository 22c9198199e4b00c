import NIOCore

/// A connection as its loop sees it, before and after the upgrade. Confined to the loop.
protocol LoopMember: AnyObject {
    /// Its place in the loop's list; written by the loop alone.
    var loopIndex: Int { get set }
    /// Looks at its deadlines.
    func sweep(now: NIODeadline)
    /// Begins to close in an orderly way.
    func shutDown()
    /// Ends at once.
    func abort()
}

/// What the connections of one event loop share: one sweep instead of a timer each, one flush at the end of a tick, the
/// scratch buffer and the budget of unfinished messages.
///
/// `@unchecked Sendable`: every stored variable is confined to ``eventLoop``; only ``start()``, ``stop()`` and
/// ``drain(deadline:)`` may be called from elsewhere.
final class ConnectionLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let settings: WebSocketServerSettings
    let counters: ServerCounters
    /// This loop's share of `unfinishedBytesMax`.
    private let unfinishedBytesMax: Int

    /// The time of the last sweep: close enough for deadlines of seconds, and free.
    private(set) var now = NIODeadline.now()
    /// Where whole frames are unmasked to; empty between reads as far as anyone can tell.
    var scratch = ByteBuffer()
    private var unfinishedBytes = 0
    private var members: [any LoopMember] = []
    private var dirty: [WebSocketConnection] = []
    private var sweeping: RepeatedTask?
    private var emptied: [EventLoopPromise<Void>] = []
    private var nextID: UInt64

    /// - Parameters:
    ///   - index: This loop's place among `count`; keeps connection ids of different loops apart.
    init(eventLoop: any EventLoop, index: Int, count: Int, settings: WebSocketServerSettings, counters: ServerCounters)
    {
        self.eventLoop = eventLoop
        self.settings = settings
        self.counters = counters
        self.unfinishedBytesMax = max(settings.limits.messageBytesMax, settings.limits.unfinishedBytesMax / count)
        self.nextID = UInt64(index) << 48
    }

    func start() {
        eventLoop.execute {
            let interval = TimeAmount(self.settings.deadlines.sweep)
            self.sweeping = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                self.sweep()
            }
        }
    }

    func stop() {
        eventLoop.execute {
            self.sweeping?.cancel()
            self.sweeping = nil
        }
    }

    /// Closes every connection; succeeds when the last is gone. Those that have not gone by `deadline` are cut.
    func drain(deadline: NIODeadline) -> EventLoopFuture<Void> {
        eventLoop.flatSubmit {
            let promise = self.eventLoop.makePromise(of: Void.self)
            let cut = self.eventLoop.scheduleTask(deadline: deadline) { self.forEachMember { $0.abort() } }
            self.emptied.append(promise)
            self.forEachMember { $0.shutDown() }
            self.tellIfEmpty()
            return promise.futureResult.always { _ in cut.cancel() }
        }
    }

    func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    func add(_ member: any LoopMember) {
        member.loopIndex = members.count
        members.append(member)
    }

    func remove(_ member: any LoopMember) {
        let index = member.loopIndex
        guard members.indices.contains(index), members[index] === member else { return }
        let last = members.removeLast()
        if last !== member {
            members[index] = last
            last.loopIndex = index
        }
        member.loopIndex = -1
        tellIfEmpty()
    }

    /// Has the connection flushed once, at the end of this tick, however often it is written to until then.
    func flushLater(_ connection: WebSocketConnection) {
        if dirty.isEmpty { eventLoop.execute { self.flushDirty() } }
        dirty.append(connection)
    }

    /// Accounts for a change of what one connection holds unfinished; false when that is more than there is room for.
    func unfinishedChanged(by bytes: Int) -> Bool {
        unfinishedBytes += bytes
        return bytes <= 0 || unfinishedBytes <= unfinishedBytesMax
    }

    private func flushDirty() {
        var batch: [WebSocketConnection] = []
        swap(&batch, &dirty)
        for connection in batch { connection.flushNow() }
        guard dirty.isEmpty else { return }
        batch.removeAll(keepingCapacity: true)
        swap(&batch, &dirty)
    }

    private func sweep() {
        now = .now()
        forEachMember { $0.sweep(now: now) }
    }

    /// From the last to the first, so that a member that leaves meanwhile moves only one that was already visited.
    private func forEachMember(_ body: (any LoopMember) -> Void) {
        for index in members.indices.reversed() where index < members.count {
            body(members[index])
        }
    }

    private func tellIfEmpty() {
        guard members.isEmpty, !emptied.isEmpty else { return }
        for promise in emptied { promise.succeed() }
        emptied.removeAll()
    }
}
