import ChatBroker
import ChatWire

/// Decides what a tail prints, so that each entry is printed once and what was not heard is read or told as missing.
struct TailMachine {
    /// The newest entry printed, or the room's newest when the tail began.
    private(set) var last: Position
    /// Entries up to here were read from the history: their deliveries come late.
    private var readThrough = Position.zero
    /// Something could not be had.
    private(set) var hasGap = false
    private var isLinkUp = true
    /// Entries may be stored that were neither heard nor read: the history is to be read before the tail ends.
    private(set) var owesRead = true

    init(last: Position) { self.last = last }

    /// What is said from now on is not heard.
    mutating func linkLost() {
        isLinkUp = false
        owesRead = true
    }

    /// What is said from now on is heard; what was said before is to be read.
    mutating func linkRestored() {
        isLinkUp = true
        owesRead = true
    }

    enum Received: Equatable {
        case print
        /// It was printed already.
        case ignore
        /// Entries before it were not heard: read the history after ``last``, then ask again for this entry.
        case read
    }

    mutating func received(_ entry: Entry) -> Received {
        if entry.id <= readThrough { return .ignore }
        guard entry.previous == last else {
            owesRead = true
            return .read
        }
        last = entry.id
        return .print
    }

    enum Read: Equatable {
        /// Print the entries; `missing` says that those between ``last`` as it was and the first are gone.
        case print(missing: Bool)
        /// Nothing is new.
        case nothing
    }

    /// A page of the history after ``last``.
    mutating func read(_ page: HistoryPage) -> Read {
        let missing = !page.isComplete
        if missing { hasGap = true }
        if let newest = page.entries.last?.id {
            last = newest
        } else if missing {
            // Another history: a failover lost what was printed. It goes on from its own newest.
            last = page.last
        }
        readThrough = last
        if isLinkUp, !page.more { owesRead = false }
        return page.entries.isEmpty && !missing ? .nothing : .print(missing: missing)
    }

    /// The entry does not follow even what was just read: it was trimmed, or is of another history. It is the newest.
    mutating func skipped(to entry: Entry) {
        hasGap = true
        last = entry.id
    }
}
