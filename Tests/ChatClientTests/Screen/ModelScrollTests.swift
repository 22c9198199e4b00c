import ChatWire
import TerminalUI
import Testing

@testable import ChatClient

/// The place that is looked at, and older pages.
@Suite struct ModelScrollTests {
    /// Messages of an earlier run wait for the room: only what followed them is told at first.
    @Test func theViewIsFilledWhereNothingNewIsTold() {
        var chat = ModelFixture(started: false)
        chat.send(.started(rooms: [lobby], drafts: [:], restored: []))
        chat.connect()
        var joined = SessionEvent.Joined(room: lobby, members: [], count: 0, isAgain: false)
        joined.position = position(3)
        chat.session(.joined(joined))
        chat.session(.caughtUp(lobby, missed: 0))
        #expect(chat.all.contains(.loadOlder(lobby, before: position(3).successor)))
    }

    @Test func theOldestIsSearchedForToTheEnd() {
        var chat = ModelFixture(started: false)
        chat.send(.started(rooms: [lobby], drafts: [:], restored: []))
        chat.connect()
        chat.join(lobby)
        for number in 200...260 { chat.say(number) }
        chat.press(Key(.home, .alt))
        #expect(chat.actions.contains(.loadOlder(lobby, before: position(200))))
        chat.send(.older(lobby, (100..<200).map { message($0, "old") }, more: true))
        #expect(chat.actions.contains(.loadOlder(lobby, before: position(100))))
        chat.send(.older(lobby, (1..<100).map { message($0, $0 == 1 ? "the first" : "old") }, more: false))
        #expect(chat.hint.isEmpty)
        #expect(ChatView.screen(of: chat.model).text.contains { $0.contains("the first") })
    }

    @Test func asManyOlderMessagesAreFetchedAsAreAskedFor() {
        var chat = ModelFixture(rooms: [lobby], history: 0)
        for number in 1000...1100 { chat.session(.entry(lobby, entry(number))) }
        func asked() -> [ScreenAction] { chat.actions.filter { if case .loadOlder = $0 { true } else { false } } }
        chat.enter("/history 150")
        #expect(asked() == [.loadOlder(lobby, before: position(1000))])
        chat.send(.older(lobby, entries(900...999), more: true))
        #expect(asked() == [.loadOlder(lobby, before: position(900))], "100 are not 150")
        chat.send(.older(lobby, entries(800...899), more: true))
        #expect(asked() == [], "200 are enough")
        #expect(chat.hint == "200 older messages are above")
        chat.enter("/history")
        #expect(asked() == [.loadOlder(lobby, before: position(800))])
        chat.send(.older(lobby, entries(700...799), more: true))
        #expect(asked() == [])
        chat.enter("/history 9999")
        chat.send(.older(lobby, entries(600...699), more: true))
        #expect(asked() == [.loadOlder(lobby, before: position(600))])
        chat.send(.older(lobby, entries(600...699), more: true))
        #expect(asked() == [], "the same page again is the end")
        #expect(chat.hint == "100 older messages are above; that is all that the server keeps")
        chat.enter("/history 5")
        #expect(asked() == [])
        for count in ["0", "-1", "many"] {
            chat.model.editor.set("")
            chat.enter("/history \(count)")
            #expect(chat.hint == "/history [COUNT]")
        }
    }

    @Test func historyThatCannotBeHadIsAskedForNoMore() {
        var chat = ModelFixture(rooms: [lobby], history: 0)
        for number in 1000...1100 { chat.session(.entry(lobby, entry(number))) }
        chat.enter("/history 150")
        chat.send(.older(lobby, nil, more: true))
        #expect(chat.actions == [])
        #expect(chat.hint == "older messages could not be had")
        chat.press(Key(.pageUp))
        chat.send(.older(lobby, entries(900...999), more: true))
        #expect(!chat.hint.contains("above"), "nobody waits for it any more")
        chat.disconnect()
        chat.enter("/history 150")
        #expect(chat.hint == "older messages cannot be fetched now")
    }

    @Test func thePlaceStaysWhereItIs() {
        var chat = ModelFixture(history: 100)
        chat.press(Key(.pageUp))
        let place = chat[lobby].scroll
        #expect(place != .bottom)
        for number in 101...150 { chat.say(number) }
        chat.send(.older(lobby, [message(0, "zero")], more: false))
        #expect(chat[lobby].scroll == place)
        chat.press(Key(.pageDown))
        chat.press(Key(.pageDown))
        #expect(chat[lobby].scroll != .bottom)
        for _ in 0..<5 { chat.press(Key(.pageDown)) }
        #expect(chat[lobby].scroll == .bottom)
        #expect(chat[lobby].unread == 0)
    }

    @Test func olderPagesAreFetchedOnceNearTheTop() {
        var chat = ModelFixture(rooms: [lobby], history: 0)
        for number in 1000...1100 { chat.session(.entry(lobby, entry(number))) }
        for _ in 0..<20 { chat.press(Key(.pageUp)) }
        #expect(chat.all.filter { $0 == .loadOlder(lobby, before: position(1000)) }.count == 1)
        #expect(chat[lobby].isLoadingOlder)
        let place = chat[lobby].scroll
        chat.send(.older(lobby, entries(900...999), more: true))
        #expect(chat[lobby].scroll == place)
        #expect(chat.lines().first?.id == .entry(position(900)))
        for _ in 0..<20 { chat.press(Key(.pageUp)) }
        #expect(chat.all.last == .loadOlder(lobby, before: position(900)))
        chat.send(.older(lobby, [], more: false))
        for _ in 0..<20 { chat.press(Key(.pageUp)) }
        #expect(chat[lobby].hasOldest)
        #expect(chat.all.count { if case .loadOlder = $0 { true } else { false } } == 2)
    }

    @Test func aShortLogIsFilledUp() {
        var chat = ModelFixture(started: false)
        chat.send(.started(rooms: [lobby], drafts: [:], restored: []))
        chat.connect()
        chat.session(.joined(.init(room: lobby, members: [], count: 0, isAgain: false)))
        chat.session(.entry(lobby, entry(50)))
        #expect(chat.session(.caughtUp(lobby, missed: 1)).contains(.loadOlder(lobby, before: position(50))))
        chat.send(.older(lobby, nil, more: true))
        #expect(!chat[lobby].isLoadingOlder)
    }

    @Test func anOwnLineThatIsLookedAtIsStillLookedAtWhenStored() {
        var chat = ModelFixture(history: 40)
        chat.enter("one")
        for _ in 0..<30 { chat.enter("more") }
        chat.press(Key(.up, .shift))
        guard case .at(.own, _) = chat[lobby].scroll else { return #expect(Bool(false)) }
        for number in 1...31 {
            let body = number == 1 ? "one" : "more"
            chat.session(
                .stored(.init(room: lobby, key: "k-\(number)", body: body), id: position(40 + number), duplicate: false)
            )
        }
        #expect(chat[lobby].scroll == .at(.entry(position(70)), row: 0))
    }

    @Test func theWheelScrolls() {
        var chat = ModelFixture(history: 100)
        chat.send(.terminal(.mouse(Mouse(.wheelUp, column: 5, row: 5))))
        #expect(chat[lobby].scroll == .at(.entry(position(97)), row: 0))
        chat.send(.terminal(.mouse(Mouse(.wheelDown, column: 5, row: 5))))
        #expect(chat[lobby].scroll == .bottom)
    }
}
