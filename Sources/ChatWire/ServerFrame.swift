/// One frame from an edge to a client.
///
/// Entries keep their JSON tail (``Entry/tail``): an edge splices it, a client decodes it with ``Message`` or ``FileLine``.
public enum ServerFrame: Sendable, Equatable {
    case welcome(Welcome)
    case joined(Joined)
    case left(ref: Ref?, room: RoomName)
    /// A `message` or `file` frame.
    case entry(room: RoomName, Entry)
    case ack(ref: Ref?, room: RoomName, id: Position, duplicate: Bool)
    case history(ref: Ref?, room: RoomName, messages: [Entry], more: Bool)
    case members(ref: Ref?, room: RoomName, members: [Member], count: Int)
    /// Newest activity first.
    case rooms(ref: Ref?, rooms: [RoomListing])
    case found(Found)
    /// The user has read the room up to the position, in another session.
    case read(room: RoomName, position: Position)
    case topic(ref: Ref?, room: RoomName, Topic)
    /// A room that only the user and `user` may enter: the answer to a `direct`, or without a ref an offer. A guest has
    /// only claimed the name.
    case direct(ref: Ref?, room: RoomName, user: String, isGuest: Bool = false)
    /// Newest activity first.
    case directs(ref: Ref?, directs: [DirectListing])
    case presence(Presence)
    case typing(room: RoomName, user: String)
    case gap(room: RoomName, after: Position, before: Position)
    case slow(room: RoomName, after: Position)
    case notice(level: NoticeLevel, code: NoticeCode, text: String)
    case draining(reconnectAfterMilliseconds: Int)
    case error(ErrorFrame)
    case pong(ref: Ref?)

    public struct Welcome: Sendable, Equatable {
        public var ref: Ref?
        public var session: SessionID
        /// The secret that resumes this session on any node; never logged.
        public var resume: String
        public var user: String
        /// The node's name.
        public var node: String
        /// The server's name and version, `termchat/0.1.0`.
        public var server: String
        public var resumed: Bool
        public var frameBytes: Int
        public var bodyBytes: Int
        public var rooms: Int
        public var sendsPerSecond: Double
        public var pingIntervalMilliseconds: Int
        /// What the server can do beyond the first version of the protocol, see ``ServerFeature``; nothing where it does
        /// not say.
        public var features: [String]

        public init(
            ref: Ref?, session: SessionID, resume: String, user: String, node: String, server: String, resumed: Bool,
            frameBytes: Int, bodyBytes: Int, rooms: Int, sendsPerSecond: Double, pingIntervalMilliseconds: Int,
            features: [String] = []
        ) {
            self.ref = ref
            self.session = session
            self.resume = resume
            self.user = user
            self.node = node
            self.server = server
            self.resumed = resumed
            self.frameBytes = frameBytes
            self.bodyBytes = bodyBytes
            self.rooms = rooms
            self.sendsPerSecond = sendsPerSecond
            self.pingIntervalMilliseconds = pingIntervalMilliseconds
            self.features = features
        }
    }

    public struct Joined: Sendable, Equatable {
        public var ref: Ref?
        public var room: RoomName
        /// Live entries follow this position.
        public var position: Position
        /// Oldest first.
        public var messages: [Entry]
        /// With `since`: nothing is missing between it and ``position``, apart from what `more` announces.
        public var complete: Bool
        /// The limit cut the list.
        public var more: Bool
        public var members: [Member]
        public var count: Int
        /// What the user has read, in whatever session.
        public var read: Position?
        public var topic: Topic?

        public init(
            ref: Ref?, room: RoomName, position: Position, messages: [Entry], complete: Bool, more: Bool,
            members: [Member], count: Int, read: Position? = nil, topic: Topic? = nil
        ) {
            self.ref = ref
            self.room = room
            self.position = position
            self.messages = messages
            self.complete = complete
            self.more = more
            self.members = members
            self.count = count
            self.read = read
            self.topic = topic
        }
    }

    /// What a search found, or a part of it.
    public struct Found: Sendable, Equatable {
        public var ref: Ref?
        public var room: RoomName
        /// Newest first.
        public var messages: [Entry]
        /// The search did not reach the history's begin.
        public var more: Bool
        /// Where to go on; there where `more` is true.
        public var before: Position?

