import ChatWire
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ModelPasteTests {
    @Test func pastesNeverSendByThemselves() {
        var chat = ModelFixture()
        let actions = chat.send(.terminal(.paste("one\r\ntwo\n")))
        #expect(chat.model.editor.text == "one\ntwo\n")
        #expect(!actions.contains { if case .send = $0 { true } else { false } })
        #expect(chat.press(Key(.enter)).contains(.send(.init(room: lobby, key: "k-1", body: "one\ntwo"))))
    }

    @Test func aNewlineEndsALineAndBeginsNone() {
        var chat = ModelFixture()
        chat.send(.terminal(.paste(String(repeating: "x\n", count: 20))))
        #expect(chat.model.overlay == nil)
        chat.send(.terminal(.paste(String(repeating: "x\n", count: 30))))
        #expect(ChatView.screen(of: chat.model).text.contains { $0.contains("Paste: 30 lines") })
    }

    @Test(arguments: [("s", "sends"), ("f", "file"), ("e", "edits"), ("\u{1b}", "forgets")])
    func longPastesAsk(key: String, outcome: String) {
        var chat = ModelFixture()
        let text = (1...30).map { "line \($0)" }.joined(separator: "\n")
        chat.type("draft ")
        chat.send(.terminal(.paste(text)))
        #expect(chat.model.overlay == .paste(text))
        chat.press(Key(.enter))
        #expect(chat.model.overlay == .paste(text), "Enter decides nothing")
        chat.press(key == "\u{1b}" ? Key(.escape) : Key(.character(Character(key))))
        #expect(chat.model.overlay == nil)
        switch outcome {
        case "sends": #expect(chat.actions.contains(.send(.init(room: lobby, key: "k-1", body: text))))
        case "file": #expect(chat.actions.contains(.uploadText(text, lobby)))
        case "edits": #expect(chat.model.editor.text == "draft " + text)
        default: #expect(chat.actions.isEmpty)
        }
        if outcome != "edits" { #expect(chat.model.editor.text == "draft ") }
    }

    @Test func whatIsTooLongForAMessageIsNotSent() {
        var chat = ModelFixture()
        let text = String(repeating: "x", count: 9000)
        chat.send(.terminal(.paste(text)))
        chat.press(Key(.character("s")))
        #expect(chat.model.overlay == .paste(text))
        #expect(chat.hint.contains("too long"))
    }

    @Test func pathsOfFilesBecomeUploads() {
        var chat = ModelFixture()
        #expect(chat.send(.terminal(.paste("'/tmp/a b.png' "))).contains(.checkPath("/tmp/a b.png")))
        chat.send(.pathExists("/tmp/a b.png", true))
        #expect(chat.model.editor.text == "/upload /tmp/a b.png")
        #expect(chat.press(Key(.enter)).contains(.upload(path: "/tmp/a b.png", lobby)))
    }

    @Test func otherPathsStayText() {
        var chat = ModelFixture()
        chat.send(.terminal(.paste("/join dev")))
        chat.send(.pathExists("/join dev", false))
        #expect(chat.model.editor.text == "/join dev")
        chat.send(.terminal(.paste("/tmp/x")))
        #expect(!chat.actions.contains(.checkPath("/tmp/x")), "something stands there already")
        chat.model.editor.set("")
        chat.send(.terminal(.paste("/tmp/x")))
        chat.type("!")
        chat.send(.pathExists("/tmp/x", true))
        #expect(chat.model.editor.text == "/tmp/x!")
    }
}
