import FoundationEssentials

/// The machine's clock, for brokers that are their own clock and for records that people read.
public enum WallClock {
    /// Milliseconds since 1970.
    @Sendable public static func milliseconds() -> UInt64 {
        UInt64(max(0, Date().timeIntervalSince1970 * 1000))
    }
}
