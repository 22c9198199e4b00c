import ChatWire
import NIOCore
import TerminalUI

/// Everything that the full screen shows and remembers while it runs. A value: ``update(_:)`` changes it and says what to
/// do, `ChatView` draws it; neither does I/O, and the time comes in with the events.
///
/// Text from the network is kept as it came and passes ``ChatWire/VisibleText`` when it is drawn; see `LogLine`.
struct ChatModel: Sendable {
    /// Where and as whom: `chat.example.org`, `ada`.
    var server: String
    var user: String
    var connection = ConnectionState.connecting
    var rooms: [RoomName: RoomModel] = [:] { didSet { roomsChanged += 1 } }
    /// How often ``rooms`` was changed: pictures compare it and not thousands of lines.
    private(set) var roomsChanged = 0
    /// The rooms in the order of the pane: rooms as they were joined, then direct ones.
    var order: [RoomName] = []
    var current: RoomName?
    /// The input line of the current room; the other rooms' text is ``RoomModel/draft``.
    var editor = LineEditor()
    var completion: CompletionState?
    var overlay: Overlay?
    var transfers: [TransferModel] = []
    var showsRooms = true
    var showsMembers = true
    /// Tells others that this user types.
    var sharesTyping = true
    var theme = Theme.standard
    /// The signs that this terminal can draw.
    var glyphs = Glyphs.unicode
    /// A line above the input that answers a command or a key; the next key removes it.
    var hint: Hint?
    /// An incomplete key sequence: Ctrl-X waits for its second key.
    var pendingPrefix: Key?
    /// When Ctrl-C was pressed on an empty line: a second one leaves.
    var leaveAskedAt: NIODeadline?
    /// The terminal's window has the focus, as far as it says so.
    var hasFocus = true
    var columns = 80
    var rows = 24
    var now = NIODeadline.uptimeNanoseconds(0)
    /// Milliseconds since 1970.
    var wallClock: UInt64 = 0
    var calendar: LocalCalendar
    /// Users whose messages are not shown.
    var ignored: Set<String> = []
    /// What the server can do beyond the first protocol: `search`, `read`, `topic`, `direct`.
    var features: Set<String> = []
    /// What is remembered and never drawn.
    var ledger = ModelLedger()

    struct Hint: Sendable, Equatable {
        enum Level: Sendable { case info, warning }
        var level: Level
        var text: String
    }
}

enum ConnectionState: Sendable, Equatable {
    case connecting
    case online(node: String, latencyMilliseconds: Int?)
    /// `since` and `retryAt` on the monotonic clock.
    case offline(reason: String, retryAt: NIODeadline, attempt: Int, since: NIODeadline)
    case stopped(reason: String)
}

/// One room of the model.
struct RoomModel: Sendable {
    enum Kind: Sendable, Equatable {
        case room
        /// A room that only this user and `with` may enter.
        case direct(with: String)
    }
    enum Membership: Sendable, Equatable {
        case joining, joined, left
        case refused(String)
        /// Offered by the other side of a direct room, not joined yet.
        case offered
    }
    enum Notify: String, Sendable, CaseIterable { case all, mentions, none }

    let name: RoomName
    var kind = Kind.room
    /// The other one of a direct room has only claimed the name.
    var isWithGuest = false
    var membership = Membership.joining
    var topic = ""
    /// The first 200 at most; `count` counts all.
    var members: [Member] = []
    var count = 0
    var log = RoomLines()
    /// The newest entry that this user has seen, here or on another client.
    var readMarker: Position?
    /// Where the line "new since" is drawn: the marker as it was when the room was opened.
    var newSince: Position?
    var unread = 0
    var mentions = 0
    var isMuted = false
    var notify = Notify.mentions
    var draft = ""
    /// Who types, and until when that is shown.
    var typing: [String: NIODeadline] = [:]
    /// What the log shows: the newest lines, or a place in it.
    var scroll = Scroll.bottom
    /// An older page of the history is on its way.
    var isLoadingOlder = false
    /// The room's first entry, or the oldest that the server keeps, is in the log.
    var hasOldest = false
    /// The newest first.
    var files: [FileLine] = []
    /// What is remembered and never drawn.
    var notes = RoomNotes()

    /// Before the name of the other one of a direct room. No name begins with it.
    static let guestSign = "~"

