public import ChatBroker
public import ChatWire
internal import DequeModule

/// Merges one room's live entries with its history into the one sequence that a node delivers: each entry once,
/// in order, whatever happens to the link.
///
/// The driver subscribes first, then reads history as ``Step/read`` asks; while a read is under way live entries wait.
/// An entry whose `previous` is not the last one delivered, or an id that does not grow, makes the feed ask the history
/// what happened (HARDENING, "Redis": a failover may replace the tail it lost); what the history cannot fill is a gap.
public struct RoomFeed: Sendable {
    /// What the driver does next: deliver the output in order, then start the read.
    public struct Step: Sendable {
        public enum Output: Sendable {
            case entries([Entry])
            /// Entries between the two can no longer be had.
            case gap(after: Position, before: Position)
        }
        public var output: [Output] = []
        public var read: HistoryQuery?
        /// The feed went from reading to live: joins that waited for it can be answered.
        public var becameLive = false
    }

    private enum State {
        /// Nothing is known yet. Exits: ``subscribed()`` -> reading.
        case idle
        /// A history read is under way; `buffered` holds what came live meanwhile. Exits: ``read(_:)`` -> live or the next
        /// read; ``readFailed()`` -> stalled.
        case reading(Purpose, buffered: [Entry])
        /// The last read failed; live entries are dropped, because the next read covers them. Exits: ``subscribed()`` -> reading.
        case stalled
        /// Live entries pass. Exits: an entry that does not fit, or ``subscribed()`` -> reading.
        case live
    }

    private enum Purpose {
        /// The first read of a room: where it stands, and its recent entries.
        case start
        /// What was missed after `last`.
        case catchUp
        /// `last` is newer than everything in the history: find where its timeline left ours.
        case findFork
    }

    private var state = State.idle
    /// The id of the newest entry delivered, or of the room's newest entry when the feed started.
    public private(set) var last = Position.zero
    /// Entries up to here came by a history read, so that their live twins may still be on their way.
    private var mergedThrough = Position.zero
    /// Ids delivered lately, to find where a diverged timeline left ours.
    private var recent: Deque<Position> = []
    public private(set) var hasStarted = false

    private let pageLimit: Int
    private let startLimit: Int
    /// Live entries held during one read; past it they are dropped and read again from the history.
    private let bufferedMax: Int

    public init(startLimit: Int = 128, pageLimit: Int = Limits.pageEntriesMax, bufferedMax: Int = 4096) {
        self.startLimit = startLimit
        self.pageLimit = pageLimit
        self.bufferedMax = bufferedMax
    }

    public var isLive: Bool {
        if case .live = state { return true }
        return false
    }

    /// The broker confirmed the subscription: at the start, and again after each link loss.
    public mutating func subscribed() -> Step {
        guard hasStarted else {
            state = .reading(.start, buffered: [])
            return Step(read: .newest(limit: startLimit))
        }
        return catchUp(buffered: [])
    }

    /// The link is down: what is published now is read from the history once it is back.
    public mutating func linkLost() {
        switch state {
        case .idle: break
        case .reading, .stalled, .live: state = .stalled
        }
    }

    /// The history could not be read; ``subscribed()`` starts again.
    public mutating func readFailed() {
        if case .reading = state { state = .stalled }
    }

    /// Live entries of one read from the link.
    public mutating func received(_ entries: [Entry]) -> Step {
        switch state {
        case .live:
            return receivedLive(entries)
        case .reading(let purpose, var buffered):
            if buffered.count + entries.count <= bufferedMax {
                buffered.append(contentsOf: entries)
            } else {
                buffered.removeAll()
            }
            state = .reading(purpose, buffered: buffered)
            return Step()
        case .idle, .stalled:
            return Step()
        }
    }

    private mutating func receivedLive(_ entries: [Entry]) -> Step {
        // Almost every batch continues the chain: check it whole before anything is copied.
        var expected = last
        var fits = true
        for entry in entries {
            guard entry.previous == expected, entry.id > expected else {
                fits = false
                break
            }
            expected = entry.id
        }
        if fits {
            note(entries)
            return Step(output: [.entries(entries)])
        }
        return mergeLive(entries, into: Step())
    }

