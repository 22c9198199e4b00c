public import NIOCore
internal import DequeModule

/// Puts the answers to one connection's frames into the order of the frames, although some wait for the broker.
public struct AnswerQueue: Sendable {
    /// Pairs a frame with its answer.
    public struct Ticket: Sendable, Hashable {
        fileprivate var number: Int
    }

    private struct Place: Sendable {
        var answer: ByteBuffer?
        var isDear: Bool
    }

    private var places: Deque<Place> = []
    private var first = 0

    public init() {}

    /// Frames that wait for their answers.
    public var count: Int { places.count }
    public var isEmpty: Bool { places.isEmpty }
    /// Of ``count``, those whose answers are large or cost the broker much; one counts until it is written, so that large
    /// answers do not pile up behind a small one.
    public private(set) var dearCount = 0

    /// Takes the next place in the order.
    public mutating func open(isDear: Bool = false) -> Ticket {
        places.append(Place(isDear: isDear))
        if isDear { dearCount += 1 }
        return Ticket(number: first + places.count - 1)
    }

    /// Gives a place its answer; returns what can be written now, in order. A ticket answered twice is ignored.
    public mutating func answer(_ ticket: Ticket, with frame: ByteBuffer) -> [ByteBuffer] {
        let index = ticket.number - first
        guard places.indices.contains(index), places[index].answer == nil else { return [] }
        places[index].answer = frame
        var released: [ByteBuffer] = []
        while let place = places.first, let next = place.answer {
            released.append(next)
            places.removeFirst()
            first += 1
            if place.isDear { dearCount -= 1 }
        }
        return released
    }
}
