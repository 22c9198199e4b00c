import ChatWire
import NIOCore

/// How far the user has read one room, and how much of that the edge knows: it is told at most once in
/// ``ClientLimits/readInterval``, the last position of each interval.
struct ReadMarker: Sendable, Equatable {
    private var position: Position?
    /// What the edge knows; nil also where it may not, because the connection broke.
    private var told: Position?
    private var mayTellAt: NIODeadline?

    /// When the position is to be told; nil where the edge has it.
    var deadline: NIODeadline? {
        guard isOwed else { return nil }
        return mayTellAt ?? .uptimeNanoseconds(0)
    }

    private var isOwed: Bool {
        guard let position else { return false }
        return told.map { position > $0 } ?? true
    }

    mutating func read(upTo new: Position) {
        position = max(new, position ?? .zero)
    }

    /// The room was joined; the user's other sessions have read up to `known`.
    mutating func joined(_ known: Position?) {
        told = known
        if let known { position = max(known, position ?? .zero) }
    }

    /// Another session has read further. False where that is no news.
    mutating func readElsewhere(upTo new: Position) -> Bool {
        told = max(new, told ?? .zero)
        guard new > position ?? .zero else { return false }
        position = new
        return true
    }

    mutating func disconnected() { told = nil }

    /// The position to tell now, where one is due.
    mutating func take(at now: NIODeadline, isLast: Bool) -> Position? {
        guard isOwed, isLast || mayTellAt.map({ $0 <= now }) ?? true, let position else { return nil }
        told = position
        mayTellAt = now + ClientLimits.readInterval
        return position
    }
}
