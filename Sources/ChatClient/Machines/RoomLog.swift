import ChatWire
import DequeModule

/// Merges one room's history and live entries into what the user is shown: in order, each entry once, and every
/// hole either filled first or said.
///
/// An entry continues the log when its `prev` is the last one shown. A live entry that does not is held back while
/// the history after the last one shown is fetched. What the history does not have either becomes a gap.
struct RoomLog: Sendable {
    enum Step: Equatable {
        case show(Entry)
        /// Entries between the two can no longer be had.
        case gap(after: Position, before: Position)
        /// Ask for history after this position, and answer with ``page(_:more:)`` or ``pageFailed()``.
        case fetch(after: Position)
        /// `join` again with `since` = ``last``.
        case rejoin
        /// The log is live; `missed` entries were shown since the room was joined or fell behind.
        case caughtUp(missed: Int)
    }

    enum State: Equatable {
        /// Not joined. Exits: `joinSent` → joining.
        case away
        /// `join` is sent. Exits: `joined` → fetching or live.
        case joining
        /// A page is asked for. Exits: the last page → live; `pageFailed` → stalled.
        case fetching
        /// A page was refused for now. Exits: `resume` → fetching.
        case stalled
        /// Live entries are shown as they come. Exits: a hole → fetching; `slow` → joining.
        case live
    }

    private(set) var state = State.away
    /// Where the log ends: the last entry shown, or the place after which the next one counts.
    private(set) var last: Position?
    /// Live entries behind a hole, as they came.
    private var held: Deque<Entry> = []
    /// Held entries were given up for lack of room; the history has them.
    private var hasDropped = false
    /// The newest entry held when the running fetch was sent: what the answer must have, or nobody has.
    private var fetchCovers: Position?
    /// The log ends with a gap: the next entry follows whatever its `prev` says.
    private var endsWithGap = false
    /// Where the gap of the last `joined` began; the edge tells it in a frame too.
    private var gapOfJoin: Position?
    private var recent = RecentPositions()
    private var missed = 0

    /// - Parameter since: the last entry the caller has from elsewhere, such as a saved position.
    init(since: Position? = nil) { last = since }

    /// `join` was sent with `since` = ``last``.
    mutating func joinSent() {
        state = .joining
        fetchCovers = nil
        missed = 0
    }

    /// The connection is gone; what it still owed is fetched after the next join.
    mutating func disconnected() {
        state = .away
        held.removeAll()
        hasDropped = false
        fetchCovers = nil
    }

    mutating func joined(_ joined: ServerFrame.Joined) -> [Step] {
        guard state == .joining else { return [] }
        var steps: [Step] = []
        let since = last
        gapOfJoin = joined.complete ? nil : since
        if let since, !joined.complete {
            appendGap(after: since, before: joined.messages.first?.id ?? joined.position, to: &steps)
        }
        for entry in joined.messages { appendKnown(entry, to: &steps) }
        if since != nil, joined.more, let last {
            return steps + fetch(after: last)
        }
        if last == nil || !joined.complete {
            // The room's own end counts, also where it is before the last entry shown: that one was lost.
            last = joined.messages.last?.id ?? joined.position
        }
        return steps + drain()
    }

    /// The answer to a fetch.
    mutating func page(_ messages: [Entry], more: Bool) -> [Step] {
        guard state == .fetching else { return [] }
        var steps: [Step] = []
        let before = last
        for entry in messages { appendKnown(entry, to: &steps) }
        if more, let last, last != before { return steps + fetch(after: last) }
        return steps + drain(isFetched: true)
    }

    /// The fetch was refused for now; the caller calls ``resume()`` later.
    mutating func pageFailed() {
        guard state == .fetching else { return }
        state = .stalled
    }

    mutating func resume() -> [Step] {
        guard state == .stalled, let last else { return [] }
        return fetch(after: last)
    }

    /// A `message` or `file` frame of this room.
    mutating func received(_ entry: Entry) -> [Step] {
        guard let last else {
            hold(entry)
            return []
        }
        if state == .live, entry.id <= last, !endsWithGap {
            // After a Redis failover an unknown lower id is another history, not a repetition: ask which one holds.
            if recent.contains(entry.id) || entry.id == last { return [] }
            hold(entry)
            return [.rejoin]
        }
        if held.isEmpty, !hasDropped, continues(entry, after: last) {
            var steps: [Step] = []
            show(entry, to: &steps)
            return steps
        }
        hold(entry)
        return state == .live ? fetch(after: last) : []
    }

