import ChatWire
import DequeModule
import NIOCore

/// A write that waits for its turn in its room.
protocol RoomWrite {
    var byteCount: Int { get }
    /// Two writes with the same one never go in the same batch; nil goes with any.
    var exclusion: String? { get }
    /// It waits while the link is down; the others are told at once.
    var survivesOutage: Bool { get }
}

/// What waits to be written, by room: one batch of a room is under way, the rest waits and goes as the next. Rooms take
/// turns for the batches that may be under way at a time.
///
/// A batch whose outcome is not known is held, before anything newer of its room, and asked again until
/// `retryFor` after it was first sent; its writes are idempotent. Of a batch that was refused the writes that survive an
/// outage are held in the same way, and meanwhile nothing else is taken in that room.
struct RoomQueues<Write: RoomWrite> {
    struct Batch {
        var room: RoomName
        var writes: [Write]
    }

    private struct Queue {
        var waiting: Deque<Write> = []
        var waitingBytes = 0
        var current: Current?
    }

    private struct Current {
        var batch: Batch
        var firstSent: NIODeadline
        var bytes: Int
        /// It was sent once and may have taken effect.
        var mayBeStored = false
        var phase = Phase.underWay
    }

    private enum Phase: Equatable {
        /// Left by `finished`, `lost`, `refused`.
        case underWay
        /// Its outcome is not known. Left by `retry`.
        case lost
        /// It was refused, and only writes that survive an outage are left of it. Left by `retry` once `until` is past.
        case refused(until: NIODeadline)
        /// To be sent again when it is the room's turn. Left by `takeDue`.
        case due
    }

    /// How long what was refused waits until it is sent again.
    static var refusalPause: TimeAmount { .seconds(1) }

    private let limits: QueueLimits
    private let retryFor: TimeAmount
    private var queues: [RoomName: Queue] = [:]
    /// Rooms that want to send a batch, in the order in which they came. One that does not any more is passed over.
    private var due: Deque<RoomName> = []
    private var underWay = 0
    private var items = 0
    private var bytes = 0

    init(limits: QueueLimits, retryFor: TimeAmount) {
        self.limits = limits
        self.retryFor = retryFor
    }

    var isEmpty: Bool { queues.isEmpty }

    enum Offer: Equatable {
        /// A limit is reached; it was not taken.
        case refused
        /// What is before it in its room was refused and waits to be sent again; it was not taken.
        case unavailable
        /// It goes when the room's batch under way is through.
        case waits
        /// Its room is idle: call ``takeDue(at:)`` at the end of the tick.
        case due
    }

    mutating func offer(_ write: Write, to room: RoomName) -> Offer {
        let size = write.byteCount
        var queue = queues[room] ?? Queue()
        if case .refused = queue.current?.phase, !write.survivesOutage { return .unavailable }
        guard items < limits.items, bytes + size <= limits.bytes, queue.waiting.count < limits.roomItems,
            queue.waitingBytes + size <= limits.roomBytes
        else { return .refused }
        queue.waiting.append(write)
        queue.waitingBytes += size
        items += 1
        bytes += size
        queues[room] = queue
        guard queue.current == nil else { return .waits }
        if queue.waiting.count == 1 { due.append(room) }
        return .due
    }

    /// A batch of each room that wants to send one, as many as may be under way; they are under way now.
    mutating func takeDue(at now: NIODeadline) -> [Batch] {
        var batches: [Batch] = []
        while let batch = nextDue(at: now) { batches.append(batch) }
        return batches
    }

    /// The room's batch took effect, or failed for good: its writes are done, and another batch goes, of the room whose
    /// turn it is.
    mutating func finished(_ room: RoomName, at now: NIODeadline) -> (done: [Write], next: Batch?) {
        guard let current = queues[room]?.current else { return ([], nil) }
        end(room)
        return (current.batch.writes, nextDue(at: now))
    }

    /// The link broke while the room's batch was under way.
    mutating func lost(_ room: RoomName) {
        guard queues[room]?.current?.phase == .underWay else { return }
        underWay -= 1
        queues[room]?.current?.mayBeStored = true
        queues[room]?.current?.phase = .lost
    }

    enum Refused {
        /// Nothing of these took effect, ever: tell their writers. What else is due goes with ``takeDue(at:)``: sent from
        /// here, a refusal that comes at once would lead to the next and the next.
        case failed([Write])
        /// An earlier attempt may have taken effect: it is held.
        case held
    }

