import Testing

@testable import ChatClient

@Suite struct ModelValueTests {
    @Test(arguments: [
        ("ada", "ada", true), ("ada", "Hi ADA, you?", true), ("ada", "@ada can you", true), ("ada", "@Ada: hm", true),
        ("ada", "canada", false), ("ada", "adam", false), ("ada", "ada.lovelace is here", false),
        ("ada", "it was ada.", true), ("ada", "ada-b", false), ("ada", "(ada)", true), ("ada", "ad a", false),
        ("ada", "", false), ("", "anything", false), ("ada", "@adam and @ada", true), ("太郎", "太郎さん、はい", true),
        ("Ärger", "so ein ärger!", true), ("a.b", "ask a.b.", true), ("a.b", "axb", false), ("ada", "x ada_1", false),
    ])
    func namesAreFoundAsWholeWords(user: String, text: String, isFound: Bool) {
        #expect(MentionFinder.mentions(user, in: text) == isFound)
    }

    @Test func whoComesAndGoesIsToldOnce() {
        var fold = PresenceFold(line: .local(1), since: 0)
        fold.came("ada")
        fold.came("bob")
        fold.went("linus")
        #expect(fold.text == "ada, bob joined · linus left")
        fold.went("bob")
        fold.came("linus")
        #expect(fold.text == "ada joined · bob came and went · linus left and came back")
        for number in 1...10 { fold.came("u\(number)") }
        #expect(fold.text.hasPrefix("ada, u1, u2, u3, u4, u5 and 5 more joined"))
    }

    @Test(arguments: [
        ("/home/ada/p.png", "/home/ada/p.png"), (" /home/ada/p.png \n", "/home/ada/p.png"),
        ("'/home/ada/my file.png'", "/home/ada/my file.png"), ("\"/tmp/a b\"", "/tmp/a b"),
        (#"/tmp/a\ b\'s.png"#, "/tmp/a b's.png"), ("'/tmp/it'\\''s'", "/tmp/it's"), ("/tmp/a b", "/tmp/a b"),
        ("file:///tmp/a%20b%C3%A4.png", "/tmp/a bä.png"), ("file://localhost/tmp/x", "/tmp/x"), ("~/x", "~/x"),
        ("file:///tmp/%zz", nil), ("file:///tmp/%ff", nil), ("file://", nil), ("'/tmp/open", nil), ("/tmp/open\\", nil),
        ("hello", nil), ("/", nil), ("", nil), ("/a\n/b", nil), ("'/a' '/b'", nil), ("a/b", nil),
        ("/" + String(repeating: "x", count: 5000), nil),
    ])
    func pathsAreReadAsTerminalsPasteThem(text: String, path: String?) {
        #expect(PastedPath.path(in: text) == path)
    }
}
