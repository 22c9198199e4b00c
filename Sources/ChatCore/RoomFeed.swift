public import ChatBroker
public import ChatWire
internal import DequeModule

/// Merges one room's live entries with its history into the one sequence that a node delivers: each entry once,
/// in order, whatever happens to the link.
///
/// The driver subscribes first, then reads history as ``Step/read`` asks; while a read is under way live entries wait.
/// An entry whose `previous` is not the last one delivered, or an id that does not grow, makes the feed ask the history
/// what happened (HARDENING, "Redis": a failover may replace the tail it lost); what the history cannot fill is a gap.
/// One read counts at a time: the answer to an older one is ignored.
public struct RoomFeed: Sendable {
    /// A read of the room's history; the answer is given back with it.
    public struct Read: Sendable, Hashable {
        public var query: HistoryQuery
        fileprivate var number: Int
    }

    /// What the driver does next: deliver the output in order, then start the read.
    public struct Step: Sendable {
        public enum Output: Sendable {
            case entries([Entry])
            /// Entries between the two can no longer be had.
            case gap(after: Position, before: Position)
        }
        public var output: [Output] = []
        public var read: Read?
        /// The feed went from reading to live: joins that waited for it can be answered.
        public var becameLive = false
    }

    private enum State {
        /// Nothing is known yet. Exits: ``subscribed()`` -> reading.
        case idle
        /// A history read is under way. Exits: ``answered(_:with:)`` -> live or the next read; ``failed(_:)`` -> stalled.
        case reading(Reading)
        /// The last read failed; live entries are dropped, because the next read covers them. Exits: ``subscribed()`` -> reading.
        case stalled
        /// Live entries pass. Exits: an entry that does not fit, or ``subscribed()`` -> reading.
        case live
    }

    private struct Reading {
        var purpose: Purpose
        var number: Int
        /// What came live meanwhile.
        var buffered: [Entry]
        /// How many of `buffered` were there before the read began: an entry is stored before it is published, so one of
        /// them that a whole page does not explain is in no history.
        var known: Int
    }

    private enum Purpose {
        /// The first read of a room: where it stands, and its recent entries.
        case start
        /// What was missed after `last`.
        case catchUp
        /// `last` is not in the history: find where its timeline left ours. `following` is the page after it, which is
        /// delivered behind what is found; `more` of it are to be read.
        case findFork(following: [Entry], more: Bool)
    }

    private var state = State.idle
    /// The id of the newest entry delivered, or of the room's newest entry when the feed started.
    public private(set) var last = Position.zero
    /// Entries up to here came by a history read, so that their live twins may still be on their way.
    private var mergedThrough = Position.zero
    /// Ids delivered lately, to find where a diverged timeline left ours.
    private var recent: Deque<Position> = []
    public private(set) var hasStarted = false
    private var reads = 0

    private let pageLimit: Int
    private let startLimit: Int
    /// Live entries held during one read; past it all but the newest are dropped and read again from the history.
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

    /// The broker confirmed the subscription: at the start, and again after each link loss. A read that is under way may
    /// be older than the subscription, so it is asked again; what came live is kept.
    public mutating func subscribed() -> Step {
        var buffered: [Entry] = []
        if case .reading(let reading) = state { buffered = reading.buffered }
        return hasStarted
            ? catchUp(buffered: buffered)
            : Step(read: startReading(.start, .newest(limit: startLimit), buffered: buffered))
    }

    /// The link is down: what is published now is read from the history once it is back.
    public mutating func linkLost() {
        switch state {
        case .idle: break
        case .reading, .stalled, .live: state = .stalled
        }
    }

    /// Whether the answer to the read is still wanted.
    public func awaits(_ read: Read) -> Bool {
        guard case .reading(let reading) = state else { return false }
        return reading.number == read.number
    }

    /// The history could not be read; ``subscribed()`` starts again. False where the read was given up before.
    public mutating func failed(_ read: Read) -> Bool {
        guard awaits(read) else { return false }
        state = .stalled
        return true
    }

