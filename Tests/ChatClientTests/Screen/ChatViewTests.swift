import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// What single parts of the screen say.
@Suite struct ChatViewTests {
    @Test func linksAreLinkedAndUnderlined() throws {
        let screen = screen(saying: "see https://example.org/a_(b)?q=1). or http://例え.jp/x")
        #expect(screen.links == ["https://example.org/a_(b)?q=1", "http://%E4%BE%8B%E3%81%88.jp/x"])
        let linked = try #require(cell("h", of: screen))
        #expect(linked.style.link == 1 && linked.style.attributes.contains(.underline))
    }

    @Test func anAddressWithHiddenPartsIsNotLinked() {
        #expect(screen(saying: "https://example.org/\u{202e}gpj").links.isEmpty)
    }

    @Test func codeLosesNoBackticks() throws {
        let screen = screen(saying: "x `q` z")
        #expect(screen.text.contains { $0.contains("x `q` z") })
        #expect(try #require(cell("q", of: screen)).style == Theme.standard.code)
    }

    @Test func aMentionStandsOutWithoutColours() throws {
        var model = model(saying: "hey @Ada, look", mentionsMe: true)
        model.theme = .mono
        let screen = ChatView.screen(of: model)
        #expect(screen.text.contains { $0.contains("@10:01") })
        #expect(try #require(cell("A", of: screen)).style.attributes.contains(.bold))
    }

    @Test func aLongerNameIsNoMention() throws {
        let screen = screen(saying: "Q @adamant")
        #expect(try #require(cell("@", of: screen)).style == Theme.standard.text)
    }

    @Test func ignoredPeopleAreNotShown() {
        var model = model(saying: "hello")
        model.ignored = ["grace"]
        #expect(!ChatView.screen(of: model).text.contains { $0.contains("hello") })
    }

    @Test func aDayIsNamedOnceAndTheYearWhereItIsAnother() {
        let calendar = LocalCalendar.utc
        let day = Figures.day(ViewSamples.midnight, calendar)
        #expect(Figures.dayName(day, thisDay: day) == "Monday 23 November")
        #expect(Figures.dayName(day, thisDay: day + 60) == "Monday 23 November 2026")
        #expect(Figures.dayName(0, thisDay: 0) == "Thursday 1 January")
        #expect(Figures.clock(.max, calendar, seconds: true) == "23:59:59")
        #expect(Figures.dayName(Figures.day(951_782_400_000, calendar), thisDay: 11_000) == "Tuesday 29 February")
    }

    /// Names of 32 wide clusters have room in no narrow layout.
    @Test(arguments: [
        (1, 60, "名… is typing…"), (2, 60, "名… are typing…"), (3, 60, "名… and 1 more are typing…"),
        (3, 34, "3 are typing…"),
    ])
    func whoTypesIsSaidInFewColumns(count: Int, columns: Int, text: String) throws {
        var model = ViewSamples.deploy(columns: columns, rows: 12)
        let name = try #require(model.current)
        let names = ["漢", "名", "字"].prefix(count).map { $0 + String(repeating: "名", count: 31) }
        let until = model.now + .seconds(5)
        (model.order, model.transfers) = ([name], [])
        model.rooms[name]?.typing = Dictionary(uniqueKeysWithValues: names.map { ($0, until) })
        let rows = ChatView.screen(of: model).text
        let status = try #require(rows.first { $0.contains("typing…") }, "\(rows)")
        #expect(status.contains(text), "\(status)")
        #expect(TextWidth.of(status) <= columns)
    }

    @Test func theCountdownCountsDown() {
        var model = ViewSamples.offline()
        model.now = model.now + .milliseconds(1500)
        #expect(ChatView.screen(of: model).text.contains { $0.contains("reconnecting in 2 s, try 2") })
        model.now = model.now + .seconds(5)
        #expect(ChatView.screen(of: model).text.contains { $0.contains("reconnecting now, try 2") })
    }

    /// Up and down by any number of rows comes back to where it began.
    @Test func scrollingUpAndDownComesBack() throws {
        var model = ViewSamples.crowded().resized(70, 20)
        let lines = try #require(model.rooms[room("deploy")]).log.lines
        model.update(room("deploy")) { $0.scroll = .at(lines[40].id, row: 0) }
        for rows in [1, 2, 7, 19, 50] {
            let start = try #require(model.rooms[room("deploy")])
            model.scroll(up: rows)
            model.scroll(up: -rows)
            #expect(model.rooms[room("deploy")]?.scroll == start.scroll, "\(rows)")
        }
        model.scroll(up: -100_000)
        #expect(model.rooms[room("deploy")]?.scroll == .bottom)
        model.scroll(up: 100_000)
        let top = try #require(model.rooms[room("deploy")])
        #expect(ChatView.window(of: top, in: model).view(at: top.scroll).reachesOldest)
        #expect(ChatView.screen(of: model).text[1].contains("loading older") == true)
    }

    @Test(arguments: [
        (["TERM": "linux", "LANG": "en_US.UTF-8"], Glyphs.ascii), (["LANG": "C"], .ascii), ([:], .ascii),
        (["LANG": "C", "LC_ALL": "de_DE.utf8"], .unicode), (["LC_CTYPE": "C.UTF-8", "TERM": "xterm"], .unicode),
    ])
    func glyphsSuitTheTerminal(environment: [String: String], glyphs: Glyphs) {
        #expect(Glyphs.suited(to: environment) == glyphs)
    }

