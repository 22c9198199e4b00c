import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Whole screens as people see them.
@Suite struct ChatViewGoldenTests {
    @Test func wide() throws { try Golden.expect(ViewSamples.deploy(), "wide-96x18") }

    @Test func spacious() throws { try Golden.expect(ViewSamples.deploy(columns: 130, rows: 30), "spacious-130x30") }

    @Test func withoutMembers() throws { try Golden.expect(ViewSamples.deploy(columns: 80, rows: 24), "panes-80x24") }

    @Test func offline() throws { try Golden.expect(ViewSamples.offline(), "offline-60x12") }

    @Test func small() throws { try Golden.expect(ViewSamples.deploy(columns: 40, rows: 10), "small-40x10") }

    @Test func tiny() throws { try Golden.expect(ViewSamples.deploy(columns: 20, rows: 5), "tiny-20x5") }

    @Test func crowded() throws { try Golden.expect(ViewSamples.crowded().resized(110, 40), "crowded-110x40") }

    @Test func search() throws {
        var model = ViewSamples.deploy(columns: 96, rows: 18)
        var search = SearchState()
        search.query = "canary"
        search.results = [
            ViewSamples.said(10, 5, "grace", "@ada can you take the canary?"),
            ViewSamples.said(
                9, 50, "linus", String(repeating: "a long story about ", count: 8) + "the Canary, and more"),
        ]
        search.selected = 1
        search.isSearching = true
        model.overlay = .search(search)
        try Golden.expect(model, "search-96x18")
    }

    @Test func help() throws {
        var model = ViewSamples.deploy(columns: 96, rows: 30)
        model.overlay = .help(scroll: 0)
        try Golden.expect(model, "help-96x30")
        model.overlay = .help(scroll: 1000)
        try Golden.expect(model, "help-end-96x30")
        try Golden.expect(model.resized(40, 12), "help-end-40x12")
    }

    @Test func goTo() throws {
        var model = ViewSamples.deploy(columns: 80, rows: 20)
        model.overlay = .goTo(query: "l", selected: model.goToCandidates("l")[1])
        try Golden.expect(model, "go-to-80x20")
    }

    @Test func pasteQuestion() throws {
        var model = ViewSamples.deploy(columns: 80, rows: 24)
        model.overlay = .paste((1...30).map { "line \($0) of a build log" }.joined(separator: "\n"))
        try Golden.expect(model, "paste-80x24")
    }

    @Test func question() throws {
        var model = ViewSamples.offline(columns: 60, rows: 12)
        model.overlay = .question("A file is on its way. Leave all the same?", .leave)
        try Golden.expect(model, "question-60x12")
    }

    @Test func transfers() throws {
        var model = ViewSamples.deploy(columns: 120, rows: 20)
        var retrying = model.transfers[0]
        retrying = TransferModel(
            id: 2, isUpload: false, room: retrying.room, name: "数据.tar", doneBytes: 10, totalBytes: 100,
            state: .retrying(at: model.now + .seconds(3), reason: "no network"))
        model.transfers.append(retrying)
        try Golden.expect(model, "transfers-120x20")
        model.transfers.removeFirst()
        try Golden.expect(model.resized(60, 12), "transfer-retrying-60x12")
    }

    @Test func directRoom() throws {
        var model = ViewSamples.deploy(columns: 80, rows: 16)
        let name = room("dm-grace")
        model.update(name) { room in
            room.log.append(ViewSamples.said(10, 3, "grace", "psst"))
            room.log.append(ViewSamples.said(10, 4, "grace", "waves", isAction: true))
            room.hasOldest = true
        }
        model.current = name
        model.editor.set("hi")
        try Golden.expect(model, "direct-80x16")
    }

    @Test func completion() throws {
        var model = ViewSamples.deploy(columns: 60, rows: 12)
        model.editor.set("/to")
        model.completion = CompletionState(candidates: ["/topic", "/top-of-the-list"], selected: 0, length: 3)
        try Golden.expect(model, "completion-60x12")
    }

    @Test func scrolledUp() throws {
        var model = ViewSamples.crowded().resized(80, 24)
        for _ in 0..<3 { model.scroll(up: 10) }
        try Golden.expect(model, "scrolled-80x24")
    }

    @Test func noRoom() throws { try Golden.expect(ViewSamples.empty(columns: 80, rows: 16), "no-room-80x16") }

    @Test func ascii() throws {
        var model = ViewSamples.deploy()
        model.glyphs = .ascii
        try Golden.expect(model, "ascii-96x18")
    }
}

extension ChatModel {
    func resized(_ columns: Int, _ rows: Int) -> ChatModel {
        var model = self
        model.columns = columns
        model.rows = rows
        return model
    }

    mutating func scroll(up rows: Int) {
        guard let current, let room = self.rooms[current] else { return }
        let scroll = ChatView.window(of: room, in: self).scrolled(room.scroll, up: rows)
        update(current) { $0.scroll = scroll }
    }
}
