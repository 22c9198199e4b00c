import ChatWire
import NIOCore
import Testing

@testable import ChatClient

@Suite struct LineViewTests {
    @Test func anEntryIsTimeNameAndText() {
        var view = plain()
        #expect(view.lines(for: .entry(lobby, said("hello")), now: at(0)) == [.text("10:05 grace  hello")])
        view.namesRooms = true
        #expect(view.lines(for: .entry(lobby, said("hello")), now: at(0)) == [.text("#lobby 10:05 grace  hello")])
    }

    @Test func linesOfABodyStayTogether() {
        var view = plain()
        #expect(view.lines(for: .entry(lobby, said(#"a\nb"#)), now: at(0)) == [.text("10:05 grace  a\n      b")])
    }

    @Test func aFileIsNamed() {
        var view = plain()
        let tail =
            #""user":"grace","key":"f","file":{"id":"f","name":"p\u001b.png","bytes":5,"media_type":"image/png","sha256":"00"}}"#
        let file = Entry(kind: .file, id: fiveAfterTen, previous: .zero, tail: ByteBuffer(string: tail))
        #expect(
            view.lines(for: .entry(lobby, file), now: at(0)) == [
                .text("10:05 grace  file p\u{fffd}.png (5 bytes, image/png)")
            ])
    }

    @Test func whatCannotBeReadHasItsLine() {
        var view = plain()
        let poll = Entry(
            kind: .unreadable, id: fiveAfterTen, previous: .zero, tail: ByteBuffer(string: #"{"type":"poll"}"#))
        #expect(
            view.lines(for: .entry(lobby, poll), now: at(0)) == [.text("10:05 -- cannot be shown by this version")])
    }

    @Test func hostileTextIsMadeVisible() {
        var view = plain()
        let lines = view.lines(for: .entry(lobby, said(#"\u001b[2J\u202eevil\u0007"#)), now: at(0))
        #expect(lines == [.text("10:05 grace  \u{fffd}[2J\u{fffd}evil\u{fffd}")])
        let stopped = view.lines(for: .stopped(StopReason(.failed, "no\u{1b}]0;x\u{07}")), now: at(0))
        #expect(stopped == [.status("no\u{fffd}]0;x\u{fffd}")])
    }

    @Test func presenceIsDimmedInColourAndLeftOutOfTail() {
        var view = LineView(style: style(hasColor: true))
        let presence = ServerFrame.Presence(room: lobby, joined: [], left: [], count: 300)
        #expect(view.lines(for: .presence(presence), now: at(0)) == [.text("\u{1b}[2m-- 300 here\u{1b}[0m")])
        view.showsPresence = false
        #expect(view.lines(for: .presence(presence), now: at(0)) == [])
    }

    @Test func aReconnectIsSaidAndADrainIsNot() {
        var view = plain()
        let connected = SessionEvent.connected(.init(welcomeFrame()))
        #expect(view.lines(for: connected, now: at(0)) == [.connected, .status("connected to edge-a as ann")])
        #expect(view.lines(for: connected, now: at(0)) == [])
        let lost = SessionEvent.disconnected(reason: "connection lost", retryAt: at(3_000), attempt: 1)
        #expect(
            view.lines(for: lost, now: at(0)) == [.waiting(reason: "connection lost", until: at(3_000), attempt: 1)])
        #expect(view.lines(for: connected, now: at(0)) == [.connected, .status("back on edge-a")])
    }

    @Test func theCountdownRoundsUp() {
        let text = LineView.waiting("connection lost", until: at(2_100), attempt: 1, now: at(0), unsent: 2)
        #expect(text == "not connected (connection lost); try 2 in 3 s, 2 unsent, kept")
        #expect(LineView.waiting("x", until: at(0), attempt: 1, now: at(50)) == "not connected (x); try 2 in 0 s")
    }

    @Test func timesAreLocal() {
        #expect(style().time(0) == "00:00")
        var east = style()
        east.secondsFromGMT = { _ in 3600 * 5 + 1800 }
        #expect(east.time(23 * 3_600_000) == "04:30")
        east.secondsFromGMT = { _ in -3600 }
        #expect(east.time(0) == "23:00")
        #expect(east.time(.max).count == 5)
    }

    private let fiveAfterTen = Position(milliseconds: (10 * 60 + 5) * 60_000, sequence: 0)

    private func said(_ json: String) -> Entry {
        Entry(
            kind: .message, id: fiveAfterTen, previous: .zero,
            tail: ByteBuffer(string: #""user":"grace","session":"s0","key":"k","body":"\#(json)"}"#))
    }

    private func style(hasColor: Bool = false) -> LineStyle {
        LineStyle(hasColor: hasColor, secondsFromGMT: { _ in 0 })
    }
    private func plain() -> LineView { LineView(style: style()) }
}
