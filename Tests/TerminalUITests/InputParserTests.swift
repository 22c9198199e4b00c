import Testing

@testable import TerminalUI

@Suite struct InputParserTests {
    /// What terminals send, with what it means.
    static let samples: [(sent: String, events: [TerminalEvent])] =
        typing + functionKeys + modifiedKeys + keypad + otherProtocols + pastes + reports + answers + unknown

    private static func keys(_ keys: Key...) -> [TerminalEvent] { keys.map(TerminalEvent.key) }
    private static func text(_ text: String) -> [TerminalEvent] {
        text.unicodeScalars.map { .key(Key(.character(Character($0)))) }
    }

    static let typing: [(sent: String, events: [TerminalEvent])] = [
        ("aZ~ ", text("aZ~ ")),
        ("é日👍", text("é日👍")),
        ("e\u{301}👩‍👩‍👧", text("e\u{301}👩‍👩‍👧")),
        ("\r", keys(Key(.enter))),
        ("\n", keys(.control("j"))),
        ("\t", keys(Key(.tab))),
        ("\u{7F}\u{8}", keys(Key(.backspace), Key(.backspace))),
        ("\u{0}", keys(.control(" "))),
        ("\u{1}\u{3}\u{1A}", keys(.control("a"), .control("c"), .control("z"))),
        ("\u{1C}\u{1D}\u{1E}\u{1F}", keys(.control("\\"), .control("]"), .control("^"), .control("_"))),
        ("\u{1B}a\u{1B}1\u{1B}é", keys(.alt("a"), .alt("1"), .alt("é"))),
        ("\u{1B}\r", keys(Key(.enter, .alt))),
        ("\u{1B}\u{7F}", keys(Key(.backspace, .alt))),
        ("\u{1B}\u{1}", keys(Key(.character("a"), [.alt, .control]))),
        ("\u{1B}\u{1B}x", keys(Key(.escape), .alt("x"))),
    ]

