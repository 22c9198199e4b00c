public import ChatWire
public import NIOCore

/// Which nodes live, and the way to talk to one or to all. Bound to the broker's event loop, as ``Broker`` is.
///
/// A node lives by its lease. The registry renews the lease, probes the data path and reaps nodes whose lease ended or
/// whose inbox has no listener any more; the caller gives it the record to publish and the clock's ticks come from its own loop.
public protocol NodeRegistry: Sendable {
    /// Starts renewing the lease with what `record` says at each renewal, and looking after the leases of others.
    func register(_ record: @escaping @Sendable () -> NodeRecord)

    /// Publishes the record at once: it says something that others should not wait for.
    func recordChanged()

    /// Gives up the lease and the node's records; done last in a graceful stop.
    func withdraw() -> EventLoopFuture<Void>

    /// Every node that has a lease or had one until it was reaped.
    func nodes() -> EventLoopFuture<[NodeRecord]>

    /// Tells one node, or all (`nil`), something. Completes with how many heard it.
    func send(_ message: NodeMessage, to node: NodeID?) -> EventLoopFuture<Int>
}

/// What a node says of itself with each renewal.
public struct NodeRecord: Sendable, Hashable, Codable {
    public enum State: String, Sendable, Hashable, Codable {
        case up
        case draining
        case lost
    }
    /// The operator's name.
    public var node: String
    /// The ``NodeID``.
    public var id: String
    /// Where clients reach it, `host:port`.
    public var address: String
    public var version: String
    public var state: State
    public var connections: Int
    public var rooms: Int
    public var messagesPerSecond: Double
    /// Milliseconds since 1970 when the process started, its own clock: for people only.
    public var started: UInt64
    /// The last probe's way through the broker and back, milliseconds.
    public var lagMilliseconds: Double

    public init(
        node: String, id: String, address: String, version: String, state: State, connections: Int, rooms: Int,
        messagesPerSecond: Double, started: UInt64, lagMilliseconds: Double
    ) {
        self.node = node
        self.id = id
        self.address = address
        self.version = version
        self.state = state
        self.connections = connections
        self.rooms = rooms
        self.messagesPerSecond = messagesPerSecond
        self.started = started
        self.lagMilliseconds = lagMilliseconds
    }

    /// The outside names, PROTOCOL section 4.
    enum CodingKeys: String, CodingKey {
        case node, id, address, version, state, connections, rooms, started
        case messagesPerSecond = "messages_per_second"
        case lagMilliseconds = "lag_ms"
    }
}

/// One typed unit between nodes, or from `termchat-ctl` to nodes.
public enum NodeMessage: Sendable, Hashable, Codable {
    /// Node `from` has the client of `session` and its secret, and asks for the session. `request` pairs the answer.
    /// `user` is the identity that the client proved, empty where it proved none but the secret.
    case claim(request: UInt64, from: String, session: String, secret: String, user: String)
    /// The answer to a claim: nil where there is no such session, secret or user.
    case claimed(request: UInt64, session: Claimed?)
    /// Offer the direct room to every session of `to`, a ``Principal``, that is not in it; `user` is the other one's name, which
    /// a guest has only claimed. A node of a version that did not tell says nothing of guests.
    case offer(room: String, to: String, user: String, isGuest: Bool? = nil)
    /// Close every session of the user with 4502.
    case kick(user: String)
    /// Show the text to every client.
    case announce(text: String)
    /// Drain the node over so many seconds.
    case drain(seconds: Double)

    /// A session that its node gave up to the node that claimed it.
    public struct Claimed: Sendable, Hashable, Codable {
        public var user: String
        /// The rooms that the session is in; nil from a node of a version that did not tell.
        public var rooms: [String]?
        public init(user: String, rooms: [String]? = nil) {
            self.user = user
            self.rooms = rooms
        }
    }
}