    /// Live entries of one read from the link.
    public mutating func received(_ entries: [Entry]) -> Step {
        switch state {
        case .live:
            return receivedLive(entries)
        case .reading(var reading):
            if reading.buffered.count + entries.count <= bufferedMax {
                reading.buffered += entries
            } else {
                // The newest one stays: it shows after the read that others are missing.
                reading.buffered = Array(entries.suffix(1))
                reading.known = 0
            }
            state = .reading(reading)
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
    /// - Parameter known: how many of the entries a read to the history's end should have given. One of these that does
    ///   not fit is stored nowhere (a stray `PUBLISH`, a flush): it is dropped, because no read would ever explain it.
    private mutating func mergeLive(_ entries: [Entry], known: Int = 0, into step: Step) -> Step {
        var step = step
        var fitting: [Entry] = []
        var reached = last
        for (index, entry) in entries.enumerated() {
            if entry.id <= mergedThrough { continue }
            guard entry.previous == reached, entry.id > reached else {
                if index < known { continue }
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

    /// The page that a ``Step/read`` asked for.
    public mutating func answered(_ read: Read, with page: HistoryPage) -> Step {
        guard case .reading(let reading) = state, reading.number == read.number else { return Step() }
        switch reading.purpose {
        case .start: return started(page, reading)
        case .catchUp: return caughtUp(page, reading)
        case .findFork(let following, let more): return foundFork(page, following: following, more: more, reading)
        }
    }

    /// Entries read at the start are not delivered: nobody has joined yet. They are in the output of the
    /// driver's own read, which keeps them as the room's tail.
    private mutating func started(_ page: HistoryPage, _ reading: Reading) -> Step {
        hasStarted = true
        last = page.last
        note(page.entries)
        last = max(last, page.last)
        return goLive(reading, after: Step())
    }

    private mutating func caughtUp(_ page: HistoryPage, _ reading: Reading) -> Step {
        var step = Step()
        if !page.isComplete {
            guard let first = page.entries.first else {
                if page.last < last {
                    let query = HistoryQuery.newest(limit: pageLimit)
                    return Step(read: findFork(following: [], more: false, query, reading))
                }
                // The history was trimmed or expired past `last`, and nothing newer is in it.
                step.output.append(.gap(after: last, before: page.last))
                last = page.last
                return goLive(reading, after: step)
            }
            // Trimmed past `last`, or another timeline: what stands before the page tells which.
            let query = HistoryQuery.before(first.id, limit: pageLimit)
            return Step(read: findFork(following: page.entries, more: page.more, query, reading))
        }
        deliver(page.entries, into: &step)
        return goOn(reading, more: page.more, after: step)
    }

    /// The entries before `following`: none where the history was trimmed past `last`, else those of a timeline that
    /// replaced the tail that we have delivered.
    private mutating func foundFork(
        _ page: HistoryPage, following: [Entry], more: Bool, _ reading: Reading
    ) -> Step {
        var step = Step()
        if page.entries.isEmpty, let first = following.first {
            step.output.append(.gap(after: last, before: first.id))
        } else {
            let (fork, fresh) = fork(in: page.entries)
            step.output.append(.gap(after: fork, before: (fresh.first ?? following.first)?.id ?? last))
            last = fork
            recent.removeAll { $0 > fork }
            deliver(fresh, into: &step)
        }
        deliver(following, into: &step)
        if following.isEmpty { last = page.last }
        return goOn(reading, more: more, after: step)
    }

    /// The newest entry that both timelines have, and what is new to us after it.
    private func fork(in entries: [Entry]) -> (fork: Position, fresh: [Entry]) {
        let known = Set(recent)
        if let index = entries.lastIndex(where: { known.contains($0.id) }) {
            return (entries[index].id, Array(entries[(index + 1)...]))
        }
        let start = entries.first?.previous ?? .zero
        guard let oldest = recent.first, recent.count >= startLimit else { return (start, entries) }
        // It lies further back than we remember: nothing is delivered twice, and the gap covers what may be missing.
        return (start, entries.filter { $0.id > oldest })
    }

    private mutating func goOn(_ reading: Reading, more: Bool, after step: Step) -> Step {
        guard more else { return goLive(reading, after: step) }
        var step = step
        step.read = startReading(.catchUp, .after(last, limit: pageLimit), buffered: reading.buffered)
        return step
    }

    private mutating func goLive(_ reading: Reading, after step: Step) -> Step {
        state = .live
        mergedThrough = last
        var step = step
        step.becameLive = true
        return mergeLive(reading.buffered, known: reading.known, into: step)
    }

    private mutating func catchUp(buffered: [Entry]) -> Step {
        Step(read: startReading(.catchUp, .after(last, limit: pageLimit), buffered: buffered))
    }

    /// What this read gives need not reach the history's end: no more of the buffered entries become known by it.
    private mutating func findFork(
        following: [Entry], more: Bool, _ query: HistoryQuery, _ reading: Reading
    ) -> Read {
        let purpose = Purpose.findFork(following: following, more: more)
        return startReading(purpose, query, buffered: reading.buffered, known: reading.known)
    }

    private mutating func startReading(
        _ purpose: Purpose, _ query: HistoryQuery, buffered: [Entry], known: Int? = nil
    ) -> Read {
        reads += 1
        state = .reading(Reading(purpose: purpose, number: reads, buffered: buffered, known: known ?? buffered.count))
        return Read(query: query, number: reads)
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
