import ChatWire
import DequeModule
import NIOCore

/// The bounded record of one room in memory, with the keys used lately. No I/O and no clock: times are passed in,
/// milliseconds since 1970.
struct RoomHistory {
    /// Keys remembered per room; beyond it a draft is refused rather than an older key forgotten too early.
    static let keysMax = 100_000

    private struct Key: Hashable {
        var user: UserName
        var key: String
    }

    private(set) var last = Position.zero
    private(set) var entries: Deque<Entry> = []
    private var positions: [Key: Position] = [:]
    private var keysByAge: Deque<Key> = []

    /// The receipt, and the entry where it is new.
    mutating func publish(
        _ draft: Draft, at now: UInt64, within bounds: HistoryBounds
    ) throws(BrokerError) -> (receipt: Receipt, entry: Entry?) {
        forgetKeys(at: now)
        let key = Key(user: draft.user, key: draft.key)
        if let id = positions[key] { return (Receipt(id: id, isDuplicate: true), nil) }
        guard positions.count < Self.keysMax else {
            throw BrokerError(.overloaded, "The room used \(Self.keysMax) keys within the idempotency window.")
        }
        let entry = Entry(kind: draft.kind, id: nextPosition(at: now), previous: last, tail: draft.tail)
        last = entry.id
        entries.append(entry)
        positions[key] = entry.id
        keysByAge.append(key)
        trim(at: now, to: bounds)
        return (Receipt(id: entry.id, isDuplicate: false), entry)
    }

    func page(_ query: HistoryQuery) -> HistoryPage {
        switch query {
        case .newest(let limit):
            return page(entries.suffix(limit), of: entries.count)
        case .before(let position, let limit):
            let older = entries[..<firstIndex(notBefore: position)]
            return page(older.suffix(limit), of: older.count)
        case .after(let position, let limit):
            var start = firstIndex(notBefore: position)
            let holds = start < entries.endIndex && entries[start].id == position
            if holds { start += 1 }
            let newer = entries[start...]
            var page = page(newer.prefix(limit), of: newer.count)
            page.isComplete = holds || position == (entries.first?.previous ?? last)
            return page
        }
    }

    mutating func trim(at now: UInt64, to bounds: HistoryBounds) {
        let oldest = now - min(now, bounds.ageMilliseconds)
        while let first = entries.first, entries.count > bounds.entries || first.id.milliseconds < oldest {
            entries.removeFirst()
        }
    }

    private func page(_ chosen: Deque<Entry>.SubSequence, of count: Int) -> HistoryPage {
        HistoryPage(entries: Array(chosen), more: count > chosen.count, isComplete: true, last: last)
    }

    private func nextPosition(at now: UInt64) -> Position {
        now > last.milliseconds
            ? Position(milliseconds: now, sequence: 0)
            : Position(milliseconds: last.milliseconds, sequence: last.sequence + 1)
    }

    /// Binary search: the ids ascend.
    private func firstIndex(notBefore position: Position) -> Int {
        var low = entries.startIndex
        var high = entries.endIndex
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func forgetKeys(at now: UInt64) {
        while let oldest = keysByAge.first, let id = positions[oldest],
            id.milliseconds + IdempotencyWindow.milliseconds < now
        {
            positions[oldest] = nil
            keysByAge.removeFirst()
        }
    }
}
