import Testing

@testable import ChatClient

@Suite struct ConfigParserTests {
    @Test func everySupportedFormIsRead() throws {
        let document = try ConfigParser.parse(
            """
            # where to
            server = "wss://chat.example.org"  # not here
            user='a\\b'
            bell = true
            count = -3
            rooms = [ "lobby", # first
              'ops',
            ]

            [servers."my work"]
            "user" = "gr\\u00e4ce \\"x\\""
            """)
        #expect(
            document.entries.map(\.value) == [
                .string("wss://chat.example.org"), .string(#"a\b"#), .boolean(true), .integer(-3),
                .strings(["lobby", "ops"]), .string(#"gräce "x""#),
            ])
        #expect(document.entries.last?.table == ["servers", "my work"])
        #expect(document.entries[3].place == .init(line: 5, column: 1))
        #expect(document.tables.map(\.path) == [["servers", "my work"]])
    }

    @Test(arguments: [
        ("a = 1\na = 2", 2, 1, "twice"),
        ("[x.y]\n[x.y]", 2, 1, "twice"),
        ("a = \"x", 1, 5, "closing"),
        ("a = x", 1, 5, "quotes"),
        ("a = ", 1, 5, "missing"),
        ("a 1", 1, 3, "'='"),
        ("  = 1", 1, 3, "key"),
        ("[x", 1, 3, "']'"),
        ("[[x]]", 1, 2, "not supported"),
        ("a.b = 1", 1, 1, "dotted"),
        ("a = { b = 1 }", 1, 5, "braces"),
        ("a = \"\"\"x\"\"\"", 1, 5, "several lines"),
        ("a = [1]", 1, 6, "strings"),
        ("a = [\"x\"", 1, 9, "',' or ']'"),
        ("a = [", 1, 5, "']'"),
        ("a = \"\\q\"", 1, 6, "escape"),
        ("a = \"\\ud800\"", 1, 6, "digits"),
        ("a = true b = 1", 1, 10, "after the end"),
        ("a = 1.5", 1, 5, "no value"),
        ("a = \"x\u{1b}[31m\"", 1, 7, "control"),
    ])
    func whatIsWrongIsSaidWithItsPlace(text: String, line: Int, column: Int, word: String) {
        let error = #expect(throws: ConfigError.self) { try ConfigParser.parse(text) }
        #expect(error?.place == .init(line: line, column: column), "\(error.map { "\($0)" } ?? "")")
        #expect(error?.message.contains(word) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func windowsLineEndsCount() throws {
        let document = try ConfigParser.parse("a = 1\r\n# x\r\nb = 'y'\r\n")
        #expect(document.entries.map(\.place.line) == [1, 3])
    }

    /// Whatever the file holds: an answer, in time, and no trap.
    @Test func randomTextIsReadOrRefused() {
        let pieces = [
            "a", "=", "\"", "'", "[", "]", "\n", "\\", "#", ".", ",", " ", "{", "u", "1", "é", "\u{0}", "\r\n",
        ]
        var random = SplitMix64(state: 7)
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<24, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            _ = try? ConfigParser.parse(text.joined())
        }
    }
}
