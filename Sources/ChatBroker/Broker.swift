public import ChatWire
public import NIOCore

/// The way between nodes for what is said in rooms: publish, subscribe, history.
///
/// Bound to one event loop: every method is called there and every future completes there, and a
/// ``BrokerReceiver`` is called there, in the order in which the broker accepted things.
///
/// Promises that every implementation keeps (`BrokerContract` in ChatTesting is their test):
/// - Entries of a room have one total order; each is received once per subscription, in that order,
///   while the link is up. `previous` of an entry is the id of the one before it.
/// - A key that the same user used within the last five minutes is not stored twice: the receipt is then
///   the first one's, with `isDuplicate`.
/// - An entry with a receipt is in the history.
public protocol Broker: Sendable {
    var eventLoop: any EventLoop { get }

    /// Starts the links and keeps them up. The receiver is kept weakly: its owner must outlive the broker's use.
    func start(_ receiver: any BrokerReceiver)

    /// Stops every link and task; the future completes when none is left. Outstanding calls fail: with `.stopped` where
    /// nothing was stored, with `.unknown` where something may have been.
    func stop() -> EventLoopFuture<Void>

    /// Stores one draft, exactly once, and hands it to every subscriber of the room.
    ///
    /// Fails with ``BrokerError`` `.unavailable` only when nothing was stored. A call whose outcome is not known
    /// (the link broke while it was under way) stays outstanding and is asked again with its key.
    func publish(_ draft: Draft, to room: RoomName) -> EventLoopFuture<Receipt>

    /// Completes when the broker has confirmed that everything published from now on is received.
    /// The subscription is kept over link losses until ``unsubscribe(from:)``.
    func subscribe(to room: RoomName) -> EventLoopFuture<Void>
    func unsubscribe(from room: RoomName)

    /// One page of a room's history, oldest entry first.
    func history(of room: RoomName, _ query: HistoryQuery) -> EventLoopFuture<HistoryPage>

    /// Why there is no link to the broker, as it was heard last, in words for an operator; nil while there is one.
    var linkTrouble: String? { get }

    /// Tells the subscribers of the room that a user is typing; nothing is stored and a loss is harmless.
    func typing(_ user: UserName, session: SessionID, in room: RoomName)
}

extension Broker {
    /// For brokers that have no link.
    public var linkTrouble: String? { nil }
}

/// Hears what the broker has for this node. Called on the broker's event loop only.
public protocol BrokerReceiver: AnyObject, Sendable {
    /// Everything that one read from the link held, grouped by room, rooms in order of first appearance.
    func received(_ deliveries: [RoomDelivery])
    /// The link's state changed. After `.up` every subscription is confirmed again; what was published meanwhile
    /// must be read from the history.
    func linkChanged(to state: LinkState)
    /// A message from another node, or from `termchat-ctl`.
    func received(_ message: NodeMessage)
}

/// Whether the node and the broker hear each other, as the probe through the data path saw it last.
public enum LinkState: Sendable, Equatable {
    case up
    /// Why, in words for a log.
    case down(reason: String)
}

/// What one room received, in order.
public struct RoomDelivery: Sendable {
    public enum Event: Sendable {
        case entry(Entry)
        case presence(PresenceChange)
        case typing(UserName, SessionID)
        /// The room's topic from now on, and whose session said so.
        case topic(Topic, SessionID)
        case read(ReadMark)
    }
    public var room: RoomName
    public var events: [Event]

    public init(room: RoomName, events: [Event]) {
        self.room = room
        self.events = events
    }
}

/// A publication on its way to the broker.
public struct Draft: Sendable {
    public var kind: Entry.Kind
    public var user: UserName
    /// The idempotency key, 1 to ``Limits/keyBytesMax`` bytes, unique per message of the user.
    public var key: String
    /// See ``Entry/tail``.
    public var tail: ByteBuffer

    public init(kind: Entry.Kind, user: UserName, key: String, tail: ByteBuffer) {
        self.kind = kind
        self.user = user
        self.key = key
        self.tail = tail
    }
}

/// Where a draft was stored.
public struct Receipt: Sendable, Hashable {
    public var id: Position
    /// The key was stored before; ``id`` is the first one's.
    public var isDuplicate: Bool

    public init(id: Position, isDuplicate: Bool) {
        self.id = id
        self.isDuplicate = isDuplicate
    }
}

public enum HistoryQuery: Sendable, Hashable {
    case newest(limit: Int)
    case after(Position, limit: Int)
    case before(Position, limit: Int)
}

public struct HistoryPage: Sendable {
    /// Oldest first.
    public var entries: [Entry]
    /// The limit cut the list: newer entries exist (`after`), older ones (`newest`, `before`).
    public var more: Bool
    /// For `after(p)`: nothing is missing between `p` and the first entry, because `p` is still in the history, or
    /// is the newest entry trimmed from it, or is ``Position/zero`` and the first entry ever is still there. True otherwise.
    public var isComplete: Bool
    /// The room's newest id when the page was read; ``Position/zero`` where it never had one.
    public var last: Position

    public init(entries: [Entry], more: Bool, isComplete: Bool, last: Position) {
        self.entries = entries
        self.more = more
        self.isComplete = isComplete
        self.last = last
    }
}

/// The error of this module.
public struct BrokerError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The broker is away or refuses writes; nothing was stored.
        case unavailable
        /// More waits for the broker than the limit allows; nothing was stored.
        case overloaded
        /// The outcome cannot be learnt any more.
        case unknown
        case stopped
        /// The broker answered what it must not answer.
        case unexpectedReply
    }
    public var code: Code
    /// For logs and operators; not for peers.
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { cause.map { "\(code): \(message) (\($0))" } ?? "\(code): \(message)" }
}
