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

/// What waits to be written, by room: one batch of a room is under way, the rest waits and goes as the next.
///
/// A batch whose outcome is not known is held, before anything newer of its room, and asked again until
/// `retryFor` after it was first sent; its writes are idempotent.
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
        /// Not under way: it waits for ``RoomQueues/retry(at:)``.
        var isHeld = false
    }

    private let limits: QueueLimits
    private let retryFor: TimeAmount
    private var queues: [RoomName: Queue] = [:]
    /// Rooms with writes and no batch under way, in the order in which they came.
    private var due: [RoomName] = []
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
        /// It goes when the room's batch under way is through.
        case waits
        /// Its room is idle: call ``takeDue(at:)`` at the end of the tick.
        case due
    }

    mutating func offer(_ write: Write, to room: RoomName) -> Offer {
        let size = write.byteCount
        var queue = queues[room] ?? Queue()
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

    /// One batch of each room that has writes and none under way; they are under way now.
    mutating func takeDue(at now: NIODeadline) -> [Batch] {
        defer { due.removeAll(keepingCapacity: true) }
        return due.compactMap { next(in: $0, at: now) }
    }

    /// The room's batch took effect, or failed for good: its writes are done, and the next batch goes.
    mutating func finished(_ room: RoomName, at now: NIODeadline) -> (done: [Write], next: Batch?) {
        guard let current = queues[room]?.current else { return ([], nil) }
        queues[room]?.current = nil
        forget(current.batch.writes.count, bytes: current.bytes)
        return (current.batch.writes, next(in: room, at: now))
    }

    /// The link broke while the room's batch was under way.
    mutating func lost(_ room: RoomName) {
        queues[room]?.current?.mayBeStored = true
        queues[room]?.current?.isHeld = true
    }

    enum Refused {
        /// Nothing of it took effect, ever: tell its writers, and send the next.
        case failed([Write], next: Batch?)
        /// An earlier attempt may have taken effect: it is held.
        case held
    }

    /// Redis refused the room's batch, or it never left this process: this attempt had no effect.
    mutating func refused(_ room: RoomName, at now: NIODeadline) -> Refused {
        guard queues[room]?.current?.mayBeStored == true else {
            let (writes, next) = finished(room, at: now)
            return .failed(writes, next: next)
        }
        queues[room]?.current?.isHeld = true
        return .held
    }

    /// The held batches, under way again; and the writes that were held too long, which are given up.
    mutating func retry(at now: NIODeadline) -> (batches: [Batch], givenUp: [Write]) {
        var batches: [Batch] = []
        var givenUp: [Write] = []
        for (room, queue) in queues {
            guard let current = queue.current, current.isHeld else { continue }
            if now >= current.firstSent + retryFor {
                let (writes, next) = finished(room, at: now)
                givenUp += writes
                if let next { batches.append(next) }
            } else {
                queues[room]?.current?.isHeld = false
                batches.append(current.batch)
            }
        }
        return (batches, givenUp)
    }

    /// Takes back what was never sent and does not survive an outage, when the link is down.
    mutating func takeWaiting() -> [Write] {
        var taken: [Write] = []
        for (room, queue) in queues {
            let gone = queue.waiting.filter { !$0.survivesOutage }
            guard !gone.isEmpty else { continue }
            let size = gone.reduce(0) { $0 + $1.byteCount }
            taken += gone
            forget(gone.count, bytes: size)
            queues[room]?.waiting.removeAll { !$0.survivesOutage }
            queues[room]?.waitingBytes -= size
        }
        return taken
    }

    /// Takes back everything, at the end.
    mutating func takeAll() -> [Write] {
        defer { self = RoomQueues(limits: limits, retryFor: retryFor) }
        return queues.values.flatMap { ($0.current?.batch.writes ?? []) + $0.waiting }
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
