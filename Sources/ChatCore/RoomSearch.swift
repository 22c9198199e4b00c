public import ChatBroker
public import ChatWire
import NIOCore

/// One client's search through a room's history, page by page from the newest entry back, until the answer is full,
/// enough was looked at, or the history ends.
public struct RoomSearch: Sendable {
    /// What one search does at most.
    public struct Bounds: Sendable {
        /// Entries looked at.
        public var entries = 5000
        /// Bytes of entries looked at.
        public var bytes = 8 << 20
        /// Entries of one read.
        public var page = 250
        /// Bytes of entries in the answer, but for one entry.
        public var answerBytes = 512 << 10

        public init() {}
    }

    public let room: RoomName
    private let ref: Ref?
    private let text: SearchText
    private let limit: Int
    private let bounds: Bounds
    private var before: Position?
    private var found: [Entry] = []
    private var foundBytes = 0
    private var seen = 0
    private var seenBytes = 0

    /// - Throws: ``WireError`` where the text is nothing to look for; the codec has checked that.
    public init(_ frame: ClientFrame.Search, bounds: Bounds = Bounds()) throws(WireError) {
        room = frame.room
        ref = frame.ref
        text = try SearchText(frame.text)
        limit = frame.limit
        before = frame.before
        self.bounds = bounds
    }

    /// The page to read next.
    public var query: HistoryQuery {
        before.map { HistoryQuery.before($0, limit: bounds.page) } ?? .newest(limit: bounds.page)
    }

    /// Looks through a page, which may take some milliseconds of a processor. Returns the answer, or nil where the next
    /// page is to be read.
    public mutating func received(_ page: HistoryPage) -> ServerFrame.Found? {
        var left = page.entries.count
        for entry in page.entries.reversed() {
            let matches = text.matches(entry)
            if matches, !found.isEmpty, foundBytes + entry.tail.readableBytes > bounds.answerBytes {
                return answer(more: true)
            }
            left -= 1
            before = entry.id
            seen += 1
            seenBytes += entry.tail.readableBytes
            if matches {
                found.append(entry)
                foundBytes += entry.tail.readableBytes
            }
            guard found.count < limit, seen < bounds.entries, seenBytes < bounds.bytes else {
                return answer(more: left > 0 || page.more)
            }
        }
        return page.more && !page.entries.isEmpty ? nil : answer(more: false)
    }

    private func answer(more: Bool) -> ServerFrame.Found {
        ServerFrame.Found(ref: ref, room: room, messages: found, more: more, before: more ? before : nil)
    }
}
