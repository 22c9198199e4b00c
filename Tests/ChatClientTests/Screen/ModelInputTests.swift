import ChatWire
import TerminalUI
import Testing

@testable import ChatClient

/// The input line: what is sent, what stays, and the keys around it.
@Suite struct ModelInputTests {
    @Test(arguments: [
        ("hello", "hello"), ("//etc", "/etc"), ("/me waves", "/me waves"), ("hi  ", "hi"), ("a\u{1b}[31mb", "ab"),
        ("  indented", "  indented"),
    ])
    func linesBecomeMessages(typed: String, body: String) {
        var chat = ModelFixture()
        chat.model.editor.set(typed)
        let actions = chat.press(Key(.enter))
        #expect(actions.contains(.send(.init(room: lobby, key: "k-1", body: body))))
        #expect(actions.contains(.saveInput(typed)))
        #expect(chat.model.editor.isEmpty)
    }

    @Test func actionsAreShownAsSuch() {
        var chat = ModelFixture()
        chat.enter("/me waves")
        #expect(chat.texts().last == "* ann waves …")
        chat.say(4, "/me too")
        #expect(chat.texts().contains("* bob too"))
    }

    @Test(arguments: [
        ("   ", "nothing to send"), (String(repeating: "ä", count: 4097), "2 bytes too long"),
        ("/nonsense x", "no such command: /nonsense"), ("/join", "/join ROOM"), ("/join ß", "A room's name"),
        ("/msg ann hi", "that is you"), ("/notify loud", "/notify [all|mentions|none]"), ("/get 3", "no file 3"),
        ("/cancel", "no transfer"), ("/theme ugly", "themes: "), ("/set volume 11", "options: "),
        ("/help nonsense", "no such command"), ("/topic \(String(repeating: "t", count: 513))", "at most 512 bytes"),
    ])
    func whatCannotBeDoneStaysWithAHint(typed: String, hint: String) {
        var chat = ModelFixture()
        chat.model.editor.set(typed)
        let actions = chat.press(Key(.enter))
        #expect(chat.model.editor.text == typed)
        #expect(chat.hint.contains(hint))
        #expect(actions.isEmpty)
        chat.press(Key(.end))
        #expect(chat.model.hint == nil, "the next key takes the hint away")
    }

    @Test func withoutARoomNothingIsSentAndNothingLost() {
        var chat = ModelFixture(rooms: [])
        chat.enter("hello")
        #expect(chat.model.editor.text == "hello")
        #expect(chat.hint.contains("/join"))
        for line in ["/leave", "/topic", "/files", "/read", "/open", "/upload x", "/names", "/mute", "/history"] {
            chat.model.editor.set("")
            #expect(!chat.enter(line).contains(.saveInput(line)))
        }
        chat.model.editor.set("kept")
        chat.send(.started(rooms: [lobby], drafts: [:], restored: []))
        #expect(chat.model.editor.text == "kept")
    }

    @Test func eachRoomHasItsDraft() {
        var chat = ModelFixture()
        chat.type("for lobby")
        #expect(chat.press(.alt("2")).contains(.saveDraft(lobby, "for lobby")))
        #expect(chat.model.editor.isEmpty)
        chat.type("for ops")
        chat.press(Key(.up, .alt))
        #expect(chat.model.editor.text == "for lobby")
        chat.press(Key(.down, .alt))
        #expect(chat.model.editor.text == "for ops")
        chat.pass(milliseconds: 2000)
        #expect(chat.press(Key(.enter)).contains(.saveDraft(ops, "")))
    }

    @Test func draftsWaitForRoomsThatAreJoinedLater() {
        var chat = ModelFixture(started: false)
        chat.send(.started(rooms: [lobby], drafts: [ops: "later"], restored: []))
        chat.enter("/join ops")
        #expect(chat.model.editor.text == "later")
        chat.model.editor.set("")
        chat.type("changed")
        chat.press(.alt("k"))
        chat.type("lobby")
        chat.press(Key(.enter))
        chat.enter("/leave ops")
        chat.enter("/join ops")
        #expect(chat.model.editor.text == "changed")
    }

    @Test func aClearedLineIsKeptForLaterRuns() {
        var chat = ModelFixture()
        chat.type("nearly sent")
        #expect(chat.press(.control("c")).contains(.saveInput("nearly sent")))
    }

    @Test func draftsAreSavedWhileOneTypes() {
        var chat = ModelFixture()
        chat.type("half a")
        #expect(!chat.all.contains { if case .saveDraft = $0 { true } else { false } })
        #expect(chat.model.nextTick == at(2000))
        chat.pass(milliseconds: 2000)
        #expect(chat.actions == [.saveDraft(lobby, "half a")])
        #expect(chat.model.nextTick == nil)
        #expect(chat.send(.terminated) == [.quit])
        chat.type("!")
        #expect(chat.send(.terminated) == [.saveDraft(lobby, "half a!"), .quit])
    }

    @Test func typingIsToldNowAndThen() {
        var chat = ModelFixture()
        chat.type("hello")
        #expect(chat.all == [.typing(lobby)])
        chat.pass(milliseconds: 3000)
        chat.type("!")
        #expect(chat.all.count { $0 == .typing(lobby) } == 2)
        chat.all = []
        chat.model.editor.set("")
        chat.pass(milliseconds: 3000)
        chat.type("/quit")
        chat.model.sharesTyping = false
        chat.model.editor.set("")
        chat.type("x")
        #expect(!chat.all.contains(.typing(lobby)))
    }

