import Testing

@testable import ChatClient

@Suite struct LineInputTests {
    @Test(arguments: [
        ("", LineInput.nothing), ("   ", .nothing), ("hello", .message("hello")),
        ("  indented", .message("  indented")),
        ("/join ops", .join("ops")), ("/j #ops ", .join("ops")), ("/leave", .leave(nil)), ("/leave ops", .leave("ops")),
        ("/who", .who(nil)), ("/who #ops", .who("ops")), ("/rooms", .rooms), ("/resend", .resend),
        ("/discard", .discard), ("/me waves", .message("* waves")),
        ("/help", .help), ("/quit", .quit), ("/quit now", .quit), ("//etc", .message("/etc")), ("/", .unknown("/")),
        ("/join", .unknown("/join")), ("/nope x", .unknown("/nope x")), ("/me", .unknown("/me")),
    ])
    func reads(line: String, input: LineInput) {
        #expect(LineInput(line) == input)
    }
}

@Suite struct OutgoingTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("a\tb", "a\tb"), ("dos\r", "dos"), ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("\u{1b}]0;title\u{07}x", "x"), ("\u{1b}]8;;http://h\u{1b}\\link", "link"), ("\u{1b}(Bx", "x"),
        ("a\u{85}b", "ab"),
        ("\u{1b}", ""), ("\u{1b}[", ""), ("\u{1b}]", ""), ("bell\u{07}", "bell"), ("🚢 太郎", "🚢 太郎"),
    ])
    func removesWhatAnEdgeRefuses(line: String, clean: String) {
        #expect(OutgoingText.clean(line) == clean)
    }
}
