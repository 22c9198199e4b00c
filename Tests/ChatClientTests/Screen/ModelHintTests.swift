import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Hints lie over the status: they do not stay longer than they help.
@Suite struct ModelHintTests {
    @Test func hintsPassWithTime() {
        var chat = ModelFixture()
        chat.enter("/notify")
        #expect(!chat.hint.isEmpty)
        #expect(chat.model.nextTick == chat.model.now + ScreenLimits.hintShownFor)
        chat.pass(milliseconds: 9_999)
        #expect(!chat.hint.isEmpty)
        chat.pass(milliseconds: 1)
        #expect(chat.hint.isEmpty)
        #expect(chat.model.nextTick == nil)
    }

    @Test func theSameHintAgainIsANewOne() {
        var chat = ModelFixture()
        chat.enter("/notify")
        chat.pass(milliseconds: 9_000)
        chat.model.editor.set("/notify")
        chat.press(Key(.enter))
        chat.pass(milliseconds: 9_000)
        #expect(!chat.hint.isEmpty)
    }

    @Test func theCountdownIsNotHidden() {
        var chat = ModelFixture()
        chat.enter("/notify")
        chat.disconnect()
        #expect(chat.hint.isEmpty)
    }

    @Test func aTroubleThatIsOverIsNotTalkedAbout() {
        var chat = ModelFixture()
        chat.session(.notice(.warning, .degraded, text: "messages are delayed"))
        #expect(chat.hint == "messages are delayed")
        chat.session(.notice(.info, .restored, text: "messages flow again"))
        #expect(chat.hint.isEmpty)
        chat.enter("hi")
        let message = OutgoingMessage(room: lobby, key: "k-1", body: "hi")
        chat.session(.delayed(message, errorFrame(.unavailable), until: chat.model.now))
        #expect(chat.hint == "not stored yet, kept: unavailable in a test")
        chat.session(.stored(message, id: position(9), duplicate: false))
        #expect(chat.hint.isEmpty)
    }
}
