import ChatBroker
import ChatCore
import ChatWire
import NIOCore

/// What the hub keeps of one room while a session of this node is in it. Owned by ``Hub``; loop-bound with it.
final class HubRoom: @unchecked Sendable {
    let name: RoomName
    /// Tells this room from one of the same name that was closed before it was opened.
    let generation: UInt64
    var feed = RoomFeed()
    var tail = HistoryTail()
    var roster = Roster()
    /// The roster's first snapshot is there.
    var hasRoster = false
    /// Asks again who is there, before anybody is told lost because the broker did not know them.
    var rosterCheck: Scheduled<Void>?
    var topic: Topic?
    /// The topic was read, or one was heard of.
    var hasTopic = false
    /// Reads of the topic; only the newest one's answer counts.
    var topicReads = 0
    /// A topic was heard of since the last read was begun: the answer may be older.
    var heardTopic = false
    /// Whose the room is, where it is a direct one.
    var pair: DirectPair?
    /// When a direct room was last offered to one of its two because something was said there.
    var offered: [Principal: NIODeadline] = [:]
    /// The subscription was asked for and is not confirmed.
    var isOpening = false
    var isSubscribed = false
    /// What the room must read could not be read, although the link is up: it is tried again.
    var mustRetry = false
    /// Joins that wait until the room is ready.
    var waiting: [JoinRequest] = []
    /// Joins that wait for the broker's answer about them, by their numbers.
    var asking: [UInt64: JoinRequest] = [:]
    /// Live members per shard: only shards that have some get the room's batches.
    var members: [Int]
    /// A count is owed to a room too large for lists.
    var owesCount = false
    var countTold = NIODeadline.uptimeNanoseconds(0)

    init(name: RoomName, generation: UInt64, shards: Int) {
        self.name = name
        self.generation = generation
        members = Array(repeating: 0, count: shards)
    }

    /// Joins can be answered.
    var isReady: Bool { feed.isLive && hasRoster && hasTopic }

    /// Lists would be too long: presence is told by the count.
    var isLarge: Bool {
        roster.count > Limits.membersListedMax || roster.sessionCount > EdgeLimits.sessionsListedMax
    }

    /// Every join that is not answered; none is left.
    func takeJoins() -> [JoinRequest] {
        defer {
            waiting = []
            asking = [:]
        }
        return waiting + asking.values
    }
}

/// A `join` on its way through the hub.
struct JoinRequest {
    /// What the join does to the session's place in the room, and so what is undone where it fails.
    enum Entrance {
        /// The member is stored for this join: it departs.
        case first
        /// The session has come back to its place: it waits for another join.
        case resumed
        /// The connection is in the room already: it stays.
        case again
    }

    let number: UInt64
    let connection: EdgeConnection
    let session: SessionID
    let user: UserName
    /// The name was only claimed: it must not look like that of somebody in the room.
    let isGuest: Bool
    let frame: ClientFrame.Join
    var principal: Principal { Principal(user, isGuest: isGuest) }
    /// What the broker was asked first: how far the user has read, and of a direct room whose it is.
    var preparation: Preparation?
    struct Preparation {
        var read: Position?
        var pair: DirectPair?
    }
    /// nil until the room was ready for it.
    var entrance: Entrance?
    /// Reads of the history so far.
    var reads = 0
    /// What earlier reads of this join gave, oldest first.
    var entries: [HistoryTail.Rendered] = []
    var isComplete = true
    /// Where no entry is wanted: the first that the history has after `since`.
    var firstLeft: Position?
}

/// One room's share of a batch, as every shard gets it.
struct RoomBatch {
    enum Segment {
        /// Ready WebSocket frames of consecutive entries, all in one buffer; `after` is the position before the first.
        case entries(ByteBuffer, count: Int, after: Position)
        /// A ready frame for everyone but some sessions, which get their own version of it or nothing; `after` is the position
        /// it was said at, where a member that cannot take it goes on later, or nil where it may be dropped.
        case frame(ByteBuffer, except: [SessionID: ByteBuffer?], after: Position?)
    }
    var room: RoomName
    var segments: [Segment]
}