    static let functionKeys: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D", keys(Key(.up), Key(.down), Key(.right), Key(.left))),
        ("\u{1B}OA\u{1B}OB\u{1B}OC\u{1B}OD", keys(Key(.up), Key(.down), Key(.right), Key(.left))),
        ("\u{1B}[H\u{1B}[F\u{1B}OH\u{1B}OF", keys(Key(.home), Key(.end), Key(.home), Key(.end))),
        ("\u{1B}[1~\u{1B}[4~\u{1B}[7~\u{1B}[8~", keys(Key(.home), Key(.end), Key(.home), Key(.end))),
        ("\u{1B}[2~\u{1B}[3~\u{1B}[5~\u{1B}[6~", keys(Key(.insert), Key(.delete), Key(.pageUp), Key(.pageDown))),
        ("\u{1B}OP\u{1B}OQ\u{1B}OR\u{1B}OS", (1...4).map { .key(Key(.function($0))) }),
        ("\u{1B}[11~\u{1B}[12~\u{1B}[13~\u{1B}[14~\u{1B}[15~", (1...5).map { .key(Key(.function($0))) }),
        ("\u{1B}[17~\u{1B}[18~\u{1B}[19~\u{1B}[20~\u{1B}[21~", (6...10).map { .key(Key(.function($0))) }),
        ("\u{1B}[23~\u{1B}[24~\u{1B}[25~\u{1B}[26~", (11...14).map { .key(Key(.function($0))) }),
        ("\u{1B}[28~\u{1B}[29~\u{1B}[31~\u{1B}[34~", [15, 16, 17, 20].map { .key(Key(.function($0))) }),
        ("\u{1B}[[A\u{1B}[[E", keys(Key(.function(1)), Key(.function(5)))),
        ("\u{1B}[Z", keys(Key(.tab, .shift))),
    ]

    static let modifiedKeys: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[1;5C\u{1B}[1;5D", keys(Key(.right, .control), Key(.left, .control))),
        ("\u{1B}[1;3A\u{1B}[1;2B", keys(Key(.up, .alt), Key(.down, .shift))),
        ("\u{1B}[1;9A", keys(Key(.up, .alt))),
        ("\u{1B}[1;8F", keys(Key(.end, [.shift, .alt, .control]))),
        ("\u{1B}[3;5~\u{1B}[5;3~", keys(Key(.delete, .control), Key(.pageUp, .alt))),
        (
            "\u{1B}[1;2P\u{1B}[1;5R\u{1B}[15;2~",
            keys(
                Key(.function(1), .shift), Key(.function(3), .control), Key(.function(5), .shift))
        ),
        ("\u{1B}O5P\u{1B}O1;5A", keys(Key(.function(1), .control), Key(.up, .control))),
        // rxvt.
        (
            "\u{1B}[3^\u{1B}[3$\u{1B}[3@",
            keys(
                Key(.delete, .control), Key(.delete, .shift), Key(.delete, [.control, .shift]))
        ),
        (
            "\u{1B}[a\u{1B}[d\u{1B}Oa\u{1B}Od",
            keys(
                Key(.up, .shift), Key(.left, .shift), Key(.up, .control), Key(.left, .control))
        ),
        ("\u{1B}\u{1B}[A\u{1B}\u{1B}OB", keys(Key(.up, .alt), Key(.down, .alt))),
    ]

    static let keypad: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}OM\u{1B}OI\u{1B}O ", keys(Key(.enter), Key(.tab), Key(.character(" ")))),
        ("\u{1B}Oj\u{1B}Ok\u{1B}Ol\u{1B}Om\u{1B}On\u{1B}Oo\u{1B}OX", text("*+,-./=")),
        ("\u{1B}Op\u{1B}Oy", text("09")),
    ]

    static let otherProtocols: [(sent: String, events: [TerminalEvent])] = [
        // modifyOtherKeys.
        ("\u{1B}[27;2;13~\u{1B}[27;5;9~", keys(Key(.enter, .shift), Key(.tab, .control))),
        ("\u{1B}[27;5;32~\u{1B}[27;2;65~", keys(.control(" "), Key(.character("A")))),
        ("\u{1B}[27;6;67~", keys(Key(.character("c"), [.control, .shift]))),
        // kitty.
        ("\u{1B}[13;2u\u{1B}[27u\u{1B}[127;3u", keys(Key(.enter, .shift), Key(.escape), Key(.backspace, .alt))),
        ("\u{1B}[97;5u\u{1B}[97;4u\u{1B}[233;3u", keys(.control("a"), .alt("A"), .alt("é"))),
        ("\u{1B}[49:33;4u\u{1B}[49;4u", keys(.alt("!"), Key(.character("1"), [.alt, .shift]))),
        ("\u{1B}[97;5:1u\u{1B}[97;5:3u\u{1B}[97;5:2u", keys(.control("a"), .control("a"))),
        ("\u{1B}[1;5:3A\u{1B}[97;9u\u{1B}[57441;2u", []),
        ("\u{1B}[57404u\u{1B}[57414u\u{1B}[57423;5u", text("5") + keys(Key(.enter), Key(.home, .control))),
    ]

    static let pastes: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[200~hello\u{1B}[201~!", [.paste("hello")] + text("!")),
        ("\u{1B}[200~\u{1B}[201~", [.paste("")]),
        ("\u{1B}[200~a\rb\r\nc\nd\r\r\n\u{1B}[201~", [.paste("a\nb\nc\nd\n\n")]),
        ("\u{1B}[200~日本\u{1B}[A\u{3}\u{1B}[201~", [.paste("日本\u{1B}[A\u{3}")]),
        ("\u{1B}[200~a\u{1B}[200~b\u{1B}[201~", [.paste("ab")]),
        ("\u{1B}[200~\u{1B}\u{1B}[201\u{1B}[201~", [.paste("\u{1B}\u{1B}[201")]),
        ("\u{1B}[201~x", text("x")),
        ("\u{1B}\u{1B}[200~a\u{1B}[201~", keys(Key(.escape)) + [.paste("a")]),
    ]

    static let reports: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[I\u{1B}[O", [.focus(true), .focus(false)]),
        (
            "\u{1B}[<0;1;1M\u{1B}[<0;120;40m",
            [
                .mouse(Mouse(.press(button: 0), column: 0, row: 0)), .mouse(Mouse(.release, column: 119, row: 39)),
            ]
        ),
        (
            "\u{1B}[<2;300;2M\u{1B}[<20;5;6M",
            [
                .mouse(Mouse(.press(button: 2), column: 299, row: 1)),
                .mouse(Mouse(.press(button: 0), column: 4, row: 5)),
            ]
        ),
        (
            "\u{1B}[<32;2;2M\u{1B}[<64;2;2M\u{1B}[<65;2;2M",
            [
                .mouse(Mouse(.drag, column: 1, row: 1)), .mouse(Mouse(.wheelUp, column: 1, row: 1)),
                .mouse(Mouse(.wheelDown, column: 1, row: 1)),
            ]
        ),
        ("\u{1B}[<35;2;2M\u{1B}[<66;2;2M\u{1B}[<128;2;2M\u{1B}[<M", []),
        ("\u{1B}[M !\u{7F}a\u{1B}[M\u{1B}[Ab", text("ab")),
    ]

    static let answers: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[?62;22c", [.answer(.attributes([62, 22]))]),
        (
            "\u{1B}[12;40R\u{1B}[?1;5R",
            [
                .answer(.cursor(column: 39, row: 11)), .answer(.cursor(column: 4, row: 0)),
            ]
        ),
        ("\u{1B}P>|tmux 3.4\u{1B}\\", [.answer(.version("tmux 3.4"))]),
        ("\u{1B}]11;rgb:ffff/8080/0000\u{7}", [.answer(.background(255, 128, 0))]),
        ("\u{1B}]11;rgb:f/80/000\u{1B}\\", [.answer(.background(255, 128, 0))]),
        ("\u{1B}]11;rgba:ffff/ffff/ffff/8000\u{7}", [.answer(.background(255, 255, 255))]),
        ("\u{1B}]11;#102030\u{7}", [.answer(.background(16, 32, 48))]),
    ]

    static let unknown: [(sent: String, events: [TerminalEvent])] = [
        ("\u{1B}[>0;276;0c\u{1B}[=1cx", text("x")),
        ("\u{1B}[?2026;2$y\u{1B}[?997;1n\u{1B}[?1u\u{1B}[0nx", text("x")),
        ("\u{1B}[99~\u{1B}[1;2;3;4;5zx\u{1B}[ A\u{1B}[E", text("x")),
        ("\u{1B}]52;c;aGVsbG8=\u{7}x\u{1B}]11;rgb:+1/2/3\u{7}", text("x")),
        ("\u{1B}P1$r0m\u{1B}\\\u{1B}_Gi=31;OK\u{1B}\\\u{1B}^p\u{1B}\\\u{1B}Xs\u{1B}\\x", text("x")),
        // Broken off: what breaks it is not lost.
        ("\u{1B}]0;title\u{1B}[A\u{1B}[1;\u{3}\u{1B}[5é", keys(Key(.up), .control("c")) + text("é")),
        ("\u{1B}[1;\u{1B}[B\u{1B}O\rx", keys(Key(.down), Key(.enter)) + text("x")),
        ("\u{1B}]0;title\u{18}x", text("x")),
    ]

    @Test(arguments: samples.indices)
    func eachSequenceMeansTheSameHoweverItIsCut(_ index: Int) {
        let bytes = Array(Self.samples[index].sent.utf8)
        let expected = Self.samples[index].events
        var parser = InputParser()
        #expect(parser.parse(bytes) == expected)
        #expect(!parser.isWaiting)
        for cut in 0...bytes.count {
            var parser = InputParser()
            #expect(parser.parse(bytes[..<cut]) + parser.parse(bytes[cut...]) == expected, "cut at \(cut)")
        }
        var slow = InputParser()
        #expect(bytes.flatMap { slow.parse([$0]) } == expected)
    }

    // MARK: UTF-8

    @Test(
        arguments: [
            ([0xff], "\u{FFFD}"), ([0x80, 0x41], "\u{FFFD}A"), ([0xc0, 0xaf], "\u{FFFD}\u{FFFD}"),
            ([0xe2, 0x82, 0x41], "\u{FFFD}A"), ([0xed, 0xa0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xf0, 0x9f, 0x91, 0xe6, 0x97, 0xa5], "\u{FFFD}日"),
            ([0xf4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xe2, 0xe2, 0x82, 0xac], "\u{FFFD}€"), ([0xf5, 0x0d], "\u{FFFD}\r"),
        ] as [([UInt8], String)])
    func illFormedTextIsReplacedAsTheStandardLibraryDoes(_ bytes: [UInt8], _ expected: String) {
        var parser = InputParser()
        let typed = parser.parse(bytes).map { event in
            if case .key(let key) = event, case .character(let character) = key.code { return String(character) }
            return event == .key(Key(.enter)) ? "\r" : "?"
        }
        #expect(typed.joined() == expected)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func theBeginningOfALetterWaitsForTheRest() {
        var parser = InputParser()
        #expect(parser.parse([0xe6, 0x97]) == [])
        #expect(!parser.isWaiting)
        for _ in 0..<100 { #expect(parser.timedOut() == []) }
        #expect(parser.parse([0xa5]) == [.key(Key(.character("日")))])
    }

    // MARK: Time

    @Test(arguments: [
        ("\u{1B}", [Key(.escape)]), ("\u{1B}\u{1B}", [Key(.escape), Key(.escape)]), ("\u{1B}[", [.alt("[")]),
        ("\u{1B}O", [.alt("O")]), ("\u{1B}]", [.alt("]")]), ("\u{1B}P", [.alt("P")]), ("\u{1B}_", [.alt("_")]),
        ("\u{1B}\u{1B}[", [Key(.escape), .alt("[")]),
    ])
    func whatAPersonMayHaveTypedIsTakenForThatAfterAWait(_ sent: String, _ keys: [Key]) {
        var parser = InputParser()
        #expect(parser.parse(sent.utf8) == [])
        #expect(parser.isWaiting)
        #expect(parser.timedOut() == keys.map(TerminalEvent.key))
        #expect(!parser.isWaiting)
        #expect(parser.parse("x".utf8) == [.key(Key(.character("x")))])
    }

    @Test(arguments: [
        "\u{1B}[1;", "\u{1B}[[", "\u{1B}[M ", "\u{1B}O5", "\u{1B}]11;rgb", "\u{1B}]11;rgb\u{1B}", "\u{1B}P>|x",
    ])
    func theRestOfASequenceIsWaitedForASecond(_ begun: String) {
        var parser = InputParser()
        #expect(parser.parse(begun.utf8) == [])
        for _ in 1..<InputLimits.quietTimeouts {
            #expect(parser.timedOut() == [])
            #expect(parser.isWaiting)
        }
        #expect(parser.timedOut() == [])
        #expect(!parser.isWaiting)
        #expect(parser.parse("x".utf8) == [.key(Key(.character("x")))])
    }

    @Test func aSlowAnswerIsNotTyped() {
        var parser = InputParser()
        var events = parser.parse("\u{1B}]11;rgb:ffff/".utf8)
        for _ in 0..<5 { events += parser.timedOut() }
        events += parser.parse("0000/0000\u{7}".utf8)
        #expect(events == [.answer(.background(255, 0, 0))])
    }

    @Test func cursorInTheFirstRowIsAnAnswerWhereOneIsExpected() {
        var parser = InputParser()
        parser.cursorAnswersExpected = 1
        #expect(parser.parse("\u{1B}[1;5R".utf8) == [.answer(.cursor(column: 4, row: 0))])
        #expect(parser.parse("\u{1B}[1;5R".utf8) == [.key(Key(.function(3), .control))])
    }

    // MARK: Bounds

    @Test func aHugePasteComesInPieces() {
        let text = String(repeating: "日本\r\n", count: InputLimits.pasteBytesMax / 4)
        var parser = InputParser()
        let events = parser.parse("\u{1B}[200~\(text)\u{1B}[201~x".utf8)
        var pieces: [String] = []
        for case .paste(let piece) in events { pieces.append(piece) }
        #expect(pieces.count > 1)
        #expect(pieces.allSatisfy { $0.utf8.count <= InputLimits.pasteBytesMax })
        #expect(pieces.joined() == String(text.map { $0 == "\r\n" ? "\n" : $0 }))
        #expect(events.last == .key(Key(.character("x"))))
    }

    @Test func aPasteWithoutItsEndDoesNotLockTheKeyboard() {
        var parser = InputParser()
        #expect(parser.parse("\u{1B}[200~rm -rf\r\u{1B}[20".utf8) == [])
        var events: [TerminalEvent] = []
        for _ in 0..<InputLimits.quietTimeouts { events += parser.timedOut() }
        #expect(events == [.paste("rm -rf\n")])
        #expect(!parser.isWaiting)
        #expect(parser.parse([3]) == [.paste("\u{1B}[20"), .key(.control("c"))])
        #expect(parser.parse("x".utf8) == [.key(Key(.character("x")))])
    }

    @Test func aLateEndStillEndsThePaste() {
        var parser = InputParser()
        var events = parser.parse("\u{1B}[200~a\u{1B}[20".utf8)
        for _ in 0..<InputLimits.quietTimeouts { events += parser.timedOut() }
        events += parser.parse("1~b".utf8)
        #expect(events == [.paste("a"), .paste(""), .key(Key(.character("b")))])
    }

    @Test func stringsWithoutAnEndAreEatenUpToALimit() {
        var parser = InputParser()
        #expect(parser.parse("\u{1B}]52;c;".utf8) == [])
        let bytes = [UInt8](repeating: 0x61, count: InputLimits.stringBytesMax - 5)
        #expect(parser.parse(bytes) == [])
        #expect(!parser.isWaiting)
        #expect(parser.pending.capacity <= 2 * InputLimits.sequenceBytesMax)
        #expect(parser.parse("x".utf8) == [.key(Key(.character("x")))])
    }

    @Test func sequencesAboveTheLimitMeanNothing() {
        var parser = InputParser()
        let long = String(repeating: "1;", count: InputLimits.sequenceBytesMax)
        #expect(parser.parse("\u{1B}[\(long)A\u{1B}P>|\(long)\u{1B}\\x".utf8) == [.key(Key(.character("x")))])
    }

    @Test func noBytesCrashIt() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let pieces = Self.samples.map { Array($0.sent.utf8) }
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                if Bool.random(using: &random) {
                    let piece = pieces.randomElement(using: &random) ?? []
                    bytes += piece.prefix(Int.random(in: 0...piece.count, using: &random))
                } else {
                    let count = Int.random(in: 0...8, using: &random)
                    bytes += (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                }
            }
            var whole = InputParser()
            var cut = InputParser()
            let expected = whole.parse(bytes)
            #expect(bytes.flatMap { cut.parse([$0]) } == expected, "seed \(seed): \(bytes)")
            for _ in 0...InputLimits.quietTimeouts { _ = whole.timedOut() }
            #expect(!whole.isWaiting, "seed \(seed): \(bytes)")
        }
    }
}

extension InputParser {
    fileprivate mutating func parse(_ bytes: some Sequence<UInt8>) -> [TerminalEvent] { parse(Array(bytes)) }
}
