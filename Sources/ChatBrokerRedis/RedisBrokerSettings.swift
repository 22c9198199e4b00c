public import ChatBroker
public import HiredisClient

/// What a ``RedisBroker`` is told at its start.
public struct RedisBrokerSettings: Sendable {
    public var redis: RedisSettings
    /// What every key and channel begins with.
    public var prefix = "tc"
    public var history = HistoryBounds()
    /// Whether the link counts as up only while a probe of this node comes back through Redis.
    public var probes = true
    public var timing = BrokerTiming()
    public var limits = BrokerLimits()

    public init(redis: RedisSettings) { self.redis = redis }

    /// - Throws: ``BrokerError`` `.unavailable` that names two settings which contradict each other.
    public func check() throws(BrokerError) {
        func require(_ holds: Bool, _ rule: String) throws(BrokerError) {
            guard holds else {
                throw BrokerError(.unavailable, "The broker's settings contradict each other: \(rule).")
            }
        }
        try require(timing.renewal * 2 < timing.lease, "a lease is renewed at least twice in its life")
        try require(timing.probe < timing.silenceMax, "a probe is sent more often than silence is tolerated")
        try require(timing.silenceMax < timing.halfOpenAfter, "a link is reported down before it is closed")
        try require(timing.retryFor < BrokerTiming.window, "a retry ends while its key is remembered")
        try require(timing.renewal < timing.trustAfter, "every node renewed its lease once before it is judged anew")
        try require(timing.observation < timing.listenerGoneFor, "a node is observed more than once before it is dead")
        try require(history.entries > 0 && history.ageMilliseconds > 0, "a room keeps some history")
        try require(
            !prefix.isEmpty && !prefix.contains { "{}\0".contains($0) }, "the prefix is not empty and has no braces")
    }
}

/// How long things take at most, and how often they are done. Monotonic on nodes; TTLs are Redis' own time.
public struct BrokerTiming: Sendable, Hashable {
    /// How long a key of a draft is remembered at least.
    static let window = Duration.milliseconds(Int64(IdempotencyWindow.milliseconds))

    /// Between two probes through the data path.
    public var probe: Duration = .milliseconds(500)
    /// A probe unanswered for so long takes the link down.
    public var silenceMax: Duration = .milliseconds(1500)
    /// A probe unanswered for so long closes both links: a half-open socket never answers.
    public var halfOpenAfter: Duration = .seconds(5)
    /// Between two questions whether the server is the master still.
    public var serverCheck: Duration = .seconds(2)
    /// A write of unknown outcome is asked again for so long.
    public var retryFor: Duration = .seconds(240)
    /// The life of a node's lease.
    public var lease: Duration = .seconds(6)
    public var renewal: Duration = .seconds(2)
    /// Between two looks at the other nodes.
    public var observation: Duration = .milliseconds(400)
    /// A node whose inbox has no listener for so long is dead.
    public var listenerGoneFor: Duration = .seconds(1)
    /// How long this node's link must be up before it judges a node that it has not seen alive since: after a restart of
    /// Redis all reconnect, each by its own backoff.
    public var trustAfter: Duration = .seconds(3)
    /// How long the reaper of a node has for one step before another may take over.
    public var reapStep: Duration = .seconds(5)
    /// The TTL of members and of a node's rooms, for when no node is left to reap; renewed four times as often.
    public var backstop: Duration = .seconds(3600)
    /// The TTL of a room's last id: how long a silent room whose history expired still answers `since` truthfully.
    public var lastID: Duration = .seconds(30 * 24 * 3600)
    /// A room's activity is recorded at most so often by one node.
    public var activity: Duration = .seconds(5)

    public init() {}
}

/// What a broker holds and asks for at most.
public struct BrokerLimits: Sendable, Hashable {
    /// Drafts that wait, with their bytes. One room may take a quarter of all, so that it cannot starve the others.
    public var drafts = QueueLimits(batchItems: 64, batchBytes: 256 << 10, items: 32_768, bytes: 64 << 20)
    /// Presence changes that wait. All members of a node are put back at once after Redis lost its data.
    public var presence = QueueLimits(batchItems: 500, batchBytes: 256 << 10, items: 1 << 20, bytes: 256 << 20)
    /// Bytes of one node message; a longer one is not sent, and not read.
    public var nodeMessageBytesMax = 64 << 10
    /// Nodes looked at.
    public var nodesMax = 1_000
    /// Rooms in the index of activity; the longest silent are dropped.
    public var roomsIndexedMax = 100_000
    /// Fields looked at in one step through a room's members.
    public var scanStep = 1_000
    /// Rooms whose summaries are read at a time.
    public var summariesStep = 500
    /// Rooms of a dead node reaped in one step.
    public var reapRooms = 50

    public init() {}
}

/// The limits of one kind of write.
public struct QueueLimits: Sendable, Hashable {
    /// In one script call.
    public var batchItems: Int
    public var batchBytes: Int
    /// Script calls under way at a time, one a room. Far fewer than the link's ``RedisLimits/pendingCommandsMax``, so that
    /// probes and reads find a place there while a node with very many rooms puts its members back.
    public var batches = 1_000
    /// Waiting or under way, of all rooms.
    public var items: Int
    public var bytes: Int

    public init(batchItems: Int, batchBytes: Int, items: Int, bytes: Int) {
        self.batchItems = batchItems
        self.batchBytes = batchBytes
        self.items = items
        self.bytes = bytes
    }

    var roomItems: Int { items / 4 }
    var roomBytes: Int { bytes / 4 }
}
