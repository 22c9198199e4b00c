public import ChatWire
import DequeModule
import NIOCore

/// A message on its way: what the user wrote, and the key that makes storing it twice impossible.
public struct OutgoingMessage: Sendable, Hashable {
    public var room: RoomName
    /// Unique per message of this user, 1 to ``Limits/keyBytesMax`` bytes.
    public var key: String
    /// 1 to ``Limits/bodyBytesMax`` bytes of UTF-8.
    public var body: String

    public init(room: RoomName, key: String, body: String) {
        self.room = room
        self.key = key
        self.body = body
    }

    /// With a new key of 128 random bits.
    public init(room: RoomName, body: String) {
        let digits = String(UInt128.random(in: .min ... .max), radix: 36)
        self.init(room: room, key: digits, body: body)
    }
}

/// The messages that are not acknowledged yet, in order per room, each sent again with its own key until it is
/// stored or refused for good.
///
/// With a window of 1 a room's messages are stored in the order in which they were added, whatever the edge
/// answers. A wider window sends ahead; then a message that is refused for now may be overtaken.
struct Outbox: Sendable {
    private struct Item {
        let message: OutgoingMessage
        /// The connection it was last sent on; nil while it waits.
        var sentOn: LinkID?
        var internalErrors = 0
    }

    private var rooms: [RoomName: Deque<Item>] = [:]
    private var roomOfKey: [String: RoomName] = [:]
    /// Nothing is sent before this: the edge asked for it.
    private var holdUntil: NIODeadline?
    private var refusalsInARow = 0
    /// Messages of one room sent and not answered.
    let window: Int

    init(window: Int = 1) { self.window = max(1, window) }

    var count: Int { roomOfKey.count }
    var isFull: Bool { count >= ClientLimits.outboxMessagesMax }
    var deadline: NIODeadline? { count > 0 ? holdUntil : nil }

    func count(in room: RoomName) -> Int { rooms[room]?.count ?? 0 }

    /// The rooms that have messages, sent or waiting.
    var roomsWithMessages: [RoomName] { Array(rooms.keys) }

    /// - Returns: false where the outbox is full or has the key already.
    mutating func add(_ message: OutgoingMessage) -> Bool {
        guard !isFull, roomOfKey[message.key] == nil else { return false }
        roomOfKey[message.key] = message.room
        rooms[message.room, default: []].append(Item(message: message))
        return true
    }

    /// The messages of `room` to send now on `link`; they count as sent.
    mutating func take(_ room: RoomName, on link: LinkID, at now: NIODeadline) -> [OutgoingMessage] {
        if let holdUntil, now < holdUntil { return [] }
        guard var items = rooms.removeValue(forKey: room) else { return [] }
        var taken: [OutgoingMessage] = []
        for index in items.indices.prefix(window) where items[index].sentOn == nil {
            items[index].sentOn = link
            taken.append(items[index].message)
        }
        rooms[room] = items
        return taken
    }

    /// The message is stored: acknowledged, or seen in the room.
    /// - Returns: the message, unless it was settled before.
    mutating func stored(key: String) -> OutgoingMessage? {
        refusalsInARow = 0
        return remove(key)
    }

    mutating func timerFired(at now: NIODeadline) {
        if let until = holdUntil, until <= now { holdUntil = nil }
    }

    enum Refused: Equatable {
        /// Settled before; nothing to do.
        case unknown
        /// Sent again from this time on.
        case later(OutgoingMessage, at: NIODeadline)
        /// The room has to be joined first.
        case joinFirst(OutgoingMessage)
        /// It will never be stored; it has left the outbox.
        case never(OutgoingMessage)
    }

    /// The edge answered the message with an error.
    /// - Parameter backoff: the wait where the edge names none.
    mutating func refused(key: String, _ error: ErrorFrame, at now: NIODeadline, backoff: Backoff) -> Refused {
        guard let room = roomOfKey[key], var items = rooms[room],
            let index = items.firstIndex(where: { $0.message.key == key })
        else { return .unknown }
        let message = items[index].message
        items[index].sentOn = nil
        switch error.code {
        case .rateLimited, .unavailable:
            break
        case .notJoined:
            rooms[room] = items
            return .joinFirst(message)
        case .internal:
            items[index].internalErrors += 1
            guard items[index].internalErrors < ClientLimits.internalErrorsMax else { return never(key, message) }
        case .invalidFrame, .invalidRoom, .invalidUser, .invalidBody, .tooLarge, .forbidden, .unauthorized,
            .tooManyRooms, .unsupported:
            return never(key, message)
        }
        rooms[room] = items
        let wait = error.retryAfterMilliseconds.map { TimeAmount.milliseconds(Int64(max(1, $0))) }
        let until = now + (wait ?? backoff.ceiling(attempt: refusalsInARow))
        refusalsInARow += 1
        holdUntil = max(holdUntil ?? until, until)
        return .later(message, at: until)
    }

    /// What was sent on `link` and not answered waits again.
    mutating func disconnected(_ link: LinkID) {
        for (room, items) in rooms {
            guard items.contains(where: { $0.sentOn == link }) else { continue }
            rooms[room] = Deque(
                items.map { item in
                    var item = item
                    if item.sentOn == link { item.sentOn = nil }
                    return item
                })
        }
        holdUntil = nil
        refusalsInARow = 0
    }

    private mutating func never(_ key: String, _ message: OutgoingMessage) -> Refused {
        _ = remove(key)
        return .never(message)
    }

    private mutating func remove(_ key: String) -> OutgoingMessage? {
        guard let room = roomOfKey.removeValue(forKey: key), var items = rooms.removeValue(forKey: room),
            let index = items.firstIndex(where: { $0.message.key == key })
        else { return nil }
        let message = items.remove(at: index).message
        if !items.isEmpty { rooms[room] = items }
        return message
    }
}
