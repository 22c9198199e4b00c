import Testing

@testable import TerminalUI

/// An editor from a text with `|` where the cursor is.
private func editor(_ marked: String, history: [String] = []) -> LineEditor {
    let parts = marked.split(separator: "|", omittingEmptySubsequences: false)
    var editor = LineEditor(text: parts.joined(), history: InputHistory(history))
    for _ in 0..<(parts.count > 1 ? parts[1].count : 0) { _ = editor.handle(Key(.left)) }
    return editor
}

extension LineEditor {
    /// The text with `|` at the cursor.
    fileprivate var marked: String { String(content.clusters[..<cursor]) + "|" + String(content.clusters[cursor...]) }

    fileprivate mutating func press(_ keys: Key...) {
        for key in keys { _ = handle(key) }
    }

    fileprivate mutating func type(_ text: String) {
        for scalar in text.unicodeScalars { _ = handle(Key(.character(Character(scalar)))) }
    }
}

@Suite struct LineEditorTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let before: String
        let key: Key
        let after: String

        init(_ before: String, _ key: Key, _ after: String) {
            (self.before, self.key, self.after) = (before, key, after)
        }
        var testDescription: String { "\(before) \(key) \(after)" }
    }

    @Test(arguments: [
        Example("ab|c", .control("a"), "|abc"), Example("a\nb|c", .control("a"), "a\n|bc"),
        Example("a|bc", .control("e"), "abc|"), Example("a|b\nc", .control("e"), "ab|\nc"),
        Example("ab|c", .control("b"), "a|bc"), Example("|abc", .control("b"), "|abc"),
        Example("ab|c", .control("f"), "abc|"), Example("abc|", .control("f"), "abc|"),
        Example("ab|c", Key(.left), "a|bc"), Example("👩‍👩‍👧é|", Key(.left), "👩‍👩‍👧|é"), Example("|🇩🇪x", Key(.right), "🇩🇪|x"),
        Example("ab|c", Key(.home), "|abc"), Example("a|bc", Key(.end), "abc|"),
        Example("a\nb|c", Key(.home, .control), "|a\nbc"), Example("a|\nbc", Key(.end, .control), "a\nbc|"),
    ])
    func motions(_ example: Example) { check(example) }

    @Test(arguments: [
        Example("one two|", .alt("b"), "one |two"), Example("one, |two", .alt("b"), "|one, two"),
        Example("|one two", .alt("f"), "one| two"), Example("one|, two", .alt("f"), "one, two|"),
        Example("one two|", Key(.left, .control), "one |two"), Example("|one two", Key(.right, .control), "one| two"),
        Example("one two|", Key(.left, .alt), "one |two"), Example("|one two", Key(.right, .alt), "one| two"),
        Example("ça 日本|", .alt("b"), "ça |日本"), Example("|", .alt("b"), "|"), Example("|", .alt("f"), "|"),
    ])
    func wordMotions(_ example: Example) { check(example) }

    @Test(arguments: [
        Example("ab|c", .control("d"), "ab|"), Example("abc|", .control("d"), "abc|"),
        Example("ab|c", Key(.delete), "ab|"), Example("ab|c", Key(.backspace), "a|c"),
        Example("ab|c", .control("h"), "a|c"), Example("|abc", Key(.backspace), "|abc"),
        Example("xe\u{301}|", Key(.backspace), "x|"), Example("👩‍👩‍👧|", Key(.backspace), "|"),
        Example("a\n|b", Key(.backspace), "a|b"), Example("a|\nb", Key(.delete), "a|b"),
        Example("ab|cd", .control("k"), "ab|"), Example("a|b\nc", .control("k"), "a|\nc"),
        Example("ab|\nc", .control("k"), "ab|c"), Example("ab|cd", .control("u"), "|cd"),
        Example("a\nb|c", .control("u"), "a\n|c"), Example("a\n|bc", .control("u"), "a|bc"),
        Example("ls /tmp/x.y |z", .control("w"), "ls |z"), Example("one two|", .control("w"), "one |"),
        Example("/tmp/x.y|", Key(.backspace, .alt), "/tmp/x.|"), Example("one two|", Key(.backspace, .alt), "one |"),
        Example("|one two", .alt("d"), "| two"), Example("one| two", .alt("d"), "one|"),
        Example("a|bc", .control("t"), "ba|c"), Example("abc|", .control("t"), "acb|"),
        Example("a|ab", .control("t"), "aa|b"),
        Example("|abc", .control("t"), "|abc"), Example("a|", .control("t"), "a|"),
        Example("é👍|", .control("t"), "👍é|"),
        Example("a\n|b", .control("t"), "a\n|b"), Example("one |two", Key(.delete, .control), "one |"),
    ])
    func deletions(_ example: Example) { check(example) }

    @Test(arguments: [
        Example("a|b", Key(.enter, .alt), "a\n|b"), Example("a|b", .control("j"), "a\n|b"),
        Example("a|b", Key(.enter, .shift), "a\n|b"), Example("a|", Key(.character("B"), .shift), "aB|"),
    ])
    func additions(_ example: Example) { check(example) }

    private func check(_ example: Example) {
        var editor = editor(example.before)
        #expect(editor.handle(example.key) == .handled)
        #expect(editor.marked == example.after)
        #expect(editor.content.clusters == Array(editor.text))
    }

    @Test(arguments: [
        Key.control("c"), .control("s"), .control("x"), .control("l"), .control("z"), .control("g"), .control(" "),
        .alt("u"), .alt("l"), .alt("c"), .alt("k"), .alt("a"), .alt("1"), Key(.tab), Key(.tab, .shift), Key(.escape),
        Key(.pageUp), Key(.pageDown), Key(.up, .alt), Key(.down, .alt), Key(.end, .alt), Key(.insert),
        Key(.function(1)),
    ])
    func keysOfTheApplicationAreLeftToIt(_ key: Key) {
        var editor = editor("a|b")
        #expect(editor.handle(key) == .ignored)
        #expect(editor.marked == "a|b")
    }

    @Test func controlDInAnEmptyLineIsTheApplications() {
        var editor = LineEditor()
        #expect(editor.handle(.control("d")) == .ignored)
    }

    @Test func enterSubmitsAndEmpties() {
        var editor = editor("hel|lo")
        #expect(editor.handle(Key(.enter)) == .submit("hello"))
        #expect(editor.isEmpty && editor.cursor == 0)
        #expect(editor.history.entries == ["hello"])
        editor.press(.control("_"))
        #expect(editor.isEmpty)
    }

    // MARK: Clusters

    @Test func scalarsThatComeOneByOneJoin() {
        for text in ["e\u{301}", "👩‍👩‍👧", "🇩🇪🇫🇷", "한", "👍🏽", "❤️", "क्षि"] {
            var editor = LineEditor()
            editor.type(text)
            #expect(editor.text == text)
            #expect(editor.content.clusters == Array(text))
            #expect(editor.cursor == text.count)
        }
    }

    @Test func whatComesTogetherJoins() {
        var flags = editor("🇩|x🇪")
        flags.press(Key(.delete))
        #expect(flags.marked == "🇩🇪|")
        var pairs = editor("|🇩🇪🇫🇷")
        pairs.insert("🇦")
        #expect(pairs.content.clusters == Array("🇦🇩🇪🇫🇷"))
        pairs.press(.control("_"))
        #expect(pairs.marked == "|🇩🇪🇫🇷")
    }

    @Test func marksOnOneLetterEnd() {
        var editor = editor("a")
        for _ in 0..<1000 { editor.type("\u{301}") }
        #expect(editor.content.count == 1)
        #expect(editor.text.utf8.count <= InputLimits.clusterBytesMax)
        editor.type("é")
        #expect(editor.content.count == 2)
    }

    @Test func newlinesOfEveryKindBecomeOne() {
        var editor = LineEditor()
        editor.insert("a\r\nb\rc\nd")
        #expect(editor.text == "a\nb\nc\nd")
        #expect(editor.lineCount == 4)
        #expect(LineEditor(text: "a\r\nb").text == "a\nb")
    }

    @Test func whatDoesNotFitIsNotPutIn() {
        var editor = LineEditor()
        let long = String(repeating: "é", count: InputLimits.textBytesMax / 2)
        let fitted = editor.insert("a" + long)
        #expect(!fitted)
        #expect(editor.text.utf8.count == InputLimits.textBytesMax - 1)
        let oneMore = editor.insert("b")
        #expect(oneMore)
        #expect(editor.handle(Key(.character("c"))) == .handled)
        #expect(editor.text.last == "b")
        editor.set(long + long)
        #expect(editor.text == long)
    }

    @Test func completionReplacesWhatIsBeforeTheCursor() {
        var editor = editor("hi @gr| there")
        editor.replace(last: 3, with: "@grace")
        #expect(editor.marked == "hi @grace| there")
        editor.replace(last: 99, with: "x")
        #expect(editor.marked == "x| there")
        #expect(editor.textBeforeCursor == "x")
        editor.replace(last: -1, with: "y")
        #expect(editor.marked == "xy| there")
    }

    // MARK: Kill ring

    @Test func killsInARowJoinInTheirOrder() {
        var editor = editor("one two| three four")
        editor.press(.control("w"), .control("w"), .control("k"), .control("a"), .control("y"))
        #expect(editor.marked == "one two three four|")
        editor.press(.control("y"))
        #expect(editor.marked == "one two three fourone two three four|")
    }

    @Test func altYGoesBackThroughTheRing() {
        var editor = LineEditor()
        for word in ["one", "two", "three"] {
            editor.type(word)
            editor.press(.control("u"), .control("a"))
        }
        editor.type("<>")
        editor.press(Key(.left), .control("y"))
        #expect(editor.marked == "<three|>")
        editor.press(.alt("y"))
        #expect(editor.marked == "<two|>")
        editor.press(.alt("y"))
        #expect(editor.marked == "<one|>")
        editor.press(.alt("y"))
        #expect(editor.marked == "<three|>")
        editor.press(Key(.left), .alt("y"))
        #expect(editor.marked == "<thre|e>")
    }

    @Test func yankWithNothingKilledDoesNothing() {
        var editor = editor("a|b")
        editor.press(.control("y"), .alt("y"))
        #expect(editor.marked == "a|b")
    }

    // MARK: Undo

    @Test func undoTakesBackWordByWord() {
        var editor = LineEditor()
        editor.type("one two")
        editor.press(.control("w"))
        #expect(editor.text == "one ")
        editor.press(.control("_"))
        #expect(editor.marked == "one two|")
        editor.press(.control("_"))
        #expect(editor.marked == "one |")
        editor.press(.control("/"))
        #expect(editor.marked == "|")
        editor.press(.control("_"))
        #expect(editor.marked == "|")
    }

    @Test func clearingCanBeUndoneButReplacingCannot() {
        var editor = editor("dra|ft")
        editor.clear()
        #expect(editor.isEmpty)
        editor.press(.control("_"))
        #expect(editor.marked == "dra|ft")
        editor.set("other room")
        editor.press(.control("_"))
        #expect(editor.text == "other room")
    }

    @Test func undoIsBounded() {
        var editor = LineEditor()
        for _ in 0..<(InputLimits.undoStepsMax + 10) { editor.insert("a") }
        for _ in 0..<(InputLimits.undoStepsMax + 10) { editor.press(.control("_")) }
        #expect(editor.text == String(repeating: "a", count: 10))
        let long = String(repeating: "x", count: 40_000)
        for _ in 0..<8 {
            editor.insert(long)
            editor.clear()
        }
        for _ in 0..<16 { editor.press(.control("_")) }
        #expect(editor.text.utf8.count <= InputLimits.textBytesMax)
    }

    // MARK: Long texts

    @Test func aKeyInALongTextTouchesOnlyWhatIsAroundTheCursor() {
        var editor = LineEditor()
        for _ in 0..<20_000 { editor.type("a") }
        for _ in 0..<20_000 { editor.press(Key(.left)) }
        for _ in 0..<2_000 { editor.type("日") }
        for _ in 0..<2_000 { editor.press(Key(.backspace)) }
        #expect(editor.text == String(repeating: "a", count: 20_000))
    }
}

