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
        /// As the outbox's file has it, or will have it once ``isPlacing`` is over.
        var place: Place?
        var isPlacing = false
        var firstTry: FirstTry
        var internalErrors = 0
    }

    /// When a message was first sent, which is as far back as an edge must remember its key.
    enum FirstTry: Equatable {
        case none
        case at(NIODeadline)
        /// By an earlier run, longer ago than any edge remembers.
        case longAgo
    }

    private var rooms: [RoomName: Deque<Item>] = [:]
    private var roomOfKey: [String: RoomName] = [:]
    /// Nothing is sent before this: the edge asked for it.
    private var holdUntil: NIODeadline?
    private var refusalsInARow = 0
    /// Messages of one room sent and not answered.
    let window: Int
    /// The messages are in a file, which has to say where each may be stored before it is sent.
    let isDurable: Bool

    init(window: Int = 1, isDurable: Bool = false) {
        self.window = max(1, window)
        self.isDurable = isDurable
    }

    var count: Int { roomOfKey.count }
    var isFull: Bool { count >= ClientLimits.outboxMessagesMax }
    var deadline: NIODeadline? { count > 0 ? holdUntil : nil }

    func count(in room: RoomName) -> Int { rooms[room]?.count ?? 0 }

    /// The rooms that have messages, sent or waiting.
    var roomsWithMessages: [RoomName] { Array(rooms.keys) }

    /// - Returns: false where the outbox is full or has the key already.
    /// - Parameters:
    ///   - place: what the file has of it.
    ///   - firstTry: of a message that an earlier run left.
    mutating func add(_ message: OutgoingMessage, place: Place? = nil, firstTry: FirstTry = .none) -> Bool {
        guard !isFull, roomOfKey[message.key] == nil else { return false }
        roomOfKey[message.key] = message.room
        rooms[message.room, default: []].append(Item(message: message, place: place, firstTry: firstTry))
        return true
    }

    /// The messages of `room` that the next ``take(_:on:at:)`` would send, had the file their place: it is `place` from
    /// now on, and ``placed(key:)`` says that it is written.
    mutating func unplaced(_ room: RoomName, _ place: Place) -> [OutgoingMessage] {
        guard isDurable, var items = rooms.removeValue(forKey: room) else { return [] }
        var messages: [OutgoingMessage] = []
        for index in items.indices.prefix(window) where items[index].place == nil {
            items[index].place = place
            items[index].isPlacing = true
            messages.append(items[index].message)
        }
        rooms[room] = items
        return messages
    }

    mutating func placed(key: String) {
        guard let room = roomOfKey[key], let index = rooms[room]?.firstIndex(where: { $0.message.key == key }) else {
            return
        }
        rooms[room]?[index].isPlacing = false
    }

    /// The earliest place after which a message of `room` may be stored.
    func earliestPlace(in room: RoomName) -> Position? {
        rooms[room]?.lazy.filter { $0.firstTry != .none }.compactMap { $0.place?.after }.min()
    }

    /// The messages of `room` to send now on `link`; they count as sent.
    mutating func take(_ room: RoomName, on link: LinkID, at now: NIODeadline) -> [OutgoingMessage] {
        if let holdUntil, now < holdUntil { return [] }
        guard var items = rooms.removeValue(forKey: room) else { return [] }
        var taken: [OutgoingMessage] = []
        for index in items.indices.prefix(window) where items[index].sentOn == nil && !items[index].isPlacing {
            items[index].sentOn = link
            if items[index].firstTry == .none { items[index].firstTry = .at(now) }
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

    /// Takes out what was tried so long ago that no edge needs to remember its key. Called where the room's history has
    /// a hole in which it may be stored.
    mutating func removeDoubtful(in room: RoomName, at now: NIODeadline) -> [OutgoingMessage] {
        let doubtful = (rooms[room] ?? []).filter { item in
            guard item.sentOn == nil else { return false }
            return switch item.firstTry {
            case .none: false
            case .at(let time): now - time >= ClientLimits.keyRememberedFor
            case .longAgo: true
            }
        }.map(\.message)
        for message in doubtful { _ = remove(message.key) }
        return doubtful
    }

    /// Takes out what an earlier run tried to send under another name than `user`.
    mutating func removeMessages(notOf user: String) -> [(message: OutgoingMessage, user: String)] {
        var removed: [(OutgoingMessage, String)] = []
        for room in roomsWithMessages.sorted(by: { $0.value < $1.value }) {
            for item in rooms[room] ?? [] {
                if let place = item.place, place.user != user { removed.append((item.message, place.user)) }
            }
        }
        for (message, _) in removed { _ = remove(message.key) }
        return removed
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
