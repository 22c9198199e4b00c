import ChatWire
import NIOCore

/// What a shard has still to deliver, one batch per room in order of first appearance: entries that follow one another
/// become one buffer, so that each member costs one write however many reads they came in.
struct WaitingBatches {
    private var batches: [RoomBatch] = []
    private var places: [RoomName: Int] = [:]

    var isEmpty: Bool { batches.isEmpty }

    func holds(_ room: RoomName) -> Bool { places[room] != nil }

    mutating func append(_ batch: RoomBatch) {
        guard let place = places[batch.room] else {
            places[batch.room] = batches.count
            batches.append(batch)
            return
        }
        for segment in batch.segments { batches[place].append(segment) }
    }

    /// Hands over what waits and starts anew.
    mutating func take() -> [RoomBatch] {
        defer {
            batches = []
            places.removeAll(keepingCapacity: true)
        }
        return batches
    }
}

extension RoomBatch {
    /// The largest buffer that batches are joined into: a connection whose queue is not empty takes a batch whole or
    /// not at all, so that one much larger than a queue's mark would pause it early.
    private static let joinedBytesMax = 128 * 1024

    fileprivate mutating func append(_ segment: Segment) {
        guard case .entries(let more, let moreCount, _) = segment,
            case .entries(var frames, let count, let after)? = segments.last,
            frames.readableBytes + more.readableBytes <= Self.joinedBytesMax
        else { return segments.append(segment) }
        segments.removeLast()
        frames.writeImmutableBuffer(more)
        segments.append(.entries(frames, count: count + moreCount, after: after))
    }
}
