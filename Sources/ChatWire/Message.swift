public import NIOCore

extension Entry {
    /// What an entry says, decoded for those who show it.
    public enum Content: Sendable, Hashable {
        case message(Message)
        case file(FileLine)
    }

    /// Decodes the tail.
    /// - Throws: ``WireError`` `invalid_frame` where a member is missing or of another type, and for what is
    ///   ``Kind/unreadable``.
    public func content() throws(WireError) -> Content {
        switch kind {
        case .message: .message(try Message(tail: tail))
        case .file: .file(try FileLine(tail: tail))
        case .unreadable: throw WireError(.invalidFrame, "This version cannot read the entry.")
        }
    }
}

/// What a person wrote, decoded from an entry's tail. Nothing in it was filtered for a terminal: see ``VisibleText``.
public struct Message: Sendable, Hashable {
    public var user: String
    /// The ``SessionID`` of the author's session.
    public var session: String
    /// The idempotency key that the author's client chose.
    public var key: String
    public var body: String

    public init(user: String, session: String, key: String, body: String) {
        self.user = user
        self.session = session
        self.key = key
        self.body = body
    }

    /// - Throws: ``WireError`` `invalid_frame` where a member is missing or of another type.
    public init(tail: ByteBuffer) throws(WireError) {
        self = try JSONObject.read(tail, isTail: true) { object throws(WireError) in
            Message(
                user: try object.string("user"), session: try object.string("session"), key: try object.string("key"),
                body: try object.string("body"))
        }
    }
}

/// A file that was put into a room, decoded from an entry's tail. Nothing in it was filtered for a terminal.
public struct FileLine: Sendable, Hashable {
    /// The file's id at the upload service.
    public var id: String
    /// The name its owner gave it: never a path, never to be used as one.
    public var name: String
    public var bytes: Int
    public var mediaType: String
    /// Lower-case hexadecimal.
    public var sha256: String
    public var user: String
    /// The idempotency key: the id of the upload.
    public var key: String

    public init(
        id: String, name: String, bytes: Int, mediaType: String, sha256: String, user: String, key: String
    ) {
        self.id = id
        self.name = name
        self.bytes = bytes
        self.mediaType = mediaType
        self.sha256 = sha256
        self.user = user
        self.key = key
    }

    /// - Throws: ``WireError`` `invalid_frame` where a member is missing or of another type.
    public init(tail: ByteBuffer) throws(WireError) {
        self = try JSONObject.read(tail, isTail: true) { object throws(WireError) in
            let file = try object.object("file")
            return FileLine(
                id: try file.string("id"), name: try file.string("name"), bytes: try file.integer("bytes"),
                mediaType: try file.string("media_type"), sha256: try file.string("sha256"),
                user: try object.string("user"), key: try object.string("key"))
        }
    }
}