@Suite struct LineEditorHistoryTests {
    @Test func upAndDownWalkAndKeepWhatIsUnfinished() {
        var editor = editor("unfin|ished", history: ["one", "two"])
        editor.press(Key(.up))
        #expect(editor.marked == "two|")
        editor.press(Key(.up), Key(.up))
        #expect(editor.marked == "one|")
        editor.press(Key(.down), Key(.down))
        #expect(editor.marked == "unfinished|")
        editor.press(Key(.down))
        #expect(editor.marked == "unfinished|")
        editor.press(.control("p"))
        #expect(editor.marked == "two|")
        editor.press(.control("n"))
        #expect(editor.marked == "unfinished|")
    }

    @Test func aChangedEntryIsKeptWhileWalkingAndTheHistoryStaysAsItWas() {
        var editor = LineEditor(history: InputHistory(["one", "two"]))
        editor.press(Key(.up))
        editor.type("!")
        editor.press(Key(.up), Key(.down))
        #expect(editor.text == "two!")
        #expect(editor.history.entries == ["one", "two"])
        #expect(editor.handle(Key(.enter)) == .submit("two!"))
        #expect(editor.history.entries == ["one", "two", "two!"])
        editor.press(Key(.up), Key(.up))
        #expect(editor.text == "two")
    }

