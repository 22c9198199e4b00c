public import NIOCore
internal import DequeModule

/// Puts the answers to one connection's frames into the order of the frames, although some wait for the broker.
public struct AnswerQueue: Sendable {
    /// Pairs a frame with its answer.
    public struct Ticket: Sendable, Hashable {
        fileprivate var number: Int
    }

    private var answers: Deque<ByteBuffer?> = []
    private var first = 0

    public init() {}

    /// Frames that wait for their answers.
    public var count: Int { answers.count }
    public var isEmpty: Bool { answers.isEmpty }

    /// Takes the next place in the order.
    public mutating func open() -> Ticket {
        answers.append(nil)
        return Ticket(number: first + answers.count - 1)
    }

    /// Gives a place its answer; returns what can be written now, in order. A ticket answered twice is ignored.
    public mutating func answer(_ ticket: Ticket, with frame: ByteBuffer) -> [ByteBuffer] {
        let index = ticket.number - first
        guard answers.indices.contains(index), answers[index] == nil else { return [] }
        answers[index] = frame
        var released: [ByteBuffer] = []
        while case .some(.some(let next)) = answers.first {
            released.append(next)
            answers.removeFirst()
            first += 1
        }
        return released
    }
}
