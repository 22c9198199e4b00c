import ChatWire
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ModelCompletionTests {
    @Test(arguments: [
        ("@gr", "@grace "), ("GR", "@grace "), ("hi @gr", "hi @grace "), ("go to #op", "go to #ops "),
        ("/jo", "/join "),
        ("/join #o", "/join #ops"), ("/leave o", "/leave #ops"), ("/msg gr", "/msg grace "),
        ("/notify m", "/notify mentions"),
        ("/set ty", "/set typing"), ("/theme st", "/theme standard"), ("/help fi", "/help files"), ("zz", "zz"),
        ("", ""),
        ("/topic gr", "/topic @grace "), ("hello ", "hello "), ("/get p", "/get p.png"),
    ])
    func oneCandidateIsPutIn(typed: String, completed: String) {
        var chat = fixture()
        chat.model.editor.set(typed)
        chat.press(Key(.tab))
        #expect(chat.model.editor.text == completed)
        #expect(chat.model.completion == nil)
    }

    @Test func tabGoesAroundAndEscTakesBack() {
        var chat = fixture()
        chat.say(6, by: "gustav")
        chat.model.editor.set("@g")
        chat.press(Key(.tab))
        #expect(chat.model.editor.text == "@gustav ", "who spoke last comes first")
        #expect(chat.model.completion?.candidates == ["@gustav ", "@grace "])
        chat.press(Key(.tab))
        #expect(chat.model.editor.text == "@grace ")
        chat.press(Key(.tab))
        #expect(chat.model.editor.text == "@gustav ")
        chat.press(Key(.tab, .shift))
        #expect(chat.model.editor.text == "@grace ")
        chat.press(Key(.escape))
        #expect(chat.model.editor.text == "@g")
        chat.press(Key(.tab, .shift))
        #expect(chat.model.editor.text == "@grace ")
        chat.type("x")
        #expect(chat.model.editor.text == "@grace x")
        #expect(chat.model.completion == nil)
    }

    @Test func pathsAreAskedFor() {
        var chat = fixture()
        chat.model.editor.set("/upload ~/my f")
        #expect(chat.press(Key(.tab)).contains(.completePath(prefix: "~/my f")))
        chat.send(.paths(prefix: "~/other", ["~/other/x"]))
        #expect(chat.model.editor.text == "/upload ~/my f", "an answer that comes too late")
        chat.send(.paths(prefix: "~/my f", ["~/my file", "~/my folder/"]))
        #expect(chat.model.editor.text == "/upload ~/my file")
        chat.press(Key(.tab))
        #expect(chat.model.editor.text == "/upload ~/my folder/")
    }

    private func fixture() -> ModelFixture {
        var chat = ModelFixture(history: 0)
        chat.join(lobby, members: ["ann", "grace", "bob"])
        chat.session(.entry(lobby, fileEntry(5, "p.png")))
        return chat
    }
}
