/// Earlier inputs, oldest first, without repetitions in a row.
public struct InputHistory: Sendable, Equatable {
    public private(set) var entries: [String]
    /// The oldest are dropped above it, and above ``InputLimits/historyBytesMax``.
    public let limit: Int
    private var bytes: Int

    public init(_ entries: [String] = [], limit: Int = 1000) {
        self.limit = max(0, limit)
        self.entries = entries.suffix(self.limit)
        bytes = self.entries.reduce(0) { $0 + $1.utf8.count }
        dropOldest()
    }

    /// Takes an input, unless it is blank or the same as the last one.
    /// - Returns: whether it was taken, and so belongs into the file.
    @discardableResult
    public mutating func add(_ entry: String) -> Bool {
        guard !entry.allSatisfy(\.isWhitespace), entry != entries.last else { return false }
        entries.append(entry)
        bytes += entry.utf8.count
        dropOldest()
        return true
    }

    private mutating func dropOldest() {
        var dropped = 0
        while entries.count - dropped > limit || (bytes > InputLimits.historyBytesMax && dropped < entries.count) {
            bytes -= entries[dropped].utf8.count
            dropped += 1
        }
        entries.removeFirst(dropped)
    }
}