    /// Redis refused the room's batch, or it never left this process: this attempt had no effect.
    mutating func refused(_ room: RoomName, at now: NIODeadline) -> Refused {
        guard let current = queues[room]?.current, current.phase == .underWay else { return .held }
        guard !current.mayBeStored else {
            underWay -= 1
            queues[room]?.current?.phase = .lost
            return .held
        }
        let kept = current.batch.writes.filter(\.survivesOutage)
        guard !kept.isEmpty else {
            end(room)
            return .failed(current.batch.writes)
        }
        let failed = current.batch.writes.filter { !$0.survivesOutage }
        let size = failed.reduce(0) { $0 + $1.byteCount }
        forget(failed.count, bytes: size)
        underWay -= 1
        queues[room]?.current?.batch.writes = kept
        queues[room]?.current?.bytes -= size
        queues[room]?.current?.phase = .refused(until: now + Self.refusalPause)
        return .failed(failed + takeWaiting(in: room))
    }

    /// Held batches that are under way again; and the writes that were held too long, which are given up.
    ///
    /// - Parameter isLinkNew: the link just came up, so what was refused before need not be again.
    mutating func retry(at now: NIODeadline, isLinkNew: Bool = false) -> (batches: [Batch], givenUp: [Write]) {
        var givenUp: [Write] = []
        for (room, queue) in queues {
            guard let current = queue.current else { continue }
            switch current.phase {
            case .underWay, .due: continue
            case .refused(let until) where now < until && !isLinkNew: continue
            case .lost, .refused: break
            }
            if now >= current.firstSent + retryFor {
                givenUp += current.batch.writes
                end(room)
            } else {
                queues[room]?.current?.phase = .due
                due.append(room)
            }
        }
        return (takeDue(at: now), givenUp)
    }

    /// Takes back what was never sent and does not survive an outage, when the link is down.
    mutating func takeWaiting() -> [Write] {
        Array(queues.keys).flatMap { takeWaiting(in: $0) }
    }

    /// Takes back everything, at the end. What was sent and not answered may have taken effect.
    mutating func takeAll() -> (maybeStored: [Write], unsent: [Write]) {
        defer { self = RoomQueues(limits: limits, retryFor: retryFor) }
        var taken: (maybeStored: [Write], unsent: [Write]) = ([], [])
        for queue in queues.values {
            if let current = queue.current {
                if current.mayBeStored || current.phase == .underWay {
                    taken.maybeStored += current.batch.writes
                } else {
                    taken.unsent += current.batch.writes
                }
            }
            taken.unsent += queue.waiting
        }
        return taken
    }

    private mutating func takeWaiting(in room: RoomName) -> [Write] {
        let gone = queues[room]?.waiting.filter { !$0.survivesOutage } ?? []
        guard !gone.isEmpty else { return [] }
        let size = gone.reduce(0) { $0 + $1.byteCount }
        forget(gone.count, bytes: size)
        queues[room]?.waiting.removeAll { !$0.survivesOutage }
        queues[room]?.waitingBytes -= size
        return Array(gone)
    }

    /// The room has no batch any more; what waits there wants to be sent.
    private mutating func end(_ room: RoomName) {
        guard let current = queues[room]?.current else { return }
        if current.phase == .underWay { underWay -= 1 }
        forget(current.batch.writes.count, bytes: current.bytes)
        queues[room]?.current = nil
        if queues[room]?.waiting.isEmpty == false { due.append(room) } else { queues[room] = nil }
    }

    private mutating func nextDue(at now: NIODeadline) -> Batch? {
        while underWay < limits.batches, let room = due.popFirst() {
            if let batch = again(room) ?? next(in: room, at: now) {
                underWay += 1
                return batch
            }
        }
        return nil
    }

    private mutating func again(_ room: RoomName) -> Batch? {
        guard let current = queues[room]?.current, current.phase == .due else { return nil }
        queues[room]?.current?.phase = .underWay
        return current.batch
    }

    private mutating func next(in room: RoomName, at now: NIODeadline) -> Batch? {
        guard var queue = queues[room], queue.current == nil else { return nil }
        var writes: [Write] = []
        var size = 0
        var excluded: Set<String> = []
        while let write = queue.waiting.first, writes.count < limits.batchItems,
            writes.isEmpty || size + write.byteCount <= limits.batchBytes
        {
            if let exclusion = write.exclusion, !excluded.insert(exclusion).inserted { break }
            size += write.byteCount
            writes.append(queue.waiting.removeFirst())
        }
        guard !writes.isEmpty else {
            queues[room] = nil
            return nil
        }
        let batch = Batch(room: room, writes: writes)
        queue.waitingBytes -= size
        queue.current = Current(batch: batch, firstSent: now, bytes: size)
        queues[room] = queue
        return batch
    }

    private mutating func forget(_ count: Int, bytes: Int) {
        items -= count
        self.bytes -= bytes
    }
}
