/// The bounds of the wire contract: what a peer may send and what it may be sent.
///
/// Limits that an operator may change live in the settings of the process; these are part of the protocol
/// and the same on every node, so that a frame accepted by one is accepted by all.
public enum Limits {
    /// Bytes of one frame from a client. A body of ``bodyBytesMax`` whose every letter is written as a `\u` escape takes
    /// six times as many, 48 KiB, and the envelope.
    public static let frameBytesMax = 64 * 1024
    /// Bytes of one WebSocket message that are read at all, so that a frame somewhat too long is answered, with its `ref`;
    /// beyond it the connection ends.
    public static let messageBytesRead = 2 * frameBytesMax
    /// Bytes of a message's body, as UTF-8 after JSON escapes are resolved.
    public static let bodyBytesMax = 8 * 1024
    /// Bytes of an idempotency key after JSON escapes are resolved.
    public static let keyBytesMax = 64
    /// Bytes of a `ref`: of a number's text, or of a string after JSON escapes are resolved.
    public static let refBytesMax = 64
    /// Bytes (all ASCII) of a room's name.
    public static let roomNameBytesMax = 64
    /// Characters (grapheme clusters) of a user's name.
    public static let userNameCharactersMax = 32
    /// Bytes of a user's name, so that combining marks cannot make one character endless.
    public static let userNameBytesMax = 128
    /// Bytes of `user` in a `hello`, before it is normalised: decomposed Hangul takes three times what it comes to.
    public static let userTextBytesMax = 512
    /// Entries in one `joined` or `history` page at most.
    public static let pageEntriesMax = 1000
    /// Entries in a page when the frame names no limit.
    public static let pageEntriesDefault = 50
    /// Bytes of a `search`'s text.
    public static let searchTextBytesMax = 256
    /// Entries in one `found` at most, and where the `search` names no limit.
    public static let searchEntriesMax = 100
    public static let searchEntriesDefault = 20
    /// Bytes of a room's topic.
    public static let topicBytesMax = 512
    /// Direct rooms listed in one `directs` at most, and where the frame names no limit.
    public static let directsListedMax = 100
    public static let directsListedDefault = 50
    /// Members listed in `joined`, `members` and `presence`; above it a room is told by its count.
    public static let membersListedMax = 200
    /// Nesting of unknown members in a frame; deeper is `invalid_frame`.
    public static let jsonDepthMax = 16
    /// Bytes of a token in `hello` or `Authorization`.
    public static let tokenBytesMax = 4 * 1024
    /// Bytes of the `client` text in `hello`.
    public static let clientTextBytesMax = 128
    /// Bytes of a `resume` secret in `hello`.
    public static let resumeBytesMax = 256
}