    @Test func upAndDownMoveWithinALongerTextFirst() {
        var editor = editor("abcdef\nx\n日本語z|", history: ["old"])
        editor.press(Key(.up))
        #expect(editor.marked == "abcdef\nx|\n日本語z")
        editor.press(Key(.up))
        #expect(editor.marked == "abcdef|\nx\n日本語z")
        editor.press(Key(.up))
        #expect(editor.marked == "old|")
        editor.press(Key(.down))
        #expect(editor.marked == "abcdef\nx\n日本語z|")
        editor.press(Key(.left), Key(.up), Key(.up))
        #expect(editor.marked == "abcdef|\nx\n日本語z")
        editor.press(Key(.down), Key(.down))
        #expect(editor.marked == "abcdef\nx\n日本語|z")
    }

    @Test func aHistoryThatShrankMeanwhileDoesNoHarm() {
        var editor = LineEditor(history: InputHistory(["one", "two", "three"]))
        editor.press(Key(.up))
        editor.history = InputHistory(["only"])
        editor.press(Key(.up))
        #expect(editor.text == "only")
        editor.press(Key(.down))
        #expect(editor.text == "")
    }

    // MARK: Ctrl-R

    private static let history = ["make test", "git push", "make Build", "git pull"]

    @Test func searchGoesBackAsItIsTyped() {
        var editor = editor("draf|t", history: Self.history)
        editor.press(.control("r"))
        #expect(editor.reverseSearch == LineEditor.ReverseSearch(query: ""))
        editor.type("pu")
        #expect(editor.reverseSearch?.match == "git pull")
        editor.type("s")
        #expect(editor.reverseSearch?.match == "git push")
        editor.type("X")
        #expect(editor.reverseSearch?.match == nil)
        editor.press(Key(.backspace), Key(.backspace))
        #expect(editor.reverseSearch?.match == "git pull")
        #expect(editor.marked == "draf|t")
        #expect(editor.handle(Key(.enter)) == .submit("git pull"))
        #expect(editor.reverseSearch == nil)
    }

