import ChatWire

/// A room's lines, oldest first, bounded; see ``limit``.
///
/// Entries stand in the order of their positions, whenever they come. A line of another kind stays behind the entry that
/// was the last one when it was said. Messages that wait to be stored come last: whatever is stored meanwhile is stored
/// before them.
struct RoomLines: Sendable {
    private(set) var lines: [LogLine] = []
    /// How many lines at the end wait to be stored.
    private(set) var waiting = 0
    /// Of each line before those: the entry's position, or the one of the last entry before it. Ascending.
    private var places: [Position] = []
    /// Where lines are that are no entries and do not wait.
    private var placeOfOther: [LogLine.ID: Position] = [:]

    /// The oldest lines are dropped above it: they can be fetched again.
    static let limit = 20_000
    /// Lines above the limit at which it is enforced, so that dropping them costs little for each.
    static let slack = limit / 10

    /// From here on a log has room for as many lines as it may get. Growing by doubling would need three times that for a
    /// moment, and half of it for ever; what is not used costs no memory.
    private static let smallMax = 1024

    var settled: Int { places.count }
    var newestEntry: Position? { places.last.flatMap { $0 == .zero ? nil : $0 } }
    var oldestEntry: Position? {
        lines.lazy.compactMap { line in if case .entry(let id) = line.id { id } else { nil } }.first
    }

    /// The first line that stands at or behind `position`.
    func firstIndex(notBefore position: Position) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func firstIndex(after position: Position) -> Int {
        var (low, high) = (firstIndex(notBefore: position), places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func index(of id: LogLine.ID) -> Int? {
        switch id {
        case .entry(let position):
            let index = firstIndex(notBefore: position)
            return index < settled && lines[index].id == id ? index : nil
        case .own:
            return lines[settled...].firstIndex { $0.id == id } ?? indexOfOther(id)
        case .local:
            return indexOfOther(id)
        }
    }

    private func indexOfOther(_ id: LogLine.ID) -> Int? {
        guard let place = placeOfOther[id] else { return nil }
        return lines[firstIndex(notBefore: place)..<settled].firstIndex { $0.id == id }
    }

    /// - Returns: false where the entry is there already.
    mutating func insert(_ line: LogLine, at position: Position) -> Bool {
        reserve(1)
        if places.last.map({ $0 < position }) ?? true {
            lines.insert(line, at: settled)
            places.append(position)
            return true
        }
        let index = firstIndex(notBefore: position)
        guard index == settled || lines[index].id != line.id else { return false }
        lines.insert(line, at: index)
        places.insert(position, at: index)
        return true
    }

    private mutating func reserve(_ count: Int) {
        let needed = lines.count + count
        guard needed > Self.smallMax, needed > lines.capacity else { return }
        let most = Self.limit + Self.slack + 2 * Self.smallMax
        lines.reserveCapacity(max(needed, most))
        places.reserveCapacity(max(needed, most))
    }

    /// Adds older entries, oldest first, none of which is there yet.
    mutating func prepend(_ page: [(line: LogLine, position: Position)]) {
        guard let last = page.last, places.first.map({ last.position < $0 }) ?? true else {
            for (line, position) in page { _ = insert(line, at: position) }
            return
        }
        reserve(page.count)
        lines.insert(contentsOf: page.map(\.line), at: 0)
        places.insert(contentsOf: page.map(\.position), at: 0)
    }

    /// Adds a line that is no entry, behind everything that is stored or behind `position`.
    mutating func add(_ line: LogLine, behind position: Position? = nil) {
        let index = position.map { firstIndex(after: $0) } ?? settled
        let place = position ?? places.last ?? .zero
        reserve(1)
        lines.insert(line, at: index)
        places.insert(place, at: index)
        placeOfOther[line.id] = place
    }

    /// Adds a message that waits to be stored.
    mutating func addWaiting(_ line: LogLine) {
        reserve(1)
        lines.append(line)
        waiting += 1
    }

    mutating func update(_ id: LogLine.ID, _ change: (inout LogLine) -> Void) {
        guard let index = index(of: id) else { return }
        change(&lines[index])
    }

    mutating func remove(_ id: LogLine.ID) -> LogLine? {
        guard let index = index(of: id) else { return nil }
        if index >= settled {
            waiting -= 1
        } else {
            places.remove(at: index)
            placeOfOther[id] = nil
        }
        return lines.remove(at: index)
    }

    /// Drops the oldest lines where there are too many.
    /// - Returns: whether there were.
    mutating func trim() -> Bool {
        guard lines.count > Self.limit + Self.slack else { return false }
        let excess = min(lines.count - Self.limit, settled)
        for line in lines[..<excess] { placeOfOther[line.id] = nil }
        lines.removeFirst(excess)
        places.removeFirst(excess)
        return true
    }
}

extension RoomLines {
    /// Adds a line as it comes: entries in their order, messages that wait at the end, others behind all that is stored.
    mutating func append(_ line: LogLine) {
        switch line.id {
        case .entry(let position): _ = insert(line, at: position)
        case .own where line.delivery == .sending: addWaiting(line)
        case .own, .local: add(line)
        }
        _ = trim()
    }

    /// The last line that does not wait.
    var lastSettled: LogLine? { settled > 0 ? lines[settled - 1] : nil }
}