    /// Shown before the name of the other one.
    var sign: String { isWithGuest ? Self.guestSign : "" }

    /// The other one of a direct room, as people call them: `bob`, or `~bob` where he is a guest.
    var partner: String? {
        if case .direct(let user) = kind { sign + user } else { nil }
    }

    /// What may be drawn: `#deploy`, `@grace`, `@~grace`.
    var title: String {
        switch kind {
        case .room: "#\(name)"
        case .direct(let user): "@\(sign)\(VisibleText(user).value)"
        }
    }

    enum Scroll: Sendable, Equatable {
        case bottom
        /// The last row of the view shows row `row` (from 0) of the line with this id.
        case at(LogLine.ID, row: Int)
    }
}

/// One line of a room's log, before it is wrapped.
struct LogLine: Sendable, Equatable, Identifiable {
    enum ID: Sendable, Hashable {
        case entry(Position)
        /// A message of this user that is not stored yet, by its key.
        case own(key: String)
        /// Something the client says, by a number of its own.
        case local(Int)
    }
    enum Delivery: Sendable, Equatable {
        /// … : in the outbox.
        case sending
        /// ✓ : stored, and seen to be (own lines of this run only).
        case stored
        /// ! : refused, with the reason; or kept until the user decides.
        case refused(String)
    }
    enum Content: Sendable, Equatable {
        /// `isAction`: the body began with `/me `, which is cut off.
        case message(user: String, body: String, isAction: Bool)
        /// In a place of its own: in each line it would make all the others half as large again.
        indirect case file(FileLine)
        case gap(after: Position, before: Position)
        /// away `from`–`to` (milliseconds since 1970), `count` messages caught up.
        case caughtUp(from: UInt64, to: UInt64, count: Int)
        /// connection lost at `at`.
        case connectionLost(at: UInt64)
        case presence(String)
        case notice(String)
        /// Answers of commands, pictures of previews: drawn as they are, already made of visible text.
        case local([Span])
    }
    var id: ID
    /// Milliseconds since 1970.
    var time: UInt64
    var content: Content
    var delivery: Delivery?
    var mentionsMe = false
}

/// What is drawn over the log.
enum Overlay: Sendable, Equatable {
    case help(scroll: Int)
    /// Alt-K: rooms whose name holds `query`. The one that is marked is known by its name: what is said in others moves it in
    /// the list. Nil: the first one.
    case goTo(query: String, selected: RoomName?)
    /// Ctrl-S.
    case search(SearchState)
    /// A long paste waits for a decision: send, as file, edit.
    case paste(String)
    /// A question with a letter for each answer.
    case question(String, Question)

    enum Question: Sendable, Equatable { case leave, overwriteDraft }
}

struct SearchState: Sendable, Equatable {
    var query = ""
    /// Found lines, newest first: in the log, then in the server's history.
    var results: [LogLine] = []
    var selected = 0
    /// Where the server's search goes on; nil: not asked, or at its end.
    var before: Position?
    var isSearching = false
    var isExhausted = false
    /// Why the server does not search.
    var trouble: String?
}

struct CompletionState: Sendable, Equatable {
    var candidates: [String]
    var selected: Int
    /// Clusters before the cursor that the candidate replaces now.
    var length: Int
}

/// An upload or a download of this client.
struct TransferModel: Sendable, Equatable, Identifiable {
    enum State: Sendable, Equatable {
        case waiting, running, verifying
        case retrying(at: NIODeadline, reason: String)
        case done(String)
        case failed(String)
        case cancelled
    }
    let id: Int
    var isUpload: Bool
    var room: RoomName
    var name: String
    var doneBytes: Int64 = 0
    var totalBytes: Int64?
    /// Bytes per second, smoothed.
    var rate = 0.0
    var state = State.waiting
    var endedAt: NIODeadline?
}

/// Local time for people, without a look at the system for each line.
struct LocalCalendar: Sendable {
    /// `1:05 pm` and not `13:05`.
    var hasTwelveHours = false
    /// Seconds east of Greenwich at a time (milliseconds since 1970).
    var offset: @Sendable (UInt64) -> Int
    static let utc = LocalCalendar { _ in 0 }

    init(_ offset: @escaping @Sendable (UInt64) -> Int) { self.offset = offset }
}
