/// How much of a room is kept: whatever passes one of the two is dropped, oldest first.
public struct HistoryBounds: Sendable, Hashable {
    /// Entries per room.
    public var entries: Int
    /// How old an entry may become.
    public var age: Duration

    public init(entries: Int = 10_000, age: Duration = .seconds(7 * 24 * 3600)) {
        self.entries = entries
        self.age = age
    }

    public var ageMilliseconds: UInt64 {
        let (seconds, attoseconds) = age.components
        return UInt64(clamping: seconds) * 1000 + UInt64(clamping: attoseconds / 1_000_000_000_000_000)
    }
}

/// How long a key of a draft is remembered.
public enum IdempotencyWindow {
    /// PROTOCOL: "sending again with the same key within 5 minutes never stores twice".
    public static let milliseconds: UInt64 = 5 * 60 * 1000
}
