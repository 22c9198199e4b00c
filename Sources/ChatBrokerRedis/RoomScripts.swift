import ChatBroker
import ChatWire
import HiredisClient
import NIOCore

/// publish.lua: a batch of drafts of one room.
struct PublishBatch: ScriptCall {
    static let script = Script.publish

    var room: RoomName
    var drafts: [Draft]
    var keyspace: Keyspace
    var bounds: HistoryBounds
    var lastIDMilliseconds: Int64

    var keys: [String] {
        [keyspace.history(room), keyspace.last(room)] + keyspace.keys(room)
            + [keyspace.live(room), keyspace.announced(room), keyspace.files(room)]
    }

    func appendArguments(to command: inout RESPCommand) {
        command.append(bounds.entries)
        command.append(bounds.ageMilliseconds)
        command.append(max(lastIDMilliseconds, Int64(clamping: bounds.ageMilliseconds)))
        command.append(IdempotencyWindow.milliseconds / 1000)
        for draft in drafts {
            command.append(draft.kind.letter)
            command.append("\(draft.user)\u{0}\(draft.key)")
            command.append(draft.tail)
        }
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> [Result<Receipt, RedisError>] {
        let words = try reply.elements(drafts.count * 2)
        var receipts: [Result<Receipt, RedisError>] = []
        receipts.reserveCapacity(drafts.count)
        for index in drafts.indices {
            let id = try words[index * 2].position
            let isDuplicate = try words[index * 2 + 1].text == "1"
            receipts.append(.success(Receipt(id: id, isDuplicate: isDuplicate)))
        }
        return receipts
    }
}

/// history.lua: one page.
struct ReadHistory: ScriptCall {
    static let script = Script.history

    var room: RoomName
    var query: HistoryQuery
    var keyspace: Keyspace

    var keys: [String] { [keyspace.history(room), keyspace.last(room)] }

    /// Bytes of a page's entries, about: a page of the largest messages would keep Redis, and what waits behind it on the
    /// link, for a tenth of a second. What is left goes with the next page.
    static let pageBytesMax = 1 << 20

    private var limit: Int {
        switch query {
        case .newest(let limit), .after(_, let limit), .before(_, let limit): max(0, min(limit, Limits.pageEntriesMax))
        }
    }

    func appendArguments(to command: inout RESPCommand) {
        switch query {
        case .newest:
            command.append("newest")
            command.append("0-0")
        case .after(let position, _):
            command.append("after")
            command.append(position.description)
        case .before(let position, _):
            command.append("before")
            command.append(position.description)
        }
        command.append(limit)
        command.append(Self.pageBytesMax)
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> HistoryPage {
        let parts = try reply.elements(4)
        var found: [(entry: Entry, hasPrevious: Bool)] = []
        for item in try parts[3].elements { found.append(try Self.entry(item)) }
        switch query {
        case .newest, .before: found.reverse()
        case .after: break
        }
        var entries: [Entry] = []
        entries.reserveCapacity(found.count)
        for (var entry, hasPrevious) in found {
            if !hasPrevious, let before = entries.last { entry.previous = before.id }
            entries.append(entry)
        }
        return HistoryPage(
            entries: entries, more: try parts[2].text == "1", isComplete: try parts[1].text == "1",
            last: try parts[0].position)
    }

    /// An entry as XRANGE gives it: the id, and the fields `m` or `f` with the tail and `p` with the id before it.
    /// A `p` that is no id, which somebody else wrote, must not cost a reader the page.
    private static func entry(_ item: RESPValue) throws(RedisError) -> (entry: Entry, hasPrevious: Bool) {
        let parts = try item.elements(2)
        let fields = try parts[1].elements
        var entry = Entry(kind: .message, id: try parts[0].position, previous: .zero, tail: ByteBuffer())
        var hasPrevious = false
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            let name = try fields[index].bytes
            guard name.readableBytes == 1, let letter = name.readableBytesView.first else { continue }
            if let kind = Entry.Kind(letter: letter) {
                entry.kind = kind
                entry.tail = try fields[index + 1].bytes
            } else if letter == UInt8(ascii: "p") {
                guard let previous = try? fields[index + 1].position else { continue }
                (entry.previous, hasPrevious) = (previous, true)
            }
        }
        return (entry, hasPrevious)
    }
}

/// presence.lua: a batch of changes of one room.
struct ApplyPresence: ScriptCall {
    static let script = Script.presence

    var room: RoomName
    var changes: [Change]
    var keyspace: Keyspace
    var backstopMilliseconds: Int64

    enum Change {
        case enter(Occupant, takingOverFrom: NodeID?)
        case reassert(Occupant)
        case leave(Occupant, Departure.Reason)

        var occupant: Occupant {
            switch self {
            case .enter(let occupant, _), .reassert(let occupant), .leave(let occupant, _): occupant
            }
        }

        /// The script's op and its extra word.
        fileprivate var words: (op: String, extra: String) {
            switch self {
            case .enter(let occupant, let previous): ("e", previous == occupant.node ? "" : previous?.value ?? "")
            case .reassert(let occupant): ("a", String(occupant.since))
            case .leave(_, let reason): ("l", reason.rawValue)
            }
        }
    }

    var keys: [String] { [keyspace.members(room), keyspace.live(room)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(backstopMilliseconds)
        for change in changes {
            let (occupant, words) = (change.occupant, change.words)
            command.append(words.op)
            command.append(occupant.node.value)
            command.append(occupant.session.value)
            command.append(occupant.user.value)
            command.append(words.extra)
        }
    }

    /// For each change: `since` after an enter or reassert, 1 or 0 (was there) after a leave; or why Redis refused it.
    func decode(_ reply: RESPValue) throws(RedisError) -> [Result<UInt64, RedisError>] {
        try reply.elements(changes.count).map { word in
            Result { () throws(RedisError) in UInt64(clamping: try word.int) }
        }
    }
}

/// reap.lua: one step through a room's members.
struct ReapStep: ScriptCall {
    static let script = Script.reap

    var room: RoomName
    var node: NodeID
    var cursor: String
    var count: Int
    var reaper: NodeID
    var lockMilliseconds: Int64
    var keyspace: Keyspace

    enum Outcome: Equatable {
        case next(cursor: String)
        case done
        /// The node is back, or another node reaps it now: nothing was removed.
        case mustStop
    }

    var keys: [String] { [keyspace.members(room), keyspace.live(room), keyspace.lease(node), keyspace.reap(node)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(node.value)
        command.append(cursor)
        command.append(count)
        command.append(reaper.value)
        command.append(lockMilliseconds)
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> Outcome {
        switch try reply.elements(2)[0].text {
        case "0": .done
        case "stop": .mustStop
        case let cursor: .next(cursor: cursor)
        }
    }
}

/// forget.lua: the end of reaping a node.
struct ForgetNode: ScriptCall {
    static let script = Script.forget

    var node: NodeID
    var reaper: NodeID
    var keyspace: Keyspace

    var keys: [String] { [keyspace.reap(node), keyspace.lease(node), keyspace.rooms(of: node), keyspace.nodes] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(node.value)
        command.append(reaper.value)
    }

    /// Whether the node was dead until the end.
    func decode(_ reply: RESPValue) throws(RedisError) -> Bool { try reply.int == 1 }
}

extension RESPValue {
    var position: Position {
        get throws(RedisError) {
            guard let position = Position(utf8: try bytes.readableBytesView) else {
                throw RedisError(.protocolViolation, "The server answered with a string where an id was expected.")
            }
            return position
        }
    }
}
