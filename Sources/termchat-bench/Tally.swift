/// What one thread counted.
struct Tally: Sendable {
    var sent = 0
    /// Due, and not sent because the publisher had no connection.
    var skipped = 0
    var acknowledged = 0
    var deliveries = 0
    var gaps = 0
    var duplicates = 0
    var outOfOrder = 0
    var reconnects = 0
    var slow = 0
    var gapFrames = 0
    var errors: [String: Int] = [:]
    /// Acknowledged (bare: sent) messages by room.
    var published: [Int: Int] = [:]
    /// Of messages that were due in the measured time, however late they came.
    var latency = Histogram()

    mutating func merge(_ other: Tally) {
        sent += other.sent
        skipped += other.skipped
        acknowledged += other.acknowledged
        deliveries += other.deliveries
        gaps += other.gaps
        duplicates += other.duplicates
        outOfOrder += other.outOfOrder
        reconnects += other.reconnects
        slow += other.slow
        gapFrames += other.gapFrames
        errors.merge(other.errors, uniquingKeysWith: +)
        published.merge(other.published, uniquingKeysWith: +)
        latency.merge(other.latency)
    }

    mutating func failed(_ what: String) { errors[what, default: 0] += 1 }
}
