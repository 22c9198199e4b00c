import NIOCore

/// The bounds of the full screen's model: how much it keeps and how often it says something.
enum ScreenLimits {
    /// A paste above either is asked about: it was perhaps not meant for a room.
    static let pasteLinesMax = 20
    static let pasteBytesMax = 4096
    /// A room with more members is not told who comes and goes.
    static let presenceMembersMax = 50
    /// Users named in one line of who came and went; more are a number.
    static let presenceNamesMax = 6
    /// A line of who came and went goes on for that long.
    static let presenceFoldMilliseconds: UInt64 = 10 * 60_000
    /// How long "is typing" is shown, and how often it is said; an edge passes one on each three seconds.
    static let typingShownFor = TimeAmount.seconds(6)
    static let typingSaidEvery = TimeAmount.seconds(3)
    /// Between two marks of what was read, of one client.
    static let readMarkEvery = TimeAmount.seconds(1)
    /// Between two drafts written to disk.
    static let draftEvery = TimeAmount.seconds(2)
    /// Between two notifications: a burst of lines is one noise.
    static let notifyEvery = TimeAmount.seconds(3)
    /// Characters of a notification's text.
    static let notifyCharactersMax = 200
    /// How long a hint hides the status where no key takes it away.
    static let hintShownFor = TimeAmount.seconds(10)
    static let warningShownFor = TimeAmount.seconds(30)
    /// A second Ctrl-C within it leaves.
    static let leaveWithin = TimeAmount.seconds(3)
    /// An `r` that asks to connect belongs to a word when letters follow within it.
    static let heldLetterFor = TimeAmount.seconds(2)
    /// How long a transfer that ended is shown, and how many are kept.
    static let transferShownFor = TimeAmount.seconds(10)
    static let transfersMax = 50
    /// Files of a room in the pane and by name.
    static let filesMax = 200
    /// Results of a search in the log, and of all.
    static let localResultsMax = 100
    static let resultsMax = 500
    /// The server is asked when the query rests that long.
    static let searchAfter = TimeAmount.milliseconds(400)
    /// Candidates of one completion.
    static let candidatesMax = 100
    /// Direct rooms that others offer are joined up to this many; a server has a limit of rooms for each session.
    static let directRoomsMax = 16
}
