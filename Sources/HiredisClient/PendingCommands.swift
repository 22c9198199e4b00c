import DequeModule

/// The commands that wait for a reply, in the order in which they were given, within the link's limits.
struct PendingCommands {
    typealias Completion = (Result<RESPValue, RedisError>) -> Void

    private struct Entry {
        var byteCount: Int
        var complete: Completion
    }

    private let countMax: Int
    private let bytesMax: Int
    private var entries: Deque<Entry> = []
    private var byteCount = 0
    /// Entries that were handed to the socket; they come first.
    private var sentCount = 0

    init(limits: RedisLimits) {
        countMax = limits.pendingCommandsMax
        bytesMax = limits.pendingBytesMax
    }

    var count: Int { entries.count }

    /// One command larger than all that may wait is refused for good; it would never fit.
    func admit(byteCount added: Int) throws(RedisError) {
        guard entries.count < countMax else {
            throw RedisError(.overloaded, "\(entries.count) commands wait for Redis; no more are taken.")
        }
        guard byteCount + added <= bytesMax else {
            throw RedisError(.overloaded, "\(byteCount) bytes of commands wait for Redis; \(added) more are not taken.")
        }
    }

    mutating func append(byteCount added: Int, _ complete: @escaping Completion) {
        byteCount += added
        entries.append(Entry(byteCount: added, complete: complete))
    }

    /// All that is here was handed to the socket.
    mutating func sent() { sentCount = entries.count }

    /// The command that a reply answers; nil where none was sent.
    mutating func answered() -> Completion? {
        guard sentCount > 0 else { return nil }
        sentCount -= 1
        let entry = entries.removeFirst()
        byteCount -= entry.byteCount
        return entry.complete
    }

    /// Empties the queue; the second list never left this process.
    mutating func takeAll() -> (sent: [Completion], unsent: [Completion]) {
        defer {
            entries = []
            byteCount = 0
            sentCount = 0
        }
        return (entries.prefix(sentCount).map(\.complete), entries.dropFirst(sentCount).map(\.complete))
    }
}
