import ChatWire
import Foundation
import NIOCore
import NIOPosix
import TerminalUI
import Testing

@testable import ChatClient

/// Nothing that is typed is lost around a change of name.
@Suite struct ModelNameTests {
    @Test(arguments: ["/nick zoe", "/logout"])
    func whatIsTypedAfterTheNameIsGivenUpIsKept(command: String) {
        var chat = ModelFixture()
        chat.enter(command)
        chat.all = []
        chat.enter("hello")
        chat.press(Key(.enter))
        chat.press(.control("x"))
        #expect(chat.press(Key(.character("e"))).isEmpty, "what the editor gives back would come too late")
        chat.type("world")
        chat.send(.terminal(.paste((1...40).map { "\n\($0)" }.joined())))
        #expect(chat.model.editor.text.hasPrefix("hello\nworld\n1\n2\n"))
        #expect(chat.model.editor.text.hasSuffix("\n40"))
        #expect(chat.hint == "")
        chat.send(.ending)
        #expect(chat.all == [.saveDraft(lobby, chat.model.editor.text)])
        #expect(chat.lines().allSatisfy { $0.delivery == nil }, "nothing is sent")
    }

    @Test func aLetterIsNoCommandThen() {
        var chat = ModelFixture()
        chat.disconnect()
        chat.enter("/nick zoe")
        chat.enter("r")
        #expect(chat.model.editor.text == "r\n")
        #expect(chat.hint == "not sent yet: you are giving up the name ann")
    }

    @Test func theLineAndTheDraftsGoAlong() {
        var chat = ModelFixture()
        chat.session(.direct(directRoom, user: "bob", isGuest: false))
        chat.type("for the lobby")
        chat.press(.alt("3"))
        chat.type("for bob")
        chat.press(.alt("2"))
        chat.enter("/nick zoe")
        chat.type("for ops")
        let luggage = Luggage(of: chat.model, otherwise: [])
        #expect(luggage.rooms == [lobby, ops])
        #expect(luggage.shown == ops)
        #expect(luggage.drafts == [lobby: "for the lobby", ops: "for ops"])

        let setup = Self.setup().renamed("zoe", with: luggage)
        #expect(setup.owner == "zoe")
        var next = ModelFixture(started: false)
        next.model = setup.model()
        next.send(.started(rooms: setup.beginning.rooms, drafts: setup.brought, restored: []))
        #expect(next.model.user == "zoe")
        #expect(next.model.current == ops)
        #expect(next.model.editor.text == "for ops")
        next.press(.alt("1"))
        #expect(next.model.editor.text == "for the lobby")
        // The server refuses the name: all of it goes back.
        next.type(" and more")
        let back = Self.setup().bringing(Luggage(of: next.model, otherwise: []))
        #expect(back.owner == "ann")
        #expect(back.shownFirst == lobby)
        #expect(back.brought == [lobby: "for the lobby and more", ops: "for ops"])
    }

    @Test func aNameThatNobodyLetInSendsNothing() {
        var setup = Self.setup().renamed("zoe", with: Luggage(of: ModelFixture().model, otherwise: []))
        setup.rooms = [lobby]
        var chat = ModelFixture(started: false)
        chat.model = setup.model()
        chat.send(.started(rooms: [lobby], drafts: [:], restored: []))
        chat.all = []
        chat.enter("hello")
        #expect(chat.hint == "not sent: zoe is not let in yet")
        #expect(chat.model.editor.text == "hello")
        #expect(!chat.all.contains { if case .send = $0 { true } else { false } })
        chat.connect()
        chat.press(Key(.enter))
        #expect(chat.all.contains { if case .send(let message) = $0 { message.body == "hello" } else { false } })
    }

