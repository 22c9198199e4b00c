internal import DequeModule

/// Bounds what a node asks the broker for at one time on behalf of its clients, so that the replies to a few greedy ones
/// are never far ahead of a probe or a renewal: reads start while their weights fit, others wait in order.
public struct ReadGate<Read> {
    /// What becomes of a read.
    public enum Entry: Sendable, Equatable {
        case start
        /// ``finished(weight:)`` gives it back when it may start.
        case wait
        /// Too many wait.
        case refuse
    }

    private let weightMax: Int
    private let waitingMax: Int
    private var weight = 0
    private var waiting: Deque<(weight: Int, read: Read)> = []

    /// - Parameters:
    ///   - weightMax: of the reads that are under way.
    ///   - waitingMax: reads that wait.
    public init(weightMax: Int, waitingMax: Int) {
        self.weightMax = weightMax
        self.waitingMax = waitingMax
    }

    /// Asks to start a read; one heavier than all that may be under way goes alone.
    public mutating func enter(_ read: Read, weight: Int) -> Entry {
        if waiting.isEmpty, fits(weight) {
            self.weight += weight
            return .start
        }
        guard waiting.count < waitingMax else { return .refuse }
        waiting.append((weight, read))
        return .wait
    }

    /// A read that was started is over; returns those to start now.
    public mutating func finished(weight: Int) -> [Read] {
        self.weight -= weight
        var started: [Read] = []
        while let next = waiting.first, fits(next.weight) {
            waiting.removeFirst()
            self.weight += next.weight
            started.append(next.read)
        }
        return started
    }

    /// All that wait, to start at once because none of them will be answered any more.
    public mutating func takeWaiting() -> [Read] {
        defer { waiting.removeAll() }
        weight += waiting.reduce(0) { $0 + $1.weight }
        return waiting.map(\.read)
    }

    private func fits(_ more: Int) -> Bool { weight == 0 || weight + more <= weightMax }
}
