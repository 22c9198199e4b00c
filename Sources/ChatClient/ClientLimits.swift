import NIOCore

/// The bounds of a client: what it holds in memory, on disk and on the way.
enum ClientLimits {
    /// Messages waiting for their acknowledgement, over all rooms; further ones are refused to the caller.
    static let outboxMessagesMax = 1000
    /// Bytes of the outbox's file before it is written anew with only what still waits.
    static let outboxFileBytesMax = 1 << 20
    /// How long an edge remembers a message's key at least (docs/protocol.md, `send`): sent again later, it may be stored
    /// twice, so that it is sent only where the history shows that it is not there.
    static let keyRememberedFor = TimeAmount.minutes(5)
    /// Live entries of one room kept back while a hole before them is fetched; beyond it they are fetched as well.
    static let heldEntriesMax = 1024
    /// Positions of one room remembered to tell a repeated entry from a rewritten history.
    static let recentPositionsMax = 512
    /// Entries asked for in one page; a page of the largest bodies stays below ``serverMessageBytesMax``.
    static let pageEntries = 200
    /// Bytes of one message from an edge; a longer one ends the connection.
    static let serverMessageBytesMax = 16 << 20
    /// Requests (`who`, `history`, `search`, …) waiting for their answers.
    static let requestsMax = 64
    /// From one `read` of a room to the next: what was read meanwhile goes with the later one.
    static let readInterval = TimeAmount.seconds(1)
    /// Events queued for the application at which reading from the edge pauses, and resumes.
    static let eventsHighMark = 1024
    static let eventsLowMark = 256
    /// Milliseconds of the first retry's longest wait, and of any later one's.
    static let backoffBaseMilliseconds = 200
    static let backoffCapMilliseconds = 15_000
    /// A connection that worked this long makes the next failure start from the shortest wait again.
    static let steadyAfter = TimeAmount.seconds(5)
    /// From `welcome` to the first measured round trip, when the joins are done, and from one to the next.
    static let firstRoundTripAfter = TimeAmount.seconds(1)
    static let roundTripEvery = TimeAmount.seconds(15)
    /// From the first connect to `welcome`.
    static let openingTimeout = TimeAmount.seconds(10)
    /// How long the old connection stays beside the new one while rooms are joined there.
    static let settlingTimeout = TimeAmount.seconds(10)
    /// How long closing waits for the edge's close frame.
    static let closingTimeout = TimeAmount.seconds(1)
    /// Tries of a message that the edge answers with `internal`, before it counts as refused.
    static let internalErrorsMax = 3
}
