/// Counts of durations in buckets whose width is 1/64 of their value: two digits are right, whatever the size.
struct Histogram: Sendable {
    private var counts = [UInt64](repeating: 0, count: 64 * 59)
    private(set) var count: UInt64 = 0
    private(set) var max: UInt64 = 0

    mutating func record(_ value: UInt64) {
        counts[Self.bucket(value)] += 1
        count += 1
        if value > max { max = value }
    }

    mutating func merge(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        max = Swift.max(max, other.max)
    }

    /// The value that `fraction` of all values do not exceed, rounded up to its bucket's end.
    func quantile(_ fraction: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = UInt64((Double(count) * fraction).rounded(.up))
        var seen: UInt64 = 0
        for (index, inBucket) in counts.enumerated() {
            seen += inBucket
            if seen >= rank { return Swift.min(Self.end(index), max) }
        }
        return max
    }

    private static func bucket(_ value: UInt64) -> Int {
        guard value >= 64 else { return Int(value) }
        let shift = 57 - value.leadingZeroBitCount
        return (shift + 1) * 64 + Int((value >> UInt64(shift)) & 63)
    }

    private static func end(_ bucket: Int) -> UInt64 {
        guard bucket >= 64 else { return UInt64(bucket) }
        let shift = UInt64(bucket / 64 - 1)
        return ((64 + UInt64(bucket % 64) + 1) << shift) - 1
    }
}
