import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Random events against a plain reference: no line is lost or doubled, entries stand in their order, unread is what
/// stands behind the marker, and nothing traps.
@Suite struct ModelRandomTests {
    @Test(arguments: 0..<60)
    func keepsItsPromises(round: Int) {
        let seed = UInt64(round) &* 0x9e37 &+ UInt64.random(in: 0...UInt64.max / 2)
        var world = World(seed: seed)
        for step in 0..<300 {
            world.step()
            let complaint = world.complaint
            guard complaint == nil else {
                #expect(complaint == nil, "seed \(seed), step \(step)")
                return
            }
        }
    }

    @Test(arguments: 0..<8)
    func aPictureIsTheSameWhateverTheOneBeforeLeft(round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var world = World(seed: seed)
        let memo = PictureMemo()
        for step in 0..<200 {
            world.step()
            let isSame = ChatView.screen(of: world.model, memo) == ChatView.screen(of: world.model)
            #expect(isSame, "seed \(seed), step \(step)")
            if !isSame { return }
        }
    }

    /// A property that is in neither would be drawn as it was before.
    @Test func aPictureIsComparedInAllItDependsOn() {
        let model = ModelFixture(history: 0).model
        let compared = Mirror(reflecting: PictureMemo.Setting(model, ChatView.layout(of: model))).children
        // Of the calendar, the ledger and the editor a part is compared; the rooms go by `roomsChanged`.
        let others: Set = [
            "rooms", "editor", "completion", "overlay", "sharesTyping", "hasFocus", "now", "wallClock", "calendar",
            "features", "ledger",
        ]
        let known = Set(compared.compactMap(\.label)).union(others)
        for property in Mirror(reflecting: model).children.compactMap(\.label) { #expect(known.contains(property)) }
    }

    /// 10,000 lines cost about ten times as much as 1,000 of them: no step looks at all the lines that are there.
    @Test func aFloodCostsEachLineTheSame() {
        func seconds(_ count: Int, offset: Int) -> Double {
            var chat = ModelFixture(history: 0)
            chat.send(.terminal(.focus(false)))
            let entries = (1...count).map { message($0 + offset, "line \($0) for ann and others") }
            let start = ContinuousClock.now
            for entry in entries { _ = chat.model.update(.session(.entry(lobby, entry))) }
            let time = ContinuousClock.now - start
            return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        }
        _ = seconds(1000, offset: 0)
        let few = (0..<3).map { _ in seconds(2000, offset: 0) }.min() ?? 0
        let many = (0..<3).map { _ in seconds(10_000, offset: 0) }.min() ?? 0
        print("flood: \(Int(many / 10_000 * 1e9)) ns for each of 10,000 lines, \(Int(few / 2000 * 1e9)) ns of 2,000")
        #expect(many < few * 5 * 3, "\(few) s, \(many) s")
    }
}

private struct World {
    private var random: SplitMix64
    private var chat: ModelFixture
    var model: ChatModel { chat.model }
    /// By number, the user who said it; of each room that is joined.
    private var told: [RoomName: [Int: String]] = [:]
    private var waiting: [OutgoingMessage] = []
    private var refused: Set<String> = []
    private var newest = 1000
    private var oldest: [RoomName: Int] = [:]

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        chat = ModelFixture(history: 0)
        for room in [lobby, ops] { note(joined: room) }
    }

    private mutating func note(joined room: RoomName) {
        told[room] = [:]
        oldest[room] = newest
    }

    private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    private mutating func aRoom() -> RoomName { below(2) == 0 ? lobby : ops }

    mutating func step() {
        switch below(20) {
        case 0...4: someoneSpeaks(in: aRoom())
        case 5...8: aKey()
        case 9:
            for character in "hir/ä ".prefix(1 + below(6)) { press(Key(.character(character))) }
        case 10: press(Key(.enter))
        case 11: store()
        case 12: refuse()
        case 13: below(2) == 0 ? chat.disconnect(retryAfter: below(3000)) : reconnect()
        case 14: olderPage()
        case 15:
            let room = aRoom()
            chat.session(.read(room, position(newest - below(10))))
        case 16: chat.pass(milliseconds: below(3000))
        case 17: something()
        case 18: command()
        default: chat.send(.terminal(.focus(below(2) == 0)))
        }
        note()
    }

    private mutating func press(_ key: Key) {
        chat.press(key)
        note()
    }

    /// What the last event asked to send waits now.
    private mutating func note() {
        for case .send(let message) in chat.actions {
            if !waiting.contains(message) { waiting.append(message) }
            refused.remove(message.key)
        }
        for case .discard(let message) in chat.actions {
            waiting.removeAll { $0.key == message.key }
            refused.remove(message.key)
        }
        for case .leave(let room) in chat.actions { told[room] = nil }
        for case .join(let room) in chat.actions where told[room] == nil {
            note(joined: room)
            chat.session(.joined(.init(room: room, members: [], count: 0, isAgain: false)))
            chat.session(.caughtUp(room, missed: 0))
            return note()
        }
        chat.actions = []
    }

    private mutating func someoneSpeaks(in room: RoomName) {
        // Some entries are told late.
        if below(8) > 0 { newest += 1 + below(2) }
        let number = below(6) > 0 ? newest : newest - below(4)
        let user = told[room]?[number] ?? ["bob", "eve", "ann"][below(3)]
        guard let first = oldest[room], number > first else { return }
        if told[room] != nil { told[room]?[number] = user }
        chat.session(.entry(room, message(number, below(4) == 0 ? "ann!" : "hi", by: user)))
    }

