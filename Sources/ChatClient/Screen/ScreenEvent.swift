import ChatWire
import NIOCore
import TerminalUI

/// What happens to the full screen.
enum ScreenEvent: Sendable {
    /// The first event: the rooms to join, the text that an earlier run left in them, and its messages that are not
    /// stored yet.
    case started(rooms: [RoomName], drafts: [RoomName: String], restored: [OutgoingMessage])
    case terminal(TerminalEvent)
    case resized(columns: Int, rows: Int)
    case session(SessionEvent)
    /// At least once a second while something on the screen changes with time, see ``ChatModel/nextTick``.
    case tick
    /// Older entries of a room, oldest first; nil: they could not be had.
    case older(RoomName, [Entry]?, more: Bool)
    case found(RoomName, query: String, [Entry], before: Position?)
    case searchFailed(RoomName, query: String, reason: String)
    /// This user's direct rooms, the last active one first.
    case directs([DirectListing])
    /// A direct room is open, or could not be opened.
    case directOpened(RoomName, with: String, isGuest: Bool = false)
    case directFailed(with: String, reason: String)
    /// The message did not get into the outbox.
    case sendFailed(OutgoingMessage, reason: String)
    /// What stands in the file system where `prefix` begins; folders end with a slash.
    case paths(prefix: String, [String])
    /// Whether there is a file of that path.
    case pathExists(String, Bool)
    /// An answer of a command: lines for the current room.
    case answered([Span])
    case failed(String)
    case files(RoomName, [FileLine])
    case transfer(TransferModel)
    /// $EDITOR ended with this text; nil: it failed.
    case edited(String?)
    /// The process goes on after a stop (SIGCONT).
    case continued
    /// SIGTERM, SIGHUP.
    case terminated
    /// The last event: the screen goes.
    case ending
}

/// What the full screen asks its driver for.
enum ScreenAction: Sendable, Equatable {
    case send(OutgoingMessage)
    case join(RoomName)
    case leave(RoomName)
    case loadOlder(RoomName, before: Position)
    case search(RoomName, text: String, before: Position?)
    case markRead(RoomName, Position)
    case typing(RoomName)
    case setTopic(RoomName, String)
    /// Answered by ``ScreenEvent/directOpened(_:with:isGuest:)`` or `directFailed`. The user is a guest where
    /// ``RoomModel/guestSign`` stands before the name.
    case openDirect(user: String)
    /// Answered by ``ScreenEvent/directs(_:)``.
    case askDirects
    /// Answered by ``ScreenEvent/paths(prefix:_:)``; `~/` is the user's folder.
    case completePath(prefix: String)
    /// Answered by ``ScreenEvent/pathExists(_:_:)``.
    case checkPath(String)
    /// Sign in as somebody else, where the server lets guests in.
    case changeName(String)
    case askWho(RoomName)
    case askRooms
    case askFiles(RoomName)
    case upload(path: String, RoomName)
    /// The paste becomes a file of the room.
    case uploadText(String, RoomName)
    case download(FileLine, RoomName)
    case cancelTransfer(id: Int)
    /// Show a downloaded picture or open a link.
    case open(String)
    case notify(title: String, body: String)
    case bell
    /// Ask the terminal for reports of the mouse, or for none.
    case setMouse(Bool)
    case setTitle(String)
    case edit(String)
    /// Draw everything again (Ctrl-L).
    case redraw
    /// Stop the process as Ctrl-Z does.
    case suspend
    case reconnect
    case saveDraft(RoomName, String)
    case saveInput(String)
    case saveRooms(KeptRooms)
    case saveSettings
    case discard(OutgoingMessage)
    case logout
    case quit
}
