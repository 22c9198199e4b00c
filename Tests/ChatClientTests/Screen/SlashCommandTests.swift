import ChatWire
import Foundation
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct SlashCommandTests {
    @Test(
        arguments: [
            ("/join ops", SlashCommand.join, "ops"), ("/JOIN  #ops ", .join, "#ops"), ("/j x", .join, "x"),
            ("/q", .quit, nil),
            ("/msg bob  two  words", .msg, "bob  two  words"), ("/topic\nnew", .topic, "new"), ("/?", .help, nil),
        ] as [(String, SlashCommand, String?)])
    func linesAreRead(line: String, command: SlashCommand, argument: String?) {
        let parsed = SlashCommand.parse(line)
        #expect(parsed?.command == command)
        #expect(parsed?.argument == argument)
    }

    @Test(arguments: ["/", "/ join", "/joinx", "//join", "/é"])
    func othersAreNoCommands(line: String) { #expect(SlashCommand.parse(line) == nil) }

    @Test func eachSaysWhatItDoes() {
        for command in SlashCommand.allCases {
            #expect(!command.entry.help.isEmpty && !command.entry.help.hasSuffix("."))
            #expect(command.needsArgument || command.entry.arguments.isEmpty || command.entry.arguments.hasPrefix("["))
        }
        for (name, command) in SlashCommand.aliases { #expect(SlashCommand(rawValue: name) == nil, "\(command)") }
    }

    /// What docs/client.md promises of keys and commands is what the help says.
    @Test func everyKeyAndCommandHasARowInTheirPage() throws {
        let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/client.md")
        let rows = Set(try String(contentsOf: page, encoding: .utf8).split(separator: "\n"))
        for section in HelpText.sections(.unicode) {
            for entry in section.entries {
                let isCommand = section.title == "COMMANDS"
                let keys = isCommand ? "`\(entry.keys.replacing("|", with: "\\|"))`" : entry.keys
                let row = "| \(keys) | \(entry.use) |"
                #expect(rows.contains(row[...]), "docs/client.md does not have \(row)")
            }
        }
        for name in SlashCommand.aliases.keys {
            #expect(rows.contains { $0.contains("`/\(name)`") }, "docs/client.md does not have /\(name)")
        }
    }

    @Test(arguments: [
        ("/join dev", ScreenAction.join(room("dev"))), ("/leave", .leave(lobby)), ("/leave #ops", .leave(ops)),
        ("/nick eve", .changeName("eve")), ("/names", .askWho(lobby)), ("/who ops", .askWho(ops)),
        ("/topic ship it", .setTopic(lobby, "ship it")), ("/topic -", .setTopic(lobby, "")),
        ("/mute ops", .saveSettings), ("/notify all", .saveSettings), ("/upload ~/a b", .upload(path: "~/a b", lobby)),
        ("/files", .askFiles(lobby)), ("/rooms", .askRooms), ("/set bell off", .saveSettings),
        ("/open https://x.test/", .open("https://x.test/")), ("/reconnect", .reconnect),
        ("/logout", .logout), ("/quit", .quit), ("/set typing off", .saveSettings), ("/theme standard", .saveSettings),
        ("/msg bob hi", .openDirect(user: "bob")), ("/msg @bob", .openDirect(user: "bob")),
    ])
    func commandsAskForWhatTheySay(line: String, action: ScreenAction) {
        var chat = ModelFixture()
        let actions = chat.enter(line)
        #expect(actions.contains(action))
        #expect(actions.contains(.saveInput(line)))
        #expect(chat.model.editor.isEmpty)
    }

    @Test func optionsAreSwitched() {
        var chat = ModelFixture()
        chat.enter("/set members")
        #expect(!chat.model.showsMembers)
        chat.enter("/set members on")
        #expect(chat.model.showsMembers)
        chat.enter("/set")
        #expect(chat.hint == "typing on, rooms on, members on, bell on, mouse off")
        #expect(chat.enter("/set mouse on").contains(.setMouse(true)))
        #expect(chat.hint == "mouse on")
        #expect(chat.enter("/set mouse").contains(.setMouse(false)))
    }

    /// What config.toml says holds until a command says something else.
    @Test func onlyWhatWasChangedIsKept() {
        let server = ServerAddress(host: "h", port: 1)
        var setup = ScreenSetup(
            configuration: .init(server: server, user: "ann"), rooms: [], count: 0, owner: "ann", colors: .none,
            glyphs: .unicode)
        setup.settings.mouse = true
        setup.settings.theme = "dark"
        var model = setup.model()
        #expect(setup.preferences(of: model) == Preferences())
        _ = model.obey("/set mouse off")
        _ = model.obey("/set typing off")
        var kept = Preferences()
        (kept.mouse, kept.typing) = (false, false)
        #expect(setup.preferences(of: model) == kept)
        setup.preferences = kept
        #expect(!setup.hasMouse)
        #expect(setup.preferences(of: setup.model()) == kept)
        _ = model.obey("/set mouse on")
        kept.mouse = true
        #expect(setup.preferences(of: model) == kept)
    }

    @Test func rooms() {
        var chat = ModelFixture()
        chat.type("draft")
        chat.press(.alt("2"))
        chat.enter("/leave")
        #expect(chat.model.current == lobby)
        #expect(chat.model.editor.text == "draft")
        chat.model.editor.set("")
        chat.enter("unsent")
        chat.enter("/leave")
        #expect(chat.model.current == nil)
        #expect(chat.hint == "1 unsent, kept; /join lobby sends them")
        chat.enter("/join lobby")
        #expect(chat.texts() == ["ann: unsent …"], "it is shown where it waits")
        chat.session(.left(lobby))
        #expect(chat.model.current == lobby, "the answer to the first leave comes late")
    }

    @Test(arguments: [("bad name!", false), ("ann", false), ("eve", true)])
    func namesThatNobodyCanHaveAreNotAskedFor(name: String, isAsked: Bool) {
        var chat = ModelFixture()
        #expect(chat.enter("/nick \(name)").contains(.changeName(name)) == isAsked)
        #expect(chat.model.editor.isEmpty == isAsked)
        chat.model.ledger.hasToken = true
        #expect(!chat.enter("/nick zoe").contains(.changeName("zoe")), "the token says the name")
    }

    @Test func statusAndAnswersAreLines() {
        var chat = ModelFixture()
        chat.session(.latency(.microseconds(14_300)))
        chat.enter("/status")
        #expect(chat.texts().last == "> ann on edge-a of chat.test, 14 ms · 2 rooms · 0 unsent")
        chat.send(.answered([Span("#lobby: 3 here")]))
        #expect(chat.texts().last == "> #lobby: 3 here")
        chat.send(.failed("no answer"))
        #expect(chat.hint == "no answer")
    }

    @Test func featuresOfNewerServersAreAskedForOnlyThere() {
        var chat = ModelFixture(features: [])
        for line in ["/topic x", "/msg bob hi"] {
            chat.model.editor.set("")
            chat.enter(line)
            #expect(chat.model.editor.text == line)
        }
        #expect(chat.all.filter { if case .typing = $0 { false } else { true } }.isEmpty)
    }
}

/// What the next run begins with.
@Suite struct ModelKeptRoomsTests {
    private func kept(_ joined: [RoomName], left: [RoomName] = [], shown: RoomName? = lobby) -> KeptRooms {
        var kept = KeptRooms()
        (kept.joined, kept.left, kept.shown) = (joined, left, shown)
        return kept
    }

    @Test func roomsThatAreEnteredAndLeftAreKeptAtOnce() {
        var chat = ModelFixture()
        #expect(chat.model.ledger.keptRooms == kept([lobby, ops]))
        #expect(chat.enter("/join dev").contains(.saveRooms(kept([lobby, ops, dev], shown: dev))))
        #expect(chat.press(.alt("2")).contains(.saveRooms(kept([lobby, ops, dev], shown: ops))))
        #expect(chat.enter("/leave").contains(.saveRooms(kept([lobby, dev], left: [ops], shown: dev))))
        #expect(chat.enter("/join ops").contains(.saveRooms(kept([lobby, dev, ops], shown: ops))))
    }

    @Test func whoMayNotEnterIsNotSentThereAgain() {
        var chat = ModelFixture()
        chat.enter("/join secret")
        let refusal = ErrorFrame(code: .forbidden, message: "no")
        chat.session(.roomRefused(room("secret"), refusal))
        #expect(chat.actions.contains(.saveRooms(kept([lobby, ops], shown: nil))))
        chat.session(.direct(room("dm-1"), user: "bob"))
        #expect(chat.model.ledger.keptRooms.joined == [lobby, ops], "the server knows those of two")
    }

    @Test(arguments: [ErrorCode.tooManyRooms, .invalidUser, .rateLimited])
    func whoCouldNotEnterForTheMomentIsSentThereAgain(code: ErrorCode) {
        var chat = ModelFixture()
        chat.enter("/join dev")
        chat.session(.roomRefused(room("dev"), ErrorFrame(code: code, message: "not now")))
        #expect(chat.model.ledger.keptRooms.joined == [lobby, ops, room("dev")])
    }

    @Test(
        arguments: [
            // Nothing is known of an earlier run.
            ([], [], nil, [lobby], nil), ([], [ops], nil, [ops], nil), ([dev], [ops], nil, [dev], nil),
            // The last one was in #dev and looked at it; it had left #ops.
            ([], [], dev, [dev], dev), ([], [lobby, ops], dev, [lobby, dev], dev),
            ([lobby], [ops], dev, [lobby, dev], nil),
            ([ops], [], dev, [ops, dev], nil),
        ] as [([RoomName], [RoomName], RoomName?, [RoomName], RoomName?)])
    func aRunBeginsWithWhatIsNamedAndWhatWasThere(
        named: [RoomName], configured: [RoomName], joined: RoomName?, rooms: [RoomName], shown: RoomName?
    ) {
        let last = joined.map { kept([$0], left: [ops], shown: $0) } ?? KeptRooms()
        let beginning = last.beginning(named: named, configured: configured)
        #expect(beginning.rooms == rooms)
        #expect(beginning.shown == shown)
    }

    @Test func whoLeftEverythingBeginsAnew() {
        let all = kept([], left: [lobby, ops], shown: ops)
        #expect(all.beginning(named: [], configured: [ops]).rooms == [ops])
        #expect(all.beginning(named: [], configured: []).rooms == [lobby])
    }
}

private let dev = room("dev")

/// Rooms of two.
@Suite struct ModelDirectTests {
    @Test func whatIsSaidWaitsUntilTheRoomIsOpen() {
        var chat = ModelFixture()
        chat.enter("/msg bob first")
        chat.enter("/msg bob second")
        let direct = room("dm-1")
        let actions = chat.send(.directOpened(direct, with: "bob"))
        #expect(
            actions.filter { if case .setTitle = $0 { false } else { true } } == [
                .join(direct), .send(.init(room: direct, key: "k-1", body: "first")),
                .send(.init(room: direct, key: "k-2", body: "second")),
            ])
        #expect(chat.model.current == direct)
        #expect(chat.model.order.last == direct)
        #expect(chat.enter("/msg bob third").contains(.send(.init(room: direct, key: "k-3", body: "third"))))
        chat.enter("/join dev")
        #expect(chat.model.order.last == direct, "direct rooms come last")
    }

    @Test func whatCouldNotBeSaidComesBack() {
        var chat = ModelFixture()
        chat.enter("/msg nobody are you there")
        chat.send(.directFailed(with: "nobody", reason: "unknown"))
        #expect(chat.model.editor.text == "/msg nobody are you there")
    }

    @Test func offersAreTakenUnlessTheyAreIgnored() {
        var chat = ModelFixture()
        #expect(chat.session(.direct(room("dm-1"), user: "bob")) == [.join(room("dm-1"))])
        #expect(chat.session(.direct(room("dm-1"), user: "bob")).isEmpty)
        chat.model.ignored = ["eve"]
        #expect(chat.session(.direct(room("dm-2"), user: "eve")).isEmpty)
        #expect(chat.model.current == lobby)
        for number in 3...40 { chat.session(.direct(room("dm-\(number)"), user: "u\(number)")) }
        #expect(chat[room("dm-40")].membership == .offered)
        chat.press(Key(.up, .alt))
        #expect(chat.actions.contains(.join(room("dm-40"))))
    }

    @Test func thoseThatWereOpenedMeanwhileAreFound() {
        var chat = ModelFixture()
        chat.connect()
        #expect(chat.actions.contains(.askDirects))
        let bob = DirectListing(room: room("dm-1"), user: "bob", lastActivity: 2)
        let eve = DirectListing(room: room("dm-2"), user: "eve", lastActivity: 1)
        #expect(chat.send(.directs([bob, eve])) == [.join(bob.room), .join(eve.room)])
        chat.connect(features: [])
        #expect(!chat.actions.contains(.askDirects))
    }

    @Test func aRoomOfTwoThatAMessageWaitsForIsKnownAsOne() {
        var chat = ModelFixture(started: false)
        let waiting = OutgoingMessage(room: room("dm-1"), key: "old", body: "unsent")
        chat.send(.started(rooms: [lobby], drafts: [:], restored: [waiting]))
        chat.enter("/join ops")
        chat.send(.directs([DirectListing(room: room("dm-1"), user: "bob", lastActivity: 1)]))
        #expect(chat[room("dm-1")].kind == .direct(with: "bob"))
        #expect(chat.model.order == [lobby, ops, room("dm-1")])
    }

    @Test func theyAreCalledByTheNameOfTheOther() {
        var chat = ModelFixture()
        chat.session(.direct(room("dm-1"), user: "bob"))
        chat.join(room("dm-1"))
        chat.enter("/mute @bob")
        #expect(chat.hint == "@bob is muted; /mute again ends it")
        chat.type("/leave @b")
        chat.press(Key(.tab))
        #expect(chat.press(Key(.enter)).contains(.leave(room("dm-1"))))
    }

    /// Somebody with a token and the guest of that name are two.
    @Test func guestsAreToldFromUsersOfTheSameName() {
        var chat = ModelFixture()
        let guest = DirectListing(room: room("dm-1"), user: "bob", isGuest: true, lastActivity: 1)
        chat.send(.directs([guest]))
        chat.join(guest.room)
        chat.connect()
        #expect(chat.model.called(guest.room) == "@~bob")
        #expect(ChatView.screen(of: chat.model).text.contains { $0.contains("~bob") })
        #expect(chat.enter("/msg bob for whom").contains(.openDirect(user: "bob")), "not what was said to the guest")
        #expect(!chat.all.contains { if case .send = $0 { true } else { false } })
        chat.send(.directOpened(room("dm-2"), with: "bob"))
        #expect(chat.model.called(room("dm-2")) == "@bob")
        #expect(chat.all.contains(.send(.init(room: room("dm-2"), key: "k-1", body: "for whom"))))
        let actions = chat.enter("/msg ~bob psst")
        #expect(actions.contains(.send(.init(room: guest.room, key: "k-2", body: "psst"))))
        #expect(chat.enter("/msg ~eve hi").contains(.openDirect(user: "~eve")))
        chat.send(.directOpened(room("dm-3"), with: "~eve", isGuest: true))
        #expect(chat[room("dm-3")].kind == .direct(with: "eve"))
        #expect(chat.model.called(room("dm-3")) == "@~eve")
        chat.session(.direct(room("dm-4"), user: "zoe", isGuest: true))
        #expect(chat.model.called(room("dm-4")) == "@~zoe")
    }

    @Test func whereNobodyHasATokenNamesWillDo() {
        var chat = ModelFixture()
        chat.enter("/msg bob hi")
        chat.send(.directOpened(room("dm-1"), with: "bob", isGuest: true))
        chat.disconnect()
        #expect(chat.enter("/msg bob there?").contains(.send(.init(room: room("dm-1"), key: "k-2", body: "there?"))))
    }

    @Test func whatIsLeftComesBackWhenSomebodyTalksThere() {
        var chat = ModelFixture()
        let direct = DirectListing(room: room("dm-1"), user: "bob", lastActivity: 1)
        chat.send(.directs([direct]))
        chat.enter("/leave dm-1")
        #expect(chat.send(.directs([direct])) == [])
        #expect(chat.session(.direct(direct.room, user: "bob")) == [.join(direct.room)])
    }

    @Test func whatWasSaidWhileTheUserWasAwayIsNew() {
        var chat = ModelFixture()
        for (name, read) in [("dm-1", nil), ("dm-2", position(2))] {
            chat.session(.direct(room(name), user: "bob"))
            let joined = SessionEvent.Joined(room: room(name), members: [], count: 0, isAgain: false, read: read)
            chat.session(.joined(joined))
            for number in 1...2 { chat.say(number, "psst \(number)", in: room(name)) }
            chat.session(.caughtUp(room(name), missed: 2))
        }
        #expect(chat[room("dm-1")].unread == 2)
        #expect(chat[room("dm-2")].unread == 0)
        #expect(
            chat.all.filter { if case .notify = $0 { true } else { false } } == [.notify(title: "bob", body: "psst 2")])
    }

    @Test func everythingInThemIsForTheUser() {
        var chat = ModelFixture()
        chat.session(.direct(room("dm-1"), user: "bob"))
        chat.join(room("dm-1"))
        chat.say(4, "psst", in: room("dm-1"))
        #expect(chat[room("dm-1")].unread == 1)
        #expect(chat.all.contains(.notify(title: "bob", body: "psst")))
        #expect(chat.all.contains(.bell))
        #expect(chat.model.ledger.title == "(1) #lobby — TermChat")
    }
}