    private mutating func aKey() {
        let keys: [Key] = [
            Key(.pageUp), Key(.pageDown), Key(.up, .shift), .alt("1"), .alt("2"), .alt("a"), .alt("l"), Key(.end, .alt),
            .control("s"), .alt("k"), Key(.escape), Key(.tab), Key(.function(1)), Key(.function(7)), Key(.home, .alt),
            .control("x"), Key(.down), Key(.up), .control("c"), Key(.down, .alt),
        ]
        press(keys[below(keys.count)])
    }

    private mutating func store() {
        guard let message = waiting.first(where: { !refused.contains($0.key) }) else { return }
        newest += 1
        let entry = ChatClientTests.message(newest, "x", by: "ann", key: message.key)
        let isEntryFirst = below(2) == 0
        if isEntryFirst, told[message.room] != nil { chat.session(.entry(message.room, entry)) }
        chat.session(.stored(message, id: position(newest), duplicate: below(2) == 0))
        if !isEntryFirst, below(2) == 0 { chat.session(.entry(message.room, entry)) }
        if told[message.room] != nil { told[message.room]?[newest] = "ann" }
        waiting.removeAll { $0.key == message.key }
    }

    private mutating func refuse() {
        guard !waiting.isEmpty else { return }
        let message = waiting[below(waiting.count)]
        refused.insert(message.key)
        switch below(3) {
        case 0: chat.session(.refused(message, errorFrame(.forbidden)))
        case 1: chat.session(.kept(message, .perhapsStored))
        default: chat.send(.sendFailed(message, reason: "full"))
        }
    }

    private mutating func reconnect() {
        chat.connect()
        for room in chat.model.order {
            chat.session(.joined(.init(room: room, members: [], count: below(100), isAgain: true)))
            if below(2) == 0 { someoneSpeaks(in: room) }
            chat.session(.caughtUp(room, missed: below(3)))
        }
    }

    private mutating func olderPage() {
        let room = aRoom()
        guard let first = oldest[room], told[room] != nil else { return }
        if below(5) == 0 {
            chat.send(.older(room, nil, more: true))
            return
        }
        let numbers = Array(max(1, first - below(30))...first)
        oldest[room] = numbers[0] - 1
        for number in numbers where told[room]?[number] == nil { told[room]?[number] = "bob" }
        let page = numbers.map { message($0, "old", by: told[room]?[$0] ?? "bob") }
        chat.send(.older(room, page, more: below(10) > 0))
    }

    private mutating func something() {
        let room = aRoom()
        switch below(6) {
        case 0: chat.session(.typing(room, user: "bob"))
        case 1: chat.presence(came: ["eve"], went: ["bob"], count: below(100))
        case 2: chat.send(.resized(columns: below(130), rows: below(50)))
        case 3: chat.send(.terminal(.paste(below(2) == 0 ? "/tmp/x" : String(repeating: "y\n", count: below(40)))))
        case 4: chat.session(.gap(room, after: position(newest - below(5)), before: position(newest)))
        default: chat.send(.answered([Span("an answer")]))
        }
    }

    private mutating func command() {
        let lines = [
            "/resend", "/discard", "/ignore eve", "/read all", "/leave lobby", "/join lobby", "/join ops", "/leave ops",
            "/status", "/search hi", "hello",
        ]
        chat.model.overlay = nil
        chat.model.editor.set(lines[below(lines.count)])
        chat.model.pendingPrefix = nil
        press(Key(.enter))
    }

    /// What is wrong; nil where nothing is.
    var complaint: String? {
        var ticked = chat.model
        _ = ticked.update(.tick)
        if let next = ticked.nextTick, next <= ticked.now { return "it ticks without end" }
        if Set(chat.model.order) != Set(chat.model.rooms.keys) { return "the order has other rooms" }
        if let current = chat.model.current, chat.model.rooms[current] == nil { return "the current room is gone" }
        if Set(chat.model.ledger.unsettled) != Set(waiting) { return "unsettled: \(chat.model.ledger.unsettled)" }
        for name in chat.model.order {
            if let complaint = complaint(about: name) { return "\(name): \(complaint)" }
        }
        return nil
    }

    private func complaint(about name: RoomName) -> String? {
        guard let told = told[name] else { return "not joined" }
        let room = chat[name]
        let lines = room.log.lines
        let numbers = lines.compactMap { line -> Int? in
            if case .entry(let id) = line.id { Int(id.milliseconds) } else { nil }
        }
        if numbers != told.keys.sorted() { return "entries \(numbers), told \(told.keys.sorted())" }
        if Set(lines.map(\.id)).count != lines.count { return "a line twice" }
        let own = lines.compactMap { line -> String? in if case .own(let key) = line.id { key } else { nil } }
        if Set(own) != Set(waiting.filter { $0.room == name }.map(\.key)) { return "own lines \(own)" }
        if lines.suffix(room.log.waiting).contains(where: { $0.delivery != .sending }) { return "waiting is not last" }
        if lines.dropLast(room.log.waiting).contains(where: { $0.delivery == .sending }) { return "waiting between" }
        for (index, line) in lines.enumerated() where room.log.index(of: line.id) != index {
            return "\(line.id) not found"
        }
        let unread = told.filter { number, user in
            room.readMarker.map { position(number) > $0 } ?? false && user != "ann"
                && !chat.model.ignored.contains(user)
        }
        if room.unread != unread.count { return "unread \(room.unread), should be \(unread.count)" }
        if room.mentions > room.unread { return "more mentions than unread" }
        return nil
    }
}
