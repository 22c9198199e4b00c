import ChatWire
import NIOCore

/// What a ``ChatModel`` remembers and never draws: what it asked for and waits for, and when it said something last.
struct ModelLedger: Sendable {
    /// What the running update asks for.
    var actions: [ScreenAction] = []
    /// The keys of this run's messages begin with it. Random, so that no other run's do.
    var keyStem = String(UInt128.random(in: .min ... .max), radix: 36)
    var keysMade = 0
    var localLinesMade = 0
    /// Messages that are not stored yet, in the order in which they were written; see ``undecided``.
    var unsettled: [OutgoingMessage] = []
    /// The keys of those that are not sent by themselves: refused, or perhaps stored.
    var undecided: Set<String> = []
    /// Bytes of a message that the server takes.
    var bodyBytesMax = Limits.bodyBytesMax
    /// What is said in direct rooms that are being opened, by user.
    var directTexts: [String: [String]] = [:]
    /// The server knows no tokens: who asked it for a user was given a guest.
    var everybodyIsGuest = false
    /// Direct rooms that this user left: they come back when somebody says something there.
    var closedDirects: Set<RoomName> = []
    /// What an earlier run, or an earlier stay, left in the input line of rooms that are not joined.
    var drafts: [RoomName: String] = [:]
    /// The rooms as they are on disk.
    var keptRooms = KeptRooms()
    /// Rooms were entered, left or looked at.
    var changesRooms = false
    /// Rooms that were left since.
    var leftRooms: [RoomName] = []
    /// The room to begin with; nil: the first one.
    var shownFirst: RoomName?
    /// The user's name is in the token that signed in.
    var hasToken = false
    /// Another name was asked for, or none: nothing that is typed from now on is sent under this one.
    var isGivingUpName = false
    /// The name is a new one that nobody has let in yet: a message under it might never be sent.
    var isOnTrial = false
    /// Read markers to send, and when the last one was.
    var readToSend: [RoomName: Position] = [:]
    var readSentAt: NIODeadline?
    /// The room whose input line differs from its saved draft, and when one was saved.
    var unsavedDraft: RoomName?
    var draftSavedAt: NIODeadline?
    /// When this user's typing was told.
    var typingSaidAt: [RoomName: NIODeadline] = [:]
    var notifiedAt: NIODeadline?
    /// The title of the window.
    var title = ""
    /// How often the rooms had been changed, and which one was shown, when the title was made.
    var titleMadeOf: (roomsChanged: Int, room: RoomName?)?
    /// An `r` on the empty line asked to connect at once; it is typed after all when letters follow before this.
    var heldLetterUntil: NIODeadline?
    /// Until when the hint is shown, and which one that is.
    var hintUntil: NIODeadline?
    var timedHint: ChatModel.Hint?
    /// A hint about a trouble that ends by itself: it goes with the trouble.
    var passingHint: ChatModel.Hint?
    /// When the open search asks the server.
    var searchAt: NIODeadline?
    /// The line that the last search led to: it is marked until the log is left for the newest lines.
    var found: LogLine.ID?
    /// A pasted path that is looked at.
    var pastedPath: (path: String, text: String)?
    /// Files to open when they are downloaded, by the room and the file's name.
    var opening: Set<String> = []
    /// Where the last Alt-A led to.
    var shownMention: LogLine.ID?
    /// The candidates of the running completion took the place of this.
    var completedToken = ""
    /// What an earlier run set for rooms, joined ones or not.
    var muted: Set<RoomName> = []
    var notify: [RoomName: RoomModel.Notify] = [:]
    var notifyByDefault = RoomModel.Notify.mentions
    /// The terminal's bell rings for what is for this user.
    var rings = true
    /// The terminal reports the mouse.
    var hasMouse = false

    mutating func makeKey() -> String {
        keysMade += 1
        return "\(keyStem)-\(keysMade)"
    }
}

/// What one room's model remembers and never draws.
struct RoomNotes: Sendable {
    /// Milliseconds since 1970, when the connection was lost that is not made good yet.
    var lostAt: UInt64?
    /// The history that the room began with is in the log.
    var hasCaughtUp = false
    /// It was refused for a reason that holds tomorrow as well, unlike too many rooms or a name that is taken.
    var isShut = false
    /// The room's last entry when it was joined. Not in the log where an earlier run's messages waited for this room: then
    /// only what followed them is told.
    var newestAtJoin: Position?
    /// The entry to show as soon as it is in the log; older pages are fetched until then.
    var seeking: Position?
    /// What `/history` asked for and is not there yet.
    var fetching: Fetching?
    var presence: PresenceFold?
    /// The files as the last `/files` numbered them.
    var listed: [FileLine] = []
    /// Who spoke, the last one last.
    var speakers: [String] = []

    struct Fetching: Sendable {
        /// Entries.
        var wanted: Int
        /// Those that came.
        var count = 0
    }
}