    @Test func controlCClearsThenAsksThenLeaves() {
        var chat = ModelFixture()
        chat.type("oops")
        chat.press(.control("c"))
        #expect(chat.model.editor.isEmpty)
        #expect(chat.model.editor.history.entries == ["oops"], "what was typed is not lost")
        #expect(!chat.press(.control("c")).contains(.quit))
        chat.type("x")
        chat.press(.control("c"))
        #expect(!chat.press(.control("c")).contains(.quit), "a key between starts anew")
        chat.pass(milliseconds: 3000)
        #expect(!chat.press(.control("c")).contains(.quit), "and so does time")
        #expect(chat.press(.control("d")).contains(.quit))
    }

    @Test func leavingSaysWhatStays() {
        var chat = ModelFixture()
        chat.enter("hi")
        chat.press(.control("c"))
        #expect(chat.hint.contains("1 unsent, kept"))
    }

    @Test func rConnectsAtOnceAndStillBeginsWords() {
        var chat = ModelFixture()
        chat.type("r")
        #expect(chat.model.editor.text == "r", "connected, it is a letter")
        chat.model.editor.set("")
        chat.disconnect()
        #expect(chat.press(Key(.character("r"))) == [.reconnect])
        #expect(chat.model.editor.isEmpty)
        chat.type("eally?")
        #expect(chat.model.editor.text == "really?")
        chat.model.editor.set("")
        chat.press(Key(.character("r")))
        chat.pass(milliseconds: 2000)
        chat.type("no")
        #expect(chat.model.editor.text == "no")
    }

    @Test(arguments: [
        (Key.control("l"), ScreenAction.redraw), (.control("z"), .suspend), (Key(.function(7)), .saveSettings),
        (Key(.function(8)), .saveSettings),
    ])
    func keysOfTheScreen(key: Key, action: ScreenAction) {
        var chat = ModelFixture()
        #expect(chat.press(key) == [action])
    }

    @Test func twoKeysOfControlX() {
        var chat = ModelFixture()
        chat.type("draft")
        chat.press(.control("x"))
        #expect(chat.model.pendingPrefix == .control("x"))
        #expect(chat.press(Key(.character("e"))) == [.edit("draft")])
        #expect(chat.send(.edited("better\ntext\n\n")).contains(.redraw))
        #expect(chat.model.editor.text == "better\ntext")
        chat.send(.edited(nil))
        #expect(chat.model.editor.text == "better\ntext")
        chat.press(.control("x"))
        chat.press(Key(.character("c")))
        #expect(chat.hint == "no transfer is running")
        chat.press(.control("x"))
        chat.press(Key(.character("q")))
        #expect(chat.model.pendingPrefix == nil)
        #expect(chat.model.editor.text == "better\ntext")
    }

    @Test func goToFindsRoomsAndJoinsOthers() {
        var chat = ModelFixture(rooms: [lobby, ops, room("dev"), room("devops")])
        chat.say(4, in: ops)
        chat.press(.alt("k"))
        #expect(chat.model.goToCandidates("").first == ops, "what is new comes first")
        chat.type("dev")
        chat.press(Key(.down))
        #expect(chat.model.overlay == .goTo(query: "dev", selected: room("devops")))
        chat.press(Key(.enter))
        #expect(chat.model.current == room("devops"))
        chat.press(.alt("k"))
        #expect(chat.enter("#brand.new").contains(.join(room("brand.new"))))
        #expect(chat.model.current == room("brand.new"))
        chat.press(.alt("k"))
        chat.press(Key(.escape))
        #expect(chat.model.overlay == nil)
    }

    /// A message moves rooms in the list while it is open.
    @Test func goToGoesToWhatIsMarked() {
        let dev = room("dev")
        var chat = ModelFixture(rooms: [lobby, ops, dev])
        chat.press(.alt("k"))
        chat.press(Key(.down))
        chat.say(4, in: dev)
        #expect(chat.model.goToCandidates("") == [dev, lobby, ops])
        let screen = ChatView.screen(of: chat.model).text
        #expect(screen.contains { $0.contains("\(chat.model.glyphs.current) #ops") && !$0.contains("❯") })
        chat.press(Key(.enter))
        #expect(chat.model.current == ops)
        chat.press(.alt("k"))
        chat.say(5, "@ann", in: lobby)
        chat.press(Key(.down))
        #expect(chat.model.overlay == .goTo(query: "", selected: ops), "from #dev, which was first when it opened")
    }

    @Test func helpScrollsAndLetsGoOnTyping() {
        var chat = ModelFixture()
        chat.press(Key(.function(1)))
        chat.press(Key(.up))
        chat.press(Key(.down))
        #expect(chat.model.overlay == .help(scroll: 1))
        chat.type("x")
        #expect(chat.model.overlay == nil)
        #expect(chat.model.editor.text == "x")
    }

    @Test func uploadsBeginWithAltU() {
        var chat = ModelFixture()
        chat.press(.alt("u"))
        chat.type("p.png")
        #expect(chat.press(Key(.enter)).contains(.upload(path: "p.png", lobby)))
    }
}
