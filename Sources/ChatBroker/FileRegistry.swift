public import ChatWire
public import NIOCore

/// What the upload workers share through the broker: the files of each room, each with its one line in the room, and
/// what each user may still upload. Bound to the broker's event loop, as ``Broker`` is.
public protocol FileRegistry: Sendable {
    /// Asks for one upload more, before its first byte; the same id twice is counted once.
    func reserve(_ reservation: UploadReservation) -> EventLoopFuture<ReservationAnswer>

    /// The upload is over, finished or not.
    /// - Parameter correction: bytes to add to those that were reserved for the day, negative to give some back.
    func release(_ id: String, of user: UserName, correction: Int) -> EventLoopFuture<Void>

    /// Lists the file and lets its line enter the room, once for its id however often and from wherever it is asked.
    /// Fails with ``BrokerError`` `.unavailable` where nothing of the line was stored.
    func announce(_ line: FileLine, in room: RoomName) -> EventLoopFuture<Receipt>

    /// One page of the room's files, newest first.
    /// - Parameter before: the id that the page follows; nil for the first page.
    func files(of room: RoomName, before: String?, limit: Int) -> EventLoopFuture<FilePage>

    /// Takes the file from the list; its line stays in the history.
    func forget(_ id: String, in room: RoomName) -> EventLoopFuture<Void>
}

/// A file as it is listed.
public struct ListedFile: Sendable, Hashable {
    public var line: FileLine
    /// Milliseconds since 1970 on the broker's clock, when its line entered the room.
    public var announced: UInt64

    public init(line: FileLine, announced: UInt64) {
        self.line = line
        self.announced = announced
    }
}

public struct FilePage: Sendable, Hashable {
    /// Newest first.
    public var files: [ListedFile]
    /// The limit cut the list.
    public var more: Bool

    public init(files: [ListedFile], more: Bool) {
        self.files = files
        self.more = more
    }
}

/// One upload that someone wants to begin, and the limits that it must keep.
public struct UploadReservation: Sendable, Hashable {
    public var id: String
    public var user: UserName
    /// 0 where the length is not known yet.
    public var bytes: Int
    /// How long the upload counts as pending if nobody releases it.
    public var lifetime: TimeAmount
    public var limits: UploadAllowance

    public init(id: String, user: UserName, bytes: Int, lifetime: TimeAmount, limits: UploadAllowance) {
        self.id = id
        self.user = user
        self.bytes = bytes
        self.lifetime = lifetime
        self.limits = limits
    }
}

/// What one user may upload.
public struct UploadAllowance: Sendable, Hashable {
    /// Unfinished uploads at a time.
    public var pending: Int
    /// Bytes within a day from the first; 0 is any number.
    public var bytesPerDay: Int
    /// Uploads begun within a minute from the first.
    public var perMinute: Int

    public init(pending: Int, bytesPerDay: Int, perMinute: Int) {
        self.pending = pending
        self.bytesPerDay = bytesPerDay
        self.perMinute = perMinute
    }
}

public enum ReservationAnswer: Sendable, Hashable {
    case granted
    /// Over a limit; it may hold again after so long.
    case refused(Reason, retryAfter: TimeAmount)

    public enum Reason: String, Sendable, Hashable {
        case pending, bytes, rate
    }
}

extension Draft {
    /// A file's line on its way to its room.
    /// - Throws: ``WireError`` where the name of its user is none.
    public init(announcing line: FileLine) throws(WireError) {
        self.init(kind: .file, user: try UserName(line.user), key: line.key, tail: Entry.fileTail(line))
    }
}
