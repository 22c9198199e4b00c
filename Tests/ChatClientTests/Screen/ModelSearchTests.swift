import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ModelSearchTests {
    @Test func theLogIsSearchedAtOnceTheServerWhenTheQueryRests() {
        var chat = fixture()
        chat.press(.control("s"))
        chat.type("arger")
        #expect(state(chat).results.map(\.id) == [.entry(position(103)), .entry(position(101))])
        #expect(!chat.all.contains { if case .search = $0 { true } else { false } })
        #expect(chat.model.nextTick == at(400))
        chat.pass(milliseconds: 400)
        #expect(chat.actions == [.search(lobby, text: "arger", before: nil)])
        #expect(state(chat).isSearching)
        chat.send(
            .found(
                lobby, query: "arger", [message(103, "Ärger"), message(50, "ARGER")], before: position(40)))
        #expect(state(chat).results.map(\.id) == [103, 101, 50].map { .entry(position($0)) })
        // The last result leads on.
        chat.press(Key(.down))
        #expect(chat.actions.isEmpty)
        #expect(chat.press(Key(.down)) == [.search(lobby, text: "arger", before: position(40))])
        chat.send(.found(lobby, query: "arger", [], before: nil))
        #expect(state(chat).isExhausted)
        #expect(state(chat).selected == 2)
    }

    @Test func answersToEarlierQueriesAreDropped() {
        var chat = fixture()
        chat.press(.control("s"))
        chat.type("arger")
        chat.pass(milliseconds: 400)
        chat.press(Key(.backspace))
        chat.send(.found(lobby, query: "arger", [message(50, "arger")], before: nil))
        #expect(state(chat).results.count == 2)
        chat.press(Key(.escape))
        chat.send(.found(lobby, query: "arge", [message(50, "arger")], before: nil))
        #expect(chat.model.overlay == nil)
    }

    @Test func enterShowsTheLine() {
        var chat = fixture()
        for number in 104...200 { chat.say(number) }
        chat.enter("/search ärger")
        chat.press(Key(.down))
        chat.press(Key(.enter))
        #expect(chat.model.overlay == nil)
        #expect(isShown(101, chat))
    }

    @Test func aLineThatIsNotLoadedIsFetched() {
        var chat = fixture()
        chat.enter("/search arger")
        chat.pass(milliseconds: 400)
        chat.send(.found(lobby, query: "arger", [message(30, "arger")], before: nil))
        chat.press(Key(.down))
        chat.press(Key(.down))
        #expect(chat.press(Key(.enter)).contains(.loadOlder(lobby, before: position(100))))
        chat.send(.older(lobby, entries(60...99), more: true))
        #expect(chat.actions.contains(.loadOlder(lobby, before: position(60))))
        chat.send(.older(lobby, entries(20...59), more: true))
        #expect(chat[lobby].notes.seeking == nil)
        #expect(isShown(30, chat))
        #expect(chat.hint.isEmpty)
        func marked() -> Int {
            ChatView.screen(of: chat.model).text.count { $0.contains("\(chat.model.glyphs.current)00:00") }
        }
        #expect(marked() == 1)
        chat.press(Key(.end, .alt))
        #expect(marked() == 0)
    }

    @Test func aLineThatIsGoneIsSaidToBe() {
        var chat = fixture()
        chat.enter("/search arger")
        chat.pass(milliseconds: 400)
        chat.send(.found(lobby, query: "arger", [message(30, "arger")], before: nil))
        chat.press(Key(.end))
        chat.press(Key(.down))
        chat.press(Key(.down))
        chat.press(Key(.enter))
        chat.send(.older(lobby, entries(60...99), more: false))
        #expect(chat.hint.contains("no longer there"))
        #expect(chat[lobby].notes.seeking == nil)
    }

    @Test func serversThatDoNotSearchAndTroubleAreSaid() {
        var chat = fixture(features: [])
        chat.enter("/search arger")
        #expect(state(chat).trouble != nil)
        #expect(state(chat).results.count == 2)
        chat = fixture()
        chat.enter("/search arger")
        chat.pass(milliseconds: 400)
        chat.send(.searchFailed(lobby, query: "arger", reason: "busy"))
        #expect(state(chat).trouble == "busy")
        chat.disconnect()
        chat.enter("x")
        chat.pass(milliseconds: 400)
        #expect(state(chat).trouble?.contains("not connected") == true)
    }

    private func fixture(features: Set<String> = ModelFixture.allFeatures) -> ModelFixture {
        var chat = ModelFixture(history: 0, features: features)
        for (number, body) in [(100, "nothing"), (101, "so ein Ärger"), (102, "x"), (103, "ÄRGER!")] {
            chat.say(number, body)
        }
        chat.pass(milliseconds: 1000)
        chat.model.now = at(0)
        chat.all = []
        return chat
    }

    private func state(_ chat: ModelFixture) -> SearchState {
        if case .search(let state) = chat.model.overlay { state } else { SearchState() }
    }

    /// The view ends at most half a screen below the line, and not above it.
    private func isShown(_ number: Int, _ chat: ModelFixture) -> Bool {
        guard let index = chat[lobby].log.index(of: .entry(position(number))) else { return false }
        var end = chat.lines().count - 1
        if case .at(let id, _) = chat[lobby].scroll { end = chat[lobby].log.index(of: id) ?? -1 }
        return (index...(index + chat.model.logRows)).contains(end)
    }
}
