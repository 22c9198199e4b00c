import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// What counts as seen, and the ways to what was not.
@Suite struct ModelUnreadTests {
    @Test func whatWasThereBeforeCountsAsRead() {
        let chat = ModelFixture()
        #expect(chat[ops].unread == 0)
        #expect(chat[ops].readMarker == position(3))
    }

    @Test func theServersMarkerCounts() {
        var chat = ModelFixture(rooms: [lobby, ops, room("dev")])
        chat.send(.started(rooms: [room("new")], drafts: [:], restored: []))
        chat.join(room("new"), history: 5, read: position(2))
        #expect(chat[room("new")].unread == 0, "the texts are Ann's own")
        chat.say(6, "ann: look", in: room("new"))
        chat.session(.read(room("new"), position(6)))
        #expect(chat[room("new")].unread == 0)
    }

    @Test func otherRoomsCount() {
        var chat = ModelFixture()
        chat.say(4, in: ops)
        chat.say(5, "@ann, look", in: ops)
        chat.say(6, "mine", by: "ann", in: ops)
        #expect((chat[ops].unread, chat[ops].mentions) == (2, 1))
        #expect(chat.model.ledger.title == "(1) #lobby — TermChat")
        chat.press(.alt("2"))
        #expect(chat.model.current == ops)
        #expect((chat[ops].unread, chat[ops].mentions) == (0, 0))
        #expect(chat[ops].newSince == position(3))
        #expect(chat.all.contains(.markRead(ops, position(6))))
        chat.press(.alt("1"))
        #expect(chat[ops].newSince == nil)
    }

    @Test func whoeverTypesSees() {
        var chat = ModelFixture()
        chat.send(.terminal(.focus(false)))
        chat.say(4)
        #expect(chat[lobby].unread == 1)
        chat.type("x")
        #expect(chat[lobby].unread == 0)
    }

    @Test(arguments: ["focus", "scroll", "room"])
    func onlyWhatIsLookedAtIsSeen(_ what: String) {
        var chat = ModelFixture(history: 100)
        switch what {
        case "focus": chat.send(.terminal(.focus(false)))
        case "scroll": chat.press(Key(.pageUp))
        default: chat.press(.alt("2"))
        }
        chat.say(101)
        #expect(chat[lobby].unread == 1)
        switch what {
        case "focus":
            #expect(chat[lobby].newSince == position(100))
            chat.send(.terminal(.focus(true)))
        case "scroll": chat.press(Key(.end, .alt))
        default: chat.press(.alt("1"))
        }
        #expect(chat[lobby].unread == 0)
        #expect(chat[lobby].newSince == position(100))
    }

    @Test func marksAreSentOnceInAWhile() {
        var chat = ModelFixture()
        for number in 4...50 { chat.say(number) }
        #expect(chat.all.count { if case .markRead = $0 { true } else { false } } <= 1)
        chat.pass(milliseconds: 1000)
        #expect(chat.all.last == .markRead(lobby, position(50)))
        #expect(chat.model.nextTick == nil)
    }

    @Test func serversWithoutMarkersAreNotAsked() {
        var chat = ModelFixture(features: [])
        chat.say(4)
        chat.pass(milliseconds: 1000)
        #expect(chat.all.isEmpty)
    }

    @Test func theNextMentionComesFirstThenTheNextUnreadRoom() {
        let dev = room("dev")
        var chat = ModelFixture(rooms: [lobby, ops, dev], history: 100)
        chat.say(101, in: ops)
        chat.say(101, "ann?", in: dev)
        chat.press(.alt("a"))
        #expect(chat.model.current == dev)
        chat.press(.alt("a"))
        #expect(chat.model.current == ops)
        chat.press(.alt("a"))
        #expect(chat.hint == "nothing new")
    }

    @Test func mentionsFarUpAreVisitedOneByOne() {
        var chat = ModelFixture(history: 1)
        chat.press(.alt("2"))
        for number in 2...200 { chat.say(number, number % 90 == 0 ? "ann!" : "x") }
        #expect(chat[lobby].mentions == 2)
        chat.press(.alt("a"))
        #expect(chat.model.current == lobby)
        #expect(chat.model.ledger.shownMention == .entry(position(90)))
        #expect(chat[lobby].scroll != .bottom)
        chat.press(.alt("a"))
        #expect(chat.model.ledger.shownMention == .entry(position(180)))
        chat.press(.alt("l"))
        guard case .at(.entry(let place), _) = chat[lobby].scroll else { return #expect(Bool(false)) }
        #expect(place < position(40))
        chat.press(Key(.end, .alt))
        #expect((chat[lobby].unread, chat[lobby].scroll) == (0, .bottom))
    }

    @Test func ignoredPeopleCountNothing() {
        var chat = ModelFixture()
        chat.say(4, "ann", in: ops)
        #expect(chat.enter("/ignore bob").contains(.saveSettings))
        #expect((chat[ops].unread, chat[ops].mentions) == (0, 0))
        chat.say(5, "ann", in: ops)
        #expect(chat[ops].unread == 0)
        chat.enter("/ignore bob")
        #expect((chat[ops].unread, chat[ops].mentions) == (2, 2))
    }

    @Test func readMarksOneRoomOrAll() {
        var chat = ModelFixture()
        chat.say(4, in: ops)
        chat.enter("/read all")
        #expect(chat[ops].unread == 0)
        #expect(!chat.enter("/read nothing").contains(.saveInput("/read nothing")))
    }

    @Test(arguments: [
        ("hi", "mentions", true, false), ("ann!", "mentions", true, true), ("hi", "all", true, true),
        ("ann!", "none", true, false), ("ann!", "muted", true, false), ("ann!", "mentions", false, true),
        ("ann!", "here", true, false),
    ])
    func notificationsAreForThoseWhoDoNotLook(body: String, level: String, hasFocus: Bool, isTold: Bool) {
        var chat = ModelFixture()
        let place = level == "here" ? lobby : ops
        chat.model.rooms[ops]?.notify = RoomModel.Notify(rawValue: level) ?? .mentions
        chat.model.rooms[ops]?.isMuted = level == "muted"
        chat.send(.terminal(.focus(hasFocus)))
        chat.say(4, body, in: place)
        let notices = chat.all.count { if case .notify = $0 { true } else { false } }
        #expect(notices == (isTold ? 1 : 0))
        #expect(chat.all.contains(.bell) == (isTold && body == "ann!"))
        for number in 5...20 { chat.say(number, body, in: place) }
        #expect(chat.all.count { if case .notify = $0 { true } else { false } } == notices, "a burst is one noise")
    }
}