        public init(ref: Ref?, room: RoomName, messages: [Entry], more: Bool, before: Position?) {
            self.ref = ref
            self.room = room
            self.messages = messages
            self.more = more
            self.before = before
        }
    }

    public struct Presence: Sendable, Equatable {
        public var room: RoomName
        public var joined: [Arrival]
        public var left: [Departure]
        /// Members, users in the room, after the change.
        public var count: Int

        public init(room: RoomName, joined: [Arrival], left: [Departure], count: Int) {
            self.room = room
            self.joined = joined
            self.left = left
            self.count = count
        }
    }
}

/// A user in a room, as `members` lists them.
public struct Member: Sendable, Hashable {
    public var user: String
    /// How many sessions the user has in the room.
    public var sessions: Int
    /// The name of the node of the session that came first.
    public var node: String
    /// Milliseconds since 1970, Redis' clock, of that session's join.
    public var since: UInt64

    public init(user: String, sessions: Int, node: String, since: UInt64) {
        self.user = user
        self.sessions = sessions
        self.node = node
        self.since = since
    }
}

/// A room, as `rooms` lists it.
public struct RoomListing: Sendable, Hashable {
    public var room: RoomName
    /// Users in it.
    public var members: Int
    /// Milliseconds since 1970, Redis' clock.
    public var lastActivity: UInt64

    public init(room: RoomName, members: Int, lastActivity: UInt64) {
        self.room = room
        self.members = members
        self.lastActivity = lastActivity
    }
}

/// What a room is about, in the words of one of its members. Nothing in it was filtered for a terminal.
public struct Topic: Sendable, Hashable {
    /// One line; empty where the topic was taken away.
    public var text: String
    /// Who said so.
    public var user: String
    /// Milliseconds since 1970, Redis' clock, when.
    public var time: UInt64

    public init(text: String, user: String, time: UInt64) {
        self.text = text
        self.user = user
        self.time = time
    }
}

/// A direct room of the user, as `directs` lists it.
public struct DirectListing: Sendable, Hashable {
    public var room: RoomName
    /// The other one who may enter it.
    public var user: String
    /// The other one is a guest, who has only claimed the name.
    public var isGuest: Bool
    /// Milliseconds since 1970, Redis' clock, to a second.
    public var lastActivity: UInt64

    public init(room: RoomName, user: String, isGuest: Bool = false, lastActivity: UInt64) {
        self.room = room
        self.user = user
        self.isGuest = isGuest
        self.lastActivity = lastActivity
    }
}

/// What came to the protocol after its first version; the raw values stand in `welcome.features`.
public enum ServerFeature: String, Sendable, CaseIterable {
    case search
    case read
    case topic
    case direct
}

/// A session that entered a room.
public struct Arrival: Sendable, Hashable {
    public var user: String
    public var session: SessionID
    /// The node's name.
    public var node: String

    public init(user: String, session: SessionID, node: String) {
        self.user = user
        self.session = session
        self.node = node
    }
}

/// A session that went from a room, and why.
public struct Departure: Sendable, Hashable {
    public enum Reason: String, Sendable, CaseIterable {
        case left
        case lost
        case nodeLost = "node-lost"
        case kicked
    }
    public var user: String
    public var session: SessionID
    public var node: String
    public var reason: Reason

    public init(user: String, session: SessionID, node: String, reason: Reason) {
        self.user = user
        self.session = session
        self.node = node
        self.reason = reason
    }
}

/// Why one of the client's frames was not carried out.
public struct ErrorFrame: Error, Sendable, Equatable {
    public var ref: Ref?
    public var code: ErrorCode
    public var message: String
    /// When a retry may succeed, if the edge can tell.
    public var retryAfterMilliseconds: Int?

    public init(ref: Ref? = nil, code: ErrorCode, message: String, retryAfterMilliseconds: Int? = nil) {
        self.ref = ref
        self.code = code
        self.message = message
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    public init(ref: Ref?, _ error: WireError) {
        self.init(ref: ref, code: error.code, message: error.message)
    }
}
