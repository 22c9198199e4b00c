import ChatWire
import NIOCore
import TerminalUI

@testable import ChatClient

/// A model at work, with short words for what happens to it. Ann is in #lobby and looks at it; #ops is there too.
struct ModelFixture {
    var model: ChatModel
    /// What the last event asked for, and all that was asked for.
    var actions: [ScreenAction] = []
    var all: [ScreenAction] = []

    /// Ids of entries are `<number>-0`; those up to `history` are there from the begin.
    init(rooms: [RoomName] = [lobby, ops], history: Int = 3, features: Set<String> = allFeatures, started: Bool = true)
    {
        model = ChatModel(server: "chat.test", user: "ann", calendar: .utc)
        model.ledger.keyStem = "k"
        model.wallClock = 1_000_000
        model.now = at(0)
        guard started else { return }
        send(.started(rooms: rooms, drafts: [:], restored: []))
        connect(features: features)
        for room in rooms { join(room, history: history) }
        all = []
        actions = []
    }

    static let allFeatures = Set(ServerFeature.allCases.map(\.rawValue))

    @discardableResult
    mutating func send(_ event: ScreenEvent) -> [ScreenAction] {
        actions = model.update(event)
        all += actions
        return actions
    }

    @discardableResult
    mutating func session(_ event: SessionEvent) -> [ScreenAction] { send(.session(event)) }

    mutating func connect(features: Set<String> = allFeatures, node: String = "edge-a") {
        var welcome = welcomeFrame()
        welcome.node = node
        welcome.features = features.sorted()
        session(.connected(.init(welcome)))
    }

    mutating func disconnect(retryAfter milliseconds: Int = 3000, attempt: Int = 1) {
        session(
            .disconnected(reason: "gone", retryAt: model.now + .milliseconds(Int64(milliseconds)), attempt: attempt))
    }

    mutating func join(_ room: RoomName, history: Int = 0, members: [String] = ["ann", "bob"], read: Position? = nil) {
        let members = members.map { Member(user: $0, sessions: 1, node: "n", since: 0) }
        session(.joined(.init(room: room, members: members, count: members.count, isAgain: false, read: read)))
        for number in stride(from: 1, through: history, by: 1) { session(.entry(room, entry(number))) }
        session(.caughtUp(room, missed: history))
    }

    mutating func say(_ number: Int, _ body: String = "hi", by user: String = "bob", in room: RoomName = lobby) {
        session(.entry(room, message(number, body, by: user)))
    }

    mutating func pass(milliseconds: Int) {
        model.now = model.now + .milliseconds(Int64(milliseconds))
        model.wallClock += UInt64(milliseconds)
        send(.tick)
    }

    @discardableResult
    mutating func press(_ key: Key) -> [ScreenAction] { send(.terminal(.key(key))) }

    mutating func type(_ text: String) { for character in text { press(Key(.character(character))) } }

    @discardableResult
    mutating func enter(_ text: String) -> [ScreenAction] {
        type(text)
        return press(Key(.enter))
    }

    subscript(room: RoomName) -> RoomModel { model.rooms[room] ?? RoomModel(name: room) }

    /// The last line's delivery and so on are asked of the lines.
    func lines(_ room: RoomName = lobby) -> [LogLine] { self[room].log.lines }

    /// The log in short: `bob: hi`, `-- joined`.
    func texts(_ room: RoomName = lobby) -> [String] { lines(room).map(short) }

    var hint: String { model.hint?.text ?? "" }
}

func short(_ line: LogLine) -> String {
    let mark =
        switch line.delivery {
        case .sending: " …"
        case .stored: " ✓"
        case .refused: " !"
        case nil: ""
        }
    switch line.content {
    case .message(let user, let body, let isAction): return (isAction ? "* \(user) \(body)" : "\(user): \(body)") + mark
    case .file(let file): return "file \(file.name)"
    case .gap: return "-- gap"
    case .caughtUp(_, _, let count): return "-- caught up \(count)"
    case .connectionLost: return "-- lost"
    case .presence(let text), .notice(let text): return "-- \(text)"
    case .local(let spans): return "> " + spans.map(\.text).joined()
    }
}

func message(_ number: Int, _ body: String, by user: String = "bob", key: String? = nil) -> Entry {
    var tail = ByteBuffer()
    tail.writeString(#""user":"\#(user)","session":"s0","key":"\#(key ?? "other\(number)")","body":"\#(body)"}"#)
    return Entry(kind: .message, id: position(number), previous: position(max(0, number - 1)), tail: tail)
}

func fileEntry(_ number: Int, _ name: String, by user: String = "bob") -> Entry {
    let line = fileLine(name, id: "f\(number)", by: user)
    return Entry(kind: .file, id: position(number), previous: position(max(0, number - 1)), tail: Entry.fileTail(line))
}

func fileLine(_ name: String, id: String = "f", by user: String = "bob") -> FileLine {
    FileLine(id: id, name: name, bytes: 1200, mediaType: "image/png", sha256: "00", user: user, key: id)
}