    @Test func whatANameHadThatWasNotLetInStaysWithIt() {
        var luggage = Luggage(of: ModelFixture().model, otherwise: [])
        luggage.rooms = [lobby, ops, room("theirs")]
        luggage.shown = room("theirs")
        luggage.drafts = [lobby: "brought", ops: "secret and more", room("theirs"): "secret"]
        let back = luggage.returned(
            rooms: [lobby, ops], brought: [lobby: "brought"],
            kept: [lobby: "old", ops: "secret", room("theirs"): "secret"])
        #expect(back.rooms == [lobby, ops])
        #expect(back.shown == nil)
        #expect(back.drafts == [lobby: "brought", ops: "secret and more"])
    }

    @Test func whoIsWithADirectRoomAloneTakesNothingOfItAlong() {
        var chat = ModelFixture()
        chat.session(.direct(directRoom, user: "bob", isGuest: false))
        chat.press(.alt("3"))
        chat.type("for bob")
        let luggage = Luggage(of: chat.model, otherwise: [])
        #expect(luggage.shown == nil)
        #expect(luggage.drafts.isEmpty)
        #expect(chat.send(.ending) == [.saveDraft(directRoom, "for bob")])
    }

    @Test func whatIsTypedWithoutARoomGoesIntoTheFirst() {
        var chat = ModelFixture(rooms: [lobby], history: 0)
        chat.enter("/leave")
        chat.type("hello")
        let luggage = Luggage(of: chat.model, otherwise: [ops])
        #expect(luggage.rooms == [ops])
        #expect(luggage.shown == nil)
        #expect(luggage.drafts == [ops: "hello"])
    }

    private let directRoom = room("dm-1")

    private static func setup(_ owner: String = "ann", _ state: StateFolder? = nil) -> ScreenSetup {
        ScreenSetup(
            configuration: .init(server: ServerAddress(host: "h", port: 1), user: owner), rooms: [], count: 0,
            state: state, owner: owner, colors: .none, glyphs: .unicode)
    }

    @Test func draftsOnDiskChangeHands() async throws {
        let home = try Home()
        let state = try #require(StateFolder(environment: ["HOME": home.path]))
        let (ann, zoe) = (Self.setup("ann", state), Self.setup("zoe", state))
        try await Self.keep([.draft(lobby, "new"), .draft(ops, "ann's own")], as: ann)
        try await Self.keep([.draft(lobby, "old")], as: zoe)
        await ScreenKeeper(zoe).take([lobby: "new"], from: ScreenKeeper(ann))
        #expect(await ScreenKeeper(zoe).loadDrafts()[lobby] == "new")
        #expect(await ScreenKeeper(zoe).loadInputs() == ["old"], "Up brings it back")
        let left = await ScreenKeeper(ann).loadDrafts()
        #expect(left[lobby].isEmpty)
        #expect(left[ops] == "ann's own")
        await ScreenKeeper(ann).take([ops: "ann's own"], from: ScreenKeeper(ann))
        #expect(await ScreenKeeper(ann).loadDrafts()[ops] == "ann's own")
    }

    private static func keep(_ changes: [ScreenKeeper.Change], as setup: ScreenSetup) async throws {
        let keeper = ScreenKeeper(setup)
        for change in changes { keeper.keep(change) }
        keeper.close()
        await keeper.run(Drafts())
    }

    /// Also a paste that arrives in two parts, one to each screen.
    @Test func keysBetweenTwoScreensWaitForTheSecond() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let keys = ScreenKeys(loop: loop)
        let (first, second) = (ScreenInbox(loop: loop), ScreenInbox(loop: loop))
        keys.begin(first)
        keys.received(Array("a".utf8))
        keys.end()
        keys.received(Array("b\u{1b}[200~one\r".utf8))
        keys.begin(second)
        keys.received(Array("two\u{1b}[201~c".utf8))
        #expect(await Self.events(first) == [.key(Key(.character("a")))])
        #expect(
            await Self.events(second) == [
                .key(Key(.character("b"))), .paste("one\ntwo"), .key(Key(.character("c"))),
            ])
    }

    private static func events(_ inbox: ScreenInbox) async -> [TerminalEvent] {
        await (inbox.next(until: nil) ?? []).compactMap { if case .terminal(let event) = $0 { event } else { nil } }
    }
}