    @Test func controlRAgainFindsOlderOnes() {
        var editor = LineEditor(history: InputHistory(Self.history))
        editor.press(.control("r"))
        editor.type("make")
        #expect(editor.reverseSearch?.match == "make Build")
        editor.press(.control("r"))
        #expect(editor.reverseSearch?.match == "make test")
        editor.press(.control("r"))
        #expect(editor.reverseSearch?.match == "make test")
        editor.press(Key(.escape), .control("r"), .control("r"))
        #expect(editor.reverseSearch == LineEditor.ReverseSearch(query: ""))
        editor.type("make")
        editor.press(.control("a"), .control("r"), .control("r"))
        #expect(editor.reverseSearch?.match == "make Build")
    }

    @Test(arguments: [Key(.escape), .control("g"), .control("c")])
    func searchCanBeLeft(_ key: Key) {
        var editor = editor("draf|t", history: Self.history)
        editor.press(.control("r"))
        editor.type("push")
        #expect(editor.handle(key) == .handled)
        #expect(editor.reverseSearch == nil)
        #expect(editor.marked == "draf|t")
    }

    @Test func otherKeysAcceptAndDoTheirWork() {
        var editor = editor("draf|t", history: Self.history)
        editor.press(.control("r"))
        editor.type("push")
        #expect(editor.handle(.control("a")) == .handled)
        #expect(editor.marked == "|git push")
        editor.press(.control("_"))
        #expect(editor.marked == "draf|t")
        editor.press(.control("r"))
        editor.type("pull")
        #expect(editor.handle(Key(.pageUp)) == .ignored)
        #expect(editor.text == "git pull")
    }