    /// Where the terminal has only ASCII, the client itself draws nothing else.
    @Test func asciiModeDrawsAscii() {
        var model = model(saying: "plain")
        model.glyphs = .ascii
        model.overlay = .help(scroll: 1000)
        for scroll in [0, 1000] {
            model.overlay = .help(scroll: scroll)
            let odd = ChatView.screen(of: model).cells.compactMap(\.cluster).filter { !$0.isASCII }
            #expect(odd.isEmpty, "\(odd)")
        }
    }

    /// No line is left out between two pages, at any size, and every key moves at once.
    @Test(arguments: [(60, 12), (96, 30), (30, 6), (200, 50)])
    func helpPagesFollowOneAnother(columns: Int, rows: Int) {
        var chat = ModelFixture()
        chat.send(.resized(columns: columns, rows: rows))
        chat.press(Key(.function(1)))
        chat.press(Key(.pageDown))
        let page = ChatView.helpPage(chat.model)
        let last = ChatView.helpScrollMax(chat.model)
        #expect(chat.model.overlay == .help(scroll: min(page, last)))
        chat.press(Key(.end))
        #expect(chat.model.overlay == .help(scroll: last))
        chat.press(Key(.up))
        #expect(chat.model.overlay == .help(scroll: max(0, last - 1)))
    }

    @Test func aTransferThatWaitsForTheServerSaysWhy() {
        var chat = ModelFixture()
        chat.send(.resized(columns: 120, rows: 40))
        var transfer = TransferModel(id: 1, isUpload: true, room: lobby, name: "a.gz")
        transfer.state = .retrying(at: chat.model.now, reason: "connection lost")
        chat.send(.transfer(transfer))
        #expect(ChatView.screen(of: chat.model).text.contains { $0.contains("tries again: connection lost") })
    }

    @Test(arguments: [(0, "12:00 am"), (9 * 60 + 5, "9:05 am"), (12 * 60, "12:00 pm"), (23 * 60 + 59, "11:59 pm")])
    func timesHaveTwelveHoursWhereTheyAreWanted(minutes: Int, text: String) {
        var calendar = LocalCalendar.utc
        calendar.hasTwelveHours = true
        #expect(Figures.clock(UInt64(minutes) * 60_000, calendar) == text)
        var chat = ModelFixture()
        chat.model.calendar = calendar
        let entry = Entry(
            kind: .message, id: Position(milliseconds: UInt64(minutes) * 60_000 + 86_400_000, sequence: 0),
            previous: .zero, tail: message(4, "on time").tail)
        chat.session(.entry(lobby, entry))
        #expect(ChatView.screen(of: chat.model).text.contains { $0.contains("\(text) ") && $0.contains("on time") })
    }

    @Test func theNewestFilesAreShown() {
        var chat = ModelFixture()
        chat.send(.resized(columns: 120, rows: 40))
        for number in 10..<20 { chat.session(.entry(lobby, fileEntry(number, "f\(number).txt"))) }
        let pane = ChatView.screen(of: chat.model).text.compactMap { $0.split(separator: "│").last.map(String.init) }
        // A row of the log says what kind of file it is.
        let shown = pane.filter { !$0.contains("image") }.compactMap {
            $0.firstMatch(of: /f\d\d\.txt/).map { String($0.0) }
        }
        #expect(shown == ["f19.txt", "f18.txt", "f17.txt", "f16.txt"])
    }

    @Test func aClickShowsARoom() {
        var chat = ModelFixture()
        chat.send(.terminal(.mouse(Mouse(.press(button: 0), column: 4, row: 3))))
        #expect(chat.model.current == ops)
    }

    @Test func aClickFindsItsRoom() {
        let model = ViewSamples.deploy()
        #expect(ChatView.room(of: model, column: 4, row: 3) == lobby)
        #expect(ChatView.room(of: model, column: 4, row: 1) == nil)
        #expect(ChatView.room(of: model, column: 40, row: 3) == nil)
    }

    /// The cost of a picture does not grow with the log: 20,000 lines are drawn as fast as 200.
    @Test func drawingIsIndependentOfTheLog() throws {
        let clock = ContinuousClock()
        let model = flood(lines: 20_000)
        let time = (0..<5).map { _ in clock.measure { _ = ChatView.screen(of: model) } }.min()
        print("screen(of:) at 120x40 with 20,000 lines: \(try #require(time))")
    }

    private func flood(lines: Int) -> ChatModel {
        var model = ViewSamples.deploy(columns: 120, rows: 40)
        model.update(room("deploy")) { room in
            for number in 0..<lines {
                room.log.append(
                    LogLine(
                        id: .entry(ViewSamples.id(11, 0, number)), time: ViewSamples.time(11, 0),
                        content: .message(
                            user: "user\(number % 50)", body: "line \(number) of a flood that fills the room's log",
                            isAction: false)))
            }
        }
        return model
    }

    private func model(saying body: String, mentionsMe: Bool = false) -> ChatModel {
        var model = ViewSamples.empty(columns: 80, rows: 14)
        var lobby = ViewSamples.joined("lobby")
        lobby.log.append(ViewSamples.said(10, 1, "grace", body, mentionsMe: mentionsMe))
        ViewSamples.add(lobby, to: &model)
        model.current = lobby.name
        return model
    }

    private func screen(saying body: String) -> Screen { ChatView.screen(of: model(saying: body)) }

    /// The first cell of the log's text that holds the cluster.
    private func cell(_ cluster: Character, of screen: Screen) -> Cell? {
        for row in 1..<(screen.rows - 3) {
            for column in 34..<screen.columns where screen[column, row].cluster == cluster {
                return screen[column, row]
            }
        }
        return nil
    }
}
