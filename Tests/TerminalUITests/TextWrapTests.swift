import Testing

@testable import TerminalUI

@Suite struct TextWrapTests {
    private func wrap(_ text: String, _ columns: Int, first: Int? = nil) -> [String] {
        TextWrap.wrap([Span(text)], columns: columns, firstColumns: first).map { $0.map(\.text).joined() }
    }

    @Test func wordsWrapAtSpaces() {
        #expect(wrap("the quick brown fox", 10) == ["the quick", "brown fox"])
        #expect(wrap("the quick  brown", 9) == ["the quick", "brown"])
        #expect(wrap("abc def", 3) == ["abc", "def"])
        #expect(wrap("abc", 3) == ["abc"])
        #expect(wrap("", 3) == [""])
        #expect(wrap("   ", 2) == [""])
        #expect(wrap("abc   ", 3) == ["abc"])
        #expect(wrap("  abc", 6) == ["  abc"])
        #expect(wrap("    abc", 5) == ["abc"])
        #expect(wrap("a\u{A0}b c", 3) == ["a\u{A0}b", "c"])
    }

    @Test func longWordsBreakAtClusters() {
        #expect(wrap("abcdefgh", 3) == ["abc", "def", "gh"])
        #expect(wrap("x abcdefgh y", 4) == ["x", "abcd", "efgh", "y"])
        #expect(wrap("ae\u{301}e\u{301}b", 2) == ["ae\u{301}", "e\u{301}b"])
        #expect(wrap("abc", 0) == ["a", "b", "c"])
    }

    @Test func newlinesStay() {
        #expect(wrap("a\nb\r\nc\n\nd\n", 10) == ["a", "b", "c", "", "d", ""])
        #expect(wrap("abc  \n  d", 3) == ["abc", "  d"])
    }

    @Test func tabsBecomeSpaces() {
        #expect(wrap("a\tb", 10) == ["a   b"])
        #expect(wrap("\tb", 10) == ["    b"])
        #expect(wrap("abc\tdefg", 6) == ["abc", "defg"])
    }

    @Test func wideClustersBreakAnywhere() {
        #expect(wrap("日本語です", 5) == ["日本", "語で", "す"])
        #expect(wrap("ab日本語", 5) == ["ab日", "本語"])
        #expect(wrap("日本 語", 4) == ["日本", "語"])
        #expect(wrap("日本\u{3000}語", 4) == ["日本", "語"])
        #expect(wrap("日a", 1) == ["\u{FFFD}", "a"])
    }

    @Test func hiddenCharactersAreSeen() {
        #expect(wrap("a\u{1B}\u{202E}\u{200B}b", 10) == ["a\u{FFFD}\u{FFFD}\u{FFFD}b"])
    }

    @Test func theFirstRowMayBeShorter() {
        #expect(wrap("the quick brown", 9, first: 4) == ["the", "quick", "brown"])
        #expect(wrap("quick brown", 9, first: 4) == ["", "quick", "brown"])
        #expect(wrap("abcdefghijkl", 5, first: 2) == ["ab", "cdefg", "hijkl"])
        #expect(wrap("日本", 4, first: 1) == ["", "日本"])
        #expect(wrap("abc", 9, first: 0) == ["", "abc"])
    }

    @Test func stylesStayWithTheirText() {
        let bold = Style(.standard, on: .standard, .bold)
        let rows = TextWrap.wrap([Span("one "), Span("two\tthr", bold), Span("ee")], columns: 5)
        #expect(rows == [[Span("one")], [Span("two", bold)], [Span("thr", bold), Span("ee")]])
        #expect(TextWrap.wrap([Span(""), Span("a", bold), Span("")], columns: 5) == [[Span("a", bold)]])
        #expect(TextWrap.wrap([], columns: 5) == [[]])
    }

    @Test func rowsAreNeverWiderAndNothingButSpacesIsLost() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<3000 {
            let spans = (0..<Int.random(in: 0...3, using: &random)).map { _ in Span(randomText(using: &random)) }
            let columns = Int.random(in: 1...20, using: &random)
            let first = Bool.random(using: &random) ? Int.random(in: 0...columns, using: &random) : nil
            let rows = TextWrap.wrap(spans, columns: columns, firstColumns: first).map { $0.map(\.text).joined() }
            let context: Comment = "seed \(seed): \(spans) in \(columns), \(String(describing: first))"
            for (index, row) in rows.enumerated() {
                #expect(TextWidth.of(row) <= (index == 0 ? max(1, first ?? columns) : columns), context)
                #expect(row.last != " ", context)
            }
            let expected = spans.flatMap { span in
                span.text.flatMap { DrawnCluster($0, columns: columns).cluster.unicodeScalars }
                    .filter { !$0.properties.isWhitespace }
            }
            let kept = rows.joined().unicodeScalars.filter { !$0.properties.isWhitespace }
            // Tabs and newlines are spaces here, not controls.
            let controls = spans.reduce(0) { $0 + $1.text.count { $0 == "\t" || $0 == "\n" } }
            #expect(kept.count { $0 != "\u{FFFD}" } == expected.count { $0 != "\u{FFFD}" }, context)
            #expect(kept.count == expected.count - controls, context)
        }
    }

    // MARK: Truncating

    @Test func truncation() {
        #expect(TextWrap.truncate("abc", columns: 3) == "abc")
        #expect(TextWrap.truncate("abcd", columns: 3) == "ab…")
        #expect(TextWrap.truncate("日本語", columns: 6) == "日本語")
        #expect(TextWrap.truncate("日本語", columns: 5) == "日本…")
        #expect(TextWrap.truncate("日本語", columns: 4) == "日…")
        #expect(TextWrap.truncate("日本語", columns: 1) == "…")
        #expect(TextWrap.truncate("abc", columns: 0) == "")
        #expect(TextWrap.truncate("a\nb\tc", columns: 9) == "a b c")
        #expect(TextWrap.truncate("a ", columns: 9) == "a ")
        #expect(TextWrap.truncate("a\u{1B}b", columns: 9) == "a\u{FFFD}b")
    }

    @Test func truncationKeepsStyles() {
        let bold = Style(.standard, on: .standard, .bold)
        #expect(TextWrap.truncate([Span("ab"), Span("cd", bold)], columns: 3) == [Span("ab"), Span("…", bold)])
        #expect(
            TextWrap.truncate([Span("ab"), Span("cd", bold), Span("e")], columns: 4) == [Span("ab"), Span("c…", bold)])
        #expect(TextWrap.truncate([Span("ab"), Span("cd", bold)], columns: 4) == [Span("ab"), Span("cd", bold)])
    }
}