    @Test func enterWithoutAMatchSendsNothing() {
        var editor = editor("draf|t", history: Self.history)
        editor.press(.control("r"))
        editor.type("nothing")
        #expect(editor.handle(Key(.enter)) == .handled)
        #expect(editor.marked == "draf|t")
        #expect(editor.reverseSearch == nil)
    }

    @Test func caseCountsWhereItIsTyped() {
        var editor = LineEditor(history: InputHistory(Self.history + ["make build"]))
        editor.press(.control("r"))
        editor.type("B")
        #expect(editor.reverseSearch?.match == "make Build")
        editor.press(.control("g"), .control("r"))
        editor.type("b")
        #expect(editor.reverseSearch?.match == "make build")
        editor.press(.control("r"))
        #expect(editor.reverseSearch?.match == "make Build")
    }

    @Test func aPasteDuringTheSearchAcceptsIt() {
        var editor = LineEditor(history: InputHistory(Self.history))
        editor.press(.control("r"))
        editor.type("push")
        editor.insert(" -f")
        #expect(editor.marked == "git push -f|")
    }
}

@Suite struct LineEditorLayoutTests {
    private func check(_ marked: String, columns: Int, rows: [String], column: Int, row: Int, _ line: Int = #line) {
        let layout = editor(marked).layout(columns: columns)
        #expect(layout.rows == rows, "line \(line)")
        #expect(layout.cursor == Screen.Place(column: column, row: row), "line \(line)")
    }

    @Test func rows() {
        check("|", columns: 5, rows: [""], column: 0, row: 0)
        check("abc|", columns: 5, rows: ["abc"], column: 3, row: 0)
        check("abcde|", columns: 5, rows: ["abcde", ""], column: 0, row: 1)
        check("abcd|e", columns: 5, rows: ["abcde"], column: 4, row: 0)
        check("abcde|f", columns: 5, rows: ["abcde", "f"], column: 0, row: 1)
        check("abcde|\nf", columns: 5, rows: ["abcde", "", "f"], column: 0, row: 1)
        check("abcde\n|f", columns: 5, rows: ["abcde", "f"], column: 0, row: 1)
        check("a\n|", columns: 5, rows: ["a", ""], column: 0, row: 1)
        check("a\n|\nb", columns: 5, rows: ["a", "", "b"], column: 0, row: 1)
        check("ab日|本", columns: 5, rows: ["ab日", "本"], column: 0, row: 1)
        check("a日本|", columns: 3, rows: ["a日", "本"], column: 2, row: 1)
        check("日|a", columns: 1, rows: ["\u{FFFD}", "a"], column: 0, row: 1)
        check("a\tb|", columns: 8, rows: ["a   b"], column: 5, row: 0)
        check("a\t|b", columns: 3, rows: ["a  ", "b"], column: 0, row: 1)
        check("a\u{1B}\u{200B}|", columns: 8, rows: ["a\u{FFFD}\u{FFFD}"], column: 3, row: 0)
        check("a|", columns: 0, rows: ["a", ""], column: 0, row: 1)
    }

    @Test func theCursorIsAlwaysInside() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let text = randomText(using: &random)
            var editor = LineEditor(text: text)
            let columns = Int.random(in: 1...12, using: &random)
            for _ in 0...text.count {
                let (rows, cursor) = editor.layout(columns: columns)
                #expect(rows.allSatisfy { TextWidth.of($0) <= columns }, "seed \(seed)")
                #expect((0..<columns).contains(cursor.column) && rows.indices.contains(cursor.row), "seed \(seed)")
                _ = editor.handle(Key(.left))
            }
        }
    }
}

