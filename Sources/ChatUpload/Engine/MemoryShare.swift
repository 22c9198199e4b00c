import Synchronization

/// How much memory each upload may use, so that all of them together stay within a bound however many there are.
///
/// Few uploads get large reads and batches, which is what makes them fast; many get small ones.
final class MemoryShare: Sendable {
    /// Bytes for all uploads together, beside what one of the smallest shares takes.
    static let bytes = 16 << 20
    static let readBytes = (16 << 10)...(256 << 10)
    static let batchBytes = (64 << 10)...(512 << 10)
    /// Reads that wait inside the HTTP server for one connection, at most (NIOAsyncChannel's high-water mark).
    private static let readsWaiting = 10

    private let active = Atomic<Int>(0)

    func began() { active.add(1, ordering: .relaxed) }
    func ended() { active.subtract(1, ordering: .relaxed) }

    private var share: Int { Self.bytes / max(1, active.load(ordering: .relaxed)) }

    /// Bytes of one read from a socket.
    var readBytes: Int { (share / 2 / Self.readsWaiting).clamped(to: Self.readBytes) }

    /// Bytes that one upload gives to the disk at a time; as many wait meanwhile.
    var batchBytes: Int { (share / 4).clamped(to: Self.batchBytes) }
}

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
