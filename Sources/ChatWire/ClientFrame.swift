public import NIOCore

/// One frame from a client to an edge.
public enum ClientFrame: Sendable, Equatable {
    case hello(Hello)
    case join(Join)
    case leave(ref: Ref?, room: RoomName)
    case send(Send)
    case history(History)
    case who(ref: Ref?, room: RoomName)
    /// The rooms with recent activity that the user may read; 1 to ``Limits/pageEntriesMax`` of them.
    case rooms(ref: Ref?, limit: Int)
    case typing(room: RoomName)
    case search(Search)
    /// The user has read the room up to the position; not answered, and only forward moves count.
    case read(room: RoomName, position: Position)
    /// The room's topic from now on: 0 to ``Limits/topicBytesMax`` bytes of one line, without controls.
    case topic(ref: Ref?, room: RoomName, text: String)
    case direct(Direct)
    /// The user's direct rooms; 1 to ``Limits/directsListedMax`` of them.
    case directs(ref: Ref?, limit: Int)
    case ping(ref: Ref?)

    public struct Hello: Sendable, Equatable {
        public var ref: Ref?
        /// The name a guest asks for; a token's `sub` takes precedence. Not yet validated as a ``UserName``.
        public var user: String?
        public var token: String?
        /// Free text that names the program.
        public var client: String?
        /// The secret of a session to resume.
        public var resume: String?

        public init(
            ref: Ref? = nil, user: String? = nil, token: String? = nil, client: String? = nil, resume: String? = nil
        ) {
            self.ref = ref
            self.user = user
            self.token = token
            self.client = client
            self.resume = resume
        }
    }

    public struct Join: Sendable, Equatable {
        public var ref: Ref?
        public var room: RoomName
        /// The last position the client has; nil asks for recent history.
        public var since: Position?
        /// Entries at most, 0 to ``Limits/pageEntriesMax``.
        public var limit: Int

        public init(ref: Ref? = nil, room: RoomName, since: Position? = nil, limit: Int = Limits.pageEntriesDefault) {
            self.ref = ref
            self.room = room
            self.since = since
            self.limit = limit
        }
    }

    /// A message to store. The body stays the JSON text that the client wrote.
    public struct Send: Sendable, Equatable {
        public var ref: Ref?
        public var room: RoomName
        /// Unique per message of this user; 1 to ``Limits/keyBytesMax`` bytes without controls.
        public var key: String
        /// The body as a JSON string, quotes included: validated UTF-8, valid escapes, 1 to ``Limits/bodyBytesMax``
        /// bytes once unescaped, no control but newline and tab. A slice of the frame's own bytes.
        public var bodyJSON: ByteBuffer

        public init(ref: Ref? = nil, room: RoomName, key: String, bodyJSON: ByteBuffer) {
            self.ref = ref
            self.room = room
            self.key = key
            self.bodyJSON = bodyJSON
        }
    }

    public struct History: Sendable, Equatable {
        public enum Direction: Sendable, Equatable {
            case before(Position)
            case after(Position)
            /// Neither named: the newest entries.
            case newest
        }
        public var ref: Ref?
        public var room: RoomName
        public var direction: Direction
        /// Entries at most, 1 to ``Limits/pageEntriesMax``.
        public var limit: Int

        public init(ref: Ref? = nil, room: RoomName, direction: Direction, limit: Int = Limits.pageEntriesDefault) {
            self.ref = ref
            self.room = room
            self.direction = direction
            self.limit = limit
        }
    }
}

extension ClientFrame {
    /// Looks for a text in a room's history.
    public struct Search: Sendable, Equatable {
        public var ref: Ref?
        public var room: RoomName
        /// 1 to ``Limits/searchTextBytesMax`` bytes without blanks around them; see ``SearchText``.
        public var text: String
        /// Entries before this one only; nil looks from the newest on.
        public var before: Position?
        /// Entries at most, 1 to ``Limits/searchEntriesMax``.
        public var limit: Int

        public init(
            ref: Ref? = nil, room: RoomName, text: String, before: Position? = nil,
            limit: Int = Limits.searchEntriesDefault
        ) {
            self.ref = ref
            self.room = room
            self.text = text
            self.before = before
            self.limit = limit
        }
    }

    /// Asks for the room that only this user and another one may enter.
    public struct Direct: Sendable, Equatable {
        public var ref: Ref?
        public var user: UserName
        /// The guest of that name is meant, and not the user with a token. Without it a server that knows tokens takes
        /// the name for one of those.
        public var isGuest: Bool

        public init(ref: Ref? = nil, user: UserName, isGuest: Bool = false) {
            self.ref = ref
            self.user = user
            self.isGuest = isGuest
        }
    }
}

/// What a client calls its frame, returned in the answer: the JSON text of a number or a string
/// of at most ``Limits/refBytesMax`` bytes, kept as it was written.
public struct Ref: Sendable, Hashable, CustomStringConvertible {
    /// JSON text, quotes included for a string.
    public let json: String

    /// Takes JSON text that a scanner has already validated.
    public init(validatedJSON json: String) { self.json = json }

    public init(_ number: Int) { json = String(number) }

    public var description: String { json }
}
