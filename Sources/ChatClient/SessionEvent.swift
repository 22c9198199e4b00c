public import ChatWire
public import NIOCore

/// What a session tells its application, in the order in which it happened.
public enum SessionEvent: Sendable, Equatable {
    /// A connection carries the session: the first one, one after a loss, or the next one of a drain.
    case connected(Connected)
    /// No connection works; the next try (from 1) comes at `retryAt` on the monotonic clock.
    case disconnected(reason: String, retryAt: NIODeadline, attempt: Int)
    /// The last event.
    case stopped(StopReason)

    case joined(Joined)
    case left(RoomName)
    /// The room was not joined and is not tried again.
    case roomRefused(RoomName, ErrorFrame)
    /// The next entry of a room; ``ChatWire/Message`` and ``ChatWire/FileLine`` read it.
    case entry(RoomName, Entry)
    /// Entries between the two can no longer be had.
    case gap(RoomName, after: Position, before: Position)
    /// What follows of this room is live; `missed` entries were shown since it was joined.
    case caughtUp(RoomName, missed: Int)

    /// The message is in the room's history; `duplicate` where an earlier try had stored it.
    case stored(OutgoingMessage, id: Position, duplicate: Bool)
    /// The message is kept and sent again by itself.
    case delayed(OutgoingMessage, ErrorFrame, until: NIODeadline)
    /// The message will not be stored; it has left the outbox.
    case refused(OutgoingMessage, ErrorFrame)
    /// The message is not sent by itself; it stays in the outbox's file, where there is one, until it is sent or
    /// discarded by a later call.
    case kept(OutgoingMessage, KeptReason)

    case presence(ServerFrame.Presence)
    case typing(RoomName, user: String)
    /// The room is about that from now on; an empty text takes the topic away. Told for the user's own changes too.
    case topic(RoomName, Topic)
    /// The user has read the room up to there, in another session.
    case read(RoomName, Position)
    /// Somebody offers a room that only the two may enter, or says something there while this session is not in it.
    /// - isGuest: the user has only claimed the name.
    case direct(RoomName, user: String, isGuest: Bool = false)
    /// The edge took that long to answer; told where ``ChatSession/Configuration/measuresLatency`` is set.
    case latency(TimeAmount)
    case notice(NoticeLevel, NoticeCode, text: String)
    /// An error that answers nothing the session still waits for.
    case error(ErrorFrame)

    public enum KeptReason: Sendable, Equatable {
        /// It may be stored already, in a part of the history that is gone, and no edge remembers its key.
        case perhapsStored
        /// It was written as this user, who is another one than the server knows now.
        case writtenBy(String)
    }

    /// `welcome` without its secret.
    public struct Connected: Sendable, Equatable {
        public var user: String
        public var session: SessionID
        public var node: String
        public var server: String
        public var resumed: Bool
        public var bodyBytes: Int
        public var sendsPerSecond: Double
        /// What the server can do beyond the protocol's first version: the raw values of ``ServerFeature``.
        public var features: Set<String>

        init(_ welcome: ServerFrame.Welcome) {
            user = welcome.user
            session = welcome.session
            node = welcome.node
            server = welcome.server
            resumed = welcome.resumed
            bodyBytes = welcome.bodyBytes
            sendsPerSecond = welcome.sendsPerSecond
            features = Set(welcome.features)
        }
    }

    public struct Joined: Sendable, Equatable {
        public var room: RoomName
        public var members: [Member]
        public var count: Int
        /// The room was joined before, on an earlier connection or before it fell behind.
        public var isAgain: Bool
        /// What the user has read, in whatever session; nil where nobody knows.
        public var read: Position?
        public var topic: Topic?
        /// The room's last entry: what is there up to it comes before ``SessionEvent/caughtUp(_:missed:)``.
        public var position: Position = .zero
    }
}
