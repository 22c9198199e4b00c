public import ChatWire
public import NIOCore

/// What the upload workers share through the broker: the files of each room, each with its one line in the room, and
/// what each user may still upload. Bound to the broker's event loop, as ``Broker`` is.
public protocol FileRegistry: Sendable {
    /// Asks for one upload more, before its first byte; the same id twice is counted once. One that is neither released nor
    /// renewed is forgotten after its time, with what was reserved for it.
    func reserve(_ reservation: UploadReservation) -> EventLoopFuture<ReservationAnswer>

    /// The upload goes on: it counts as pending for so long from now. One that was released or forgotten stays so.
    func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount) -> EventLoopFuture<Void>

    /// The upload is over, finished or not; repeated, it changes nothing. One that was forgotten gave its bytes back, and is
    /// counted after all.
    /// - Parameters:
    ///   - bytes: what counts for the day instead of what was reserved; 0 for an upload that was not finished.
    ///   - reserved: what was reserved as the volume has it, for where the broker does not know.
    func release(
        _ id: String, of account: UploadAccount, counting bytes: Int, reserved: Int
    ) -> EventLoopFuture<Void>

    /// Lists the file and lets its line enter the room, once for its id however often and from wherever it is asked.
    /// Fails with ``BrokerError`` `.unavailable` where nothing of the line was stored.
    func announce(_ line: FileLine, in room: RoomName) -> EventLoopFuture<Receipt>

    /// One page of the room's files, newest first.
    /// - Parameter before: the id that the page follows; nil for the first page.
    func files(of room: RoomName, before: String?, limit: Int) -> EventLoopFuture<FilePage>

    /// Takes the file from the list; its line stays in the history.
    func forget(_ id: String, in room: RoomName) -> EventLoopFuture<Void>

    /// Which volume the workers share, and `id` from now on where none is known. Where the two agree it is written again:
    /// a broker that refuses writes fails here.
    /// - Parameter id: what the worker's own volume says that it is; nil where it says nothing.
    /// - Returns: the id of the volume that is known now.
    func volume(_ id: String?) -> EventLoopFuture<String?>
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
    public var account: UploadAccount
    /// 0 where the length is not known yet.
    public var bytes: Int
    /// How long the upload counts as pending if nobody releases or renews it.
    public var lifetime: TimeAmount
    public var limits: UploadAllowance

    public init(
        id: String, account: UploadAccount, bytes: Int, lifetime: TimeAmount, limits: UploadAllowance
    ) {
        self.id = id
        self.account = account
        self.bytes = bytes
        self.lifetime = lifetime
        self.limits = limits
    }
}

/// Whose limits an upload counts for: those of the user whose token it came with, or of a guest. Anybody may say any name
/// without a token, so a guest is a name at one address.
public struct UploadAccount: Hashable, Sendable, CustomStringConvertible {
    /// Part of keys: no braces, spaces or controls. A user's name has no `@`.
    public let description: String

    public init(_ user: UserName) { description = user.value }

    /// - Parameter address: the client's, as text of digits, letters, dots and colons.
    public init(guest user: UserName, at address: String) { description = "\(user)@\(address)" }
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
