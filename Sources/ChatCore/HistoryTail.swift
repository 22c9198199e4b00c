public import ChatWire
public import NIOCore
internal import DequeModule

/// The newest entries of a room as ready JSON, kept by a node that is in the room, so that a join, and a thousand
/// joins after a node was lost, need no read from the broker.
///
/// Bounded by entries and bytes; what falls out is still in the broker's history.
public struct HistoryTail: Sendable {
    /// An entry as the JSON object of its frame.
    public struct Rendered: Sendable {
        public var id: Position
        public var previous: Position
        public var json: ByteBuffer

        public init(id: Position, previous: Position, json: ByteBuffer) {
            self.id = id
            self.previous = previous
            self.json = json
        }

        /// With bytes of its own, so that it does not keep a larger buffer alive.
        public var copied: Rendered {
            Rendered(id: id, previous: previous, json: ByteBuffer(bytes: json.readableBytesView))
        }
    }

    /// A page that the tail can answer by itself.
    public struct Page: Sendable {
        public var entries: [Rendered]
        public var more: Bool
    }

    public static let entriesMaxDefault = 128

    private var entries: Deque<Rendered> = []
    private var bytes = 0
    private let entriesMax: Int
    private let bytesMax: Int

    public init(entriesMax: Int = entriesMaxDefault, bytesMax: Int = 64 * 1024) {
        self.entriesMax = entriesMax
        self.bytesMax = bytesMax
    }

    public mutating func append(_ entry: Rendered) {
        if let newest = entries.last, newest.id != entry.previous { removeAll() }
        entries.append(entry)
        bytes += entry.json.readableBytes
        while entries.count > entriesMax || bytes > bytesMax, let oldest = entries.popFirst() {
            bytes -= oldest.json.readableBytes
        }
    }

    /// Forgets everything: the chain was broken.
    public mutating func removeAll() {
        entries.removeAll()
        bytes = 0
    }

    /// The entries after `position`, the oldest `limit` of them; nil where the tail cannot know that none is missing.
    public func page(after position: Position, limit: Int) -> Page? {
        guard let oldest = entries.first else { return nil }
        let start: Int
        if position == oldest.previous {
            start = 0
        } else if let index = index(of: position) {
            start = index + 1
        } else {
            return nil
        }
        let end = min(entries.count, start + limit)
        return Page(entries: Array(entries[start..<end]), more: end < entries.count)
    }

    /// The newest `limit` entries; nil where the tail has fewer and older ones exist.
    public func newest(limit: Int) -> Page? {
        guard let oldest = entries.first else { return nil }
        let isWhole = oldest.previous == .zero
        guard entries.count >= limit || isWhole else { return nil }
        return Page(entries: Array(entries.suffix(limit)), more: entries.count > limit || !isWhole)
    }

    private func index(of position: Position) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < position { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].id == position ? low : nil
    }
}