    /// A `gap` frame: the next live entry is `before`.
    mutating func received(gapAfter after: Position, before: Position) -> [Step] {
        if after == gapOfJoin {
            gapOfJoin = nil
            return []
        }
        // While holes are being fetched, the pages show the same gap at its place.
        guard state == .live, let last else { return [] }
        var steps: [Step] = []
        appendGap(after: last, before: before, to: &steps)
        self.last = before.predecessor
        return steps
    }

    /// A `slow` frame: the edge stopped sending this room.
    mutating func slowed() -> [Step] {
        state == .live || state == .fetching || state == .stalled ? [.rejoin] : []
    }
}

extension RoomLog {
    private func continues(_ entry: Entry, after last: Position) -> Bool {
        entry.previous == last || (endsWithGap && last.isPredecessor(of: entry.id))
    }

    /// Adds an entry of a page: what precedes it there is all there is.
    private mutating func appendKnown(_ entry: Entry, to steps: inout [Step]) {
        guard let last else { return show(entry, to: &steps) }
        if recent.contains(entry.id) || (entry.id <= last && !endsWithGap) { return }
        if entry.previous != last, !endsWithGap { appendGap(after: last, before: entry.id, to: &steps) }
        show(entry, to: &steps)
    }

    private mutating func appendGap(after: Position, before: Position, to steps: inout [Step]) {
        guard !endsWithGap else { return }
        endsWithGap = true
        steps.append(.gap(after: after, before: before))
    }

    private mutating func show(_ entry: Entry, to steps: inout [Step]) {
        last = entry.id
        endsWithGap = false
        recent.insert(entry.id)
        if state != .live { missed += 1 }
        steps.append(.show(entry))
    }

    private mutating func hold(_ entry: Entry) {
        if held.count >= ClientLimits.heldEntriesMax {
            held.removeAll(keepingCapacity: true)
            hasDropped = true
        }
        if !hasDropped { held.append(entry) }
    }

    private mutating func fetch(after position: Position) -> [Step] {
        state = .fetching
        fetchCovers = held.lazy.map(\.id).max()
        return [.fetch(after: position)]
    }

    /// Shows what was held back; goes live where it ends, fetches again where it breaks.
    /// - Parameter isFetched: the history after ``last`` was just read to its end.
    private mutating func drain(isFetched: Bool = false) -> [Step] {
        var steps: [Step] = []
        if hasDropped, let last {
            hasDropped = false
            return fetch(after: last)
        }
        while let entry = held.first, let last {
            if recent.contains(entry.id) || entry.id <= last {
                held.removeFirst()
                continue
            }
            if !continues(entry, after: last) {
                guard isFetched, let fetchCovers, entry.id <= fetchCovers else { return steps + fetch(after: last) }
                appendGap(after: last, before: entry.id, to: &steps)
            }
            held.removeFirst()
            show(entry, to: &steps)
        }
        state = .live
        fetchCovers = nil
        steps.append(.caughtUp(missed: missed))
        missed = 0
        return steps
    }
}

/// The last positions shown, to know a repetition.
private struct RecentPositions: Sendable {
    private var order: Deque<Position> = []
    private var members: Set<Position> = []

    func contains(_ position: Position) -> Bool { members.contains(position) }

    mutating func insert(_ position: Position) {
        guard members.insert(position).inserted else { return }
        order.append(position)
        if order.count > ClientLimits.recentPositionsMax { members.remove(order.removeFirst()) }
    }
}

extension Position {
    /// The place just before this one; asking for what comes after it includes this one.
    var predecessor: Position {
        if sequence > 0 { return Position(milliseconds: milliseconds, sequence: sequence - 1) }
        if milliseconds > 0 { return Position(milliseconds: milliseconds - 1, sequence: .max) }
        return self
    }

    /// The place just after this one; asking for what comes before it includes this one.
    var successor: Position {
        if sequence < .max { return Position(milliseconds: milliseconds, sequence: sequence + 1) }
        return milliseconds < .max ? Position(milliseconds: milliseconds + 1, sequence: 0) : self
    }

    func isPredecessor(of other: Position) -> Bool { other.predecessor == self }
}
