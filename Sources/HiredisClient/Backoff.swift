/// How long to wait before the next attempt to connect: full jitter under a limit that doubles with each failure,
/// so that many nodes do not come back at the same instant.
public struct Backoff: Sendable, Hashable {
    /// The limit of the first wait.
    public var minimum: Duration
    /// What the limit grows to; also how long a link must be up before the next failure counts as the first.
    public var maximum: Duration

    public init(minimum: Duration = .milliseconds(50), maximum: Duration = .seconds(1)) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// - Parameters:
    ///   - failures: failures in a row, 1 or more.
    ///   - random: a number from 0 to 1.
    func wait(afterFailures failures: Int, random: Double) -> Duration {
        min(maximum, minimum * (1 << min(max(failures, 1) - 1, 20))) * random
    }
}