    /// Takes entries one by one: those the history read has given already are dropped, those that continue the chain are
    /// delivered, and the first that does neither starts a catch-up with the rest buffered.
    private mutating func mergeLive(_ entries: [Entry], into step: Step) -> Step {
        var step = step
        var fitting: [Entry] = []
        var reached = last
        for (index, entry) in entries.enumerated() {
            if entry.id <= mergedThrough { continue }
            guard entry.previous == reached, entry.id > reached else {
                deliver(fitting, into: &step)
                let rest = catchUp(buffered: Array(entries[index...]))
                step.read = rest.read
                step.becameLive = false
                return step
            }
            fitting.append(entry)
            reached = entry.id
        }
        deliver(fitting, into: &step)
        return step
    }

    /// The page that the last ``Step/read`` asked for.
    public mutating func read(_ page: HistoryPage) -> Step {
        guard case .reading(let purpose, let buffered) = state else { return Step() }
        switch purpose {
        case .start: return started(page, buffered: buffered)
        case .catchUp: return caughtUp(page, buffered: buffered)
        case .findFork: return foundFork(page, buffered: buffered)
        }
    }

    /// Entries read at the start are not delivered: nobody has joined yet. They are in the output of the
    /// driver's own read, which keeps them as the room's tail.
    private mutating func started(_ page: HistoryPage, buffered: [Entry]) -> Step {
        hasStarted = true
        last = page.last
        note(page.entries)
        last = max(last, page.last)
        return goLive(buffered: buffered, after: Step())
    }

    private mutating func caughtUp(_ page: HistoryPage, buffered: [Entry]) -> Step {
        var step = Step()
        if !page.isComplete {
            guard let first = page.entries.first else {
                if page.last < last {
                    state = .reading(.findFork, buffered: buffered)
                    return Step(read: .newest(limit: pageLimit))
                }
                // The history was trimmed or expired past `last`, and nothing newer is in it.
                step.output.append(.gap(after: last, before: page.last))
                last = page.last
                return goLive(buffered: buffered, after: step)
            }
            step.output.append(.gap(after: last, before: first.id))
        }
        deliver(page.entries, into: &step)
        if page.more {
            step.read = .after(last, limit: pageLimit)
            state = .reading(.catchUp, buffered: buffered)
            return step
        }
        return goLive(buffered: buffered, after: step)
    }

    /// The history's newest entry is older than ours: its timeline replaced the tail that we have delivered.
    private mutating func foundFork(_ page: HistoryPage, buffered: [Entry]) -> Step {
        let known = Set(recent)
        let fork = page.entries.lastIndex { known.contains($0.id) }
        let fresh = fork.map { page.entries[($0 + 1)...] } ?? page.entries[...]
        let forkID = fork.map { page.entries[$0].id } ?? page.entries.first?.previous ?? .zero
        var step = Step(output: [.gap(after: forkID, before: fresh.first?.id ?? last)])
        last = forkID
        recent.removeAll()
        deliver(Array(fresh), into: &step)
        last = page.last
        return goLive(buffered: buffered, after: step)
    }

    private mutating func goLive(buffered: [Entry], after step: Step) -> Step {
        state = .live
        mergedThrough = last
        var step = step
        step.becameLive = true
        return mergeLive(buffered, into: step)
    }

    private mutating func catchUp(buffered: [Entry]) -> Step {
        state = .reading(.catchUp, buffered: buffered)
        return Step(read: .after(last, limit: pageLimit))
    }

    private mutating func deliver(_ entries: [Entry], into step: inout Step) {
        guard !entries.isEmpty else { return }
        note(entries)
        step.output.append(.entries(entries))
    }

    private mutating func note(_ entries: [Entry]) {
        guard let newest = entries.last else { return }
        last = newest.id
        for entry in entries.suffix(startLimit) { recent.append(entry.id) }
        if recent.count > startLimit { recent.removeFirst(recent.count - startLimit) }
    }
}