/// Letters, wide ones, marks, flags, joiners, spaces and newlines.
func randomText(using random: inout SeededRandom, upTo count: Int = 12) -> String {
    let pieces = [
        "a", "b", "Z", "7", " ", " ", "\n", "\t", "é", "e\u{301}", "日", "本", "👍", "👍🏽", "👩‍👩‍👧", "🇩", "🇪", "\u{301}",
        "\u{200D}", "क", "्", "\u{1B}", "한", "ᄒ", "ᅡ", ".", "word", "longer-word",
    ]
    return (0..<Int.random(in: 0...count, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
        .joined()
}

@Suite struct LineEditorModelTests {
    /// The editor as an array of clusters would be: every change by building the whole text anew.
    private struct Model {
        var text = ""
        var cursor = 0

        mutating func replace(_ range: Range<Int>, with replacement: String) {
            let clusters = Array(text)
            let before = String(clusters[..<range.lowerBound]) + replacement
            text = before + String(clusters[range.upperBound...])
            // The first boundary that is not inside of what was put in.
            cursor = 0
            var bytes = 0
            for cluster in text where bytes < before.utf8.count {
                bytes += cluster.utf8.count
                cursor += 1
            }
        }
    }

    @Test func randomKeysDoWhatTheyDoToAPlainArray() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            var editor = LineEditor()
            var model = Model()
            var states = [model]
            for step in 0..<60 {
                let count = Array(model.text).count
                switch Int.random(in: 0...7, using: &random) {
                case 0...2:
                    let text = randomText(using: &random, upTo: 4)
                    editor.insert(text)
                    if !text.isEmpty { model.replace(model.cursor..<model.cursor, with: text) }
                case 3:
                    _ = editor.handle(Key(.backspace))
                    if model.cursor > 0 { model.replace((model.cursor - 1)..<model.cursor, with: "") }
                case 4:
                    _ = editor.handle(Key(.delete))
                    if model.cursor < count { model.replace(model.cursor..<(model.cursor + 1), with: "") }
                case 5:
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        _ = editor.handle(Key(.left))
                        model.cursor = max(0, model.cursor - 1)
                    }
                case 6:
                    _ = editor.handle(Key(.right))
                    model.cursor = min(count, model.cursor + 1)
                default:
                    let last = Int.random(in: 0...3, using: &random)
                    let text = randomText(using: &random, upTo: 2)
                    editor.replace(last: last, with: text)
                    let range = max(0, model.cursor - last)..<model.cursor
                    if !range.isEmpty || !text.isEmpty { model.replace(range, with: text) }
                }
                #expect(Array(editor.text.utf8) == Array(model.text.utf8), "seed \(seed), step \(step)")
                #expect(
                    editor.content.clusters.map(String.init) == model.text.map(String.init),
                    "seed \(seed), step \(step)")
                #expect(editor.cursor == model.cursor, "seed \(seed), step \(step)")
                states.append(model)
            }
            // Backwards through all of it, to nothing.
            for _ in states { _ = editor.handle(.control("_")) }
            #expect(editor.text == "" && editor.content.count == 0, "seed \(seed)")
        }
    }

    @Test func noKeysCrashIt() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let letters: [Character] = Array("abcdefghijklmnopqrstuvwxyz_/ 日\u{301}")
        let codes: [Key.Code] = [
            .enter, .tab, .backspace, .delete, .escape, .up, .down, .left, .right, .home, .end, .pageUp, .function(3),
        ]
        var editor = LineEditor(history: InputHistory(["one", "two\nlines", "日本語 text"]))
        for step in 0..<20_000 {
            let modifiers = Key.Modifiers(rawValue: UInt8.random(in: 0...7, using: &random))
            let isLetter = Int.random(in: 0...3, using: &random) > 0
            let code =
                isLetter
                ? .character(letters.randomElement(using: &random) ?? "a") : codes.randomElement(using: &random)
            _ = editor.handle(Key(code ?? .enter, modifiers))
            if step % 97 == 0 { editor.insert(randomText(using: &random)) }
            #expect((0...editor.content.count).contains(editor.cursor), "seed \(seed), step \(step)")
            if step % 50 == 0 { #expect(editor.content.clusters == Array(editor.text), "seed \(seed), step \(step)") }
        }
    }
}
