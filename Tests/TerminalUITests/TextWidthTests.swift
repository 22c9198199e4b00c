import Testing

@testable import TerminalUI

/// Clusters as strings: the compiler knows an older Unicode than the library, and takes some for two.
@Suite struct TextWidthTests {
    @Test(
        arguments: [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("ñ", 1), (" ", 1), ("\u{a0}", 1), ("─", 1), ("█", 1), ("…", 1),
            ("日", 2), ("カ", 2), ("ｶ", 1), ("한", 2), ("Ａ", 2), ("𠮷", 2), ("、", 2), ("\u{3000}", 2),
        ] as [(String, Int)])
    func letters(_ cluster: String, _ width: Int) {
        #expect(TextWidth.of(Character(cluster)) == width)
    }

    @Test(
        arguments: [
            ("👍", 2), ("🚢", 2), ("🫠", 2), ("⌚", 2), ("👍🏽", 2), ("☝🏽", 2), ("🇩🇪", 2), ("🇩", 2),
            ("👩‍💻", 2), ("👨‍👩‍👧‍👦", 2), ("🏳️‍🌈", 2), ("❤️‍🔥", 2), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2), ("⛓️‍💥", 2),
            ("❤", 1), ("❤\u{fe0f}", 2), ("❤\u{fe0e}", 1), ("☺\u{fe0f}", 2), ("1\u{fe0f}\u{20e3}", 2),
            ("#\u{fe0f}\u{20e3}", 2), ("a\u{fe0f}", 1), ("✎", 1), ("✓", 1), ("●", 1),
        ] as [(String, Int)])
    func emoji(_ cluster: String, _ width: Int) {
        #expect(TextWidth.of(Character(cluster)) == width)
    }

    @Test(
        arguments: [
            // Jamo that make one syllable; a lone vowel takes no place of its own.
            ("\u{1112}\u{1161}\u{11ab}", 2), ("\u{1112}", 2), ("\u{1161}", 0),
            // Thai: marks above and below, and sara am.
            ("ก", 1), ("ก็", 1), ("ที่", 1), ("กำ", 2),
            // Devanagari: a consonant, with a vowel sign beside it, a conjunct; Tamil.
            ("क", 1), ("कि", 2), ("क्ष", 2), ("कु", 1), ("நி", 2),
            // Hebrew and Arabic points.
            ("שָׁ", 1), ("بِ", 1),
        ] as [(String, Int)])
    func marks(_ cluster: String, _ width: Int) {
        #expect(TextWidth.of(Character(cluster)) == width)
    }

    @Test(
        arguments: [
            ("\u{0}", 1), ("\u{1b}", 1), ("\n", 1), ("\r\n", 1), ("\u{7f}", 1), ("\u{9b}", 1), ("\u{301}", 0),
            ("\u{200b}", 0), ("\u{200d}", 0), ("\u{fe0f}", 0), ("\u{202e}", 0), ("\u{e0061}", 0),
        ] as [(String, Int)])
    func whatNobodyShouldDraw(_ cluster: String, _ width: Int) {
        #expect(TextWidth.of(Character(cluster)) == width)
    }

    @Test func aTextIsTheSumOfItsClusters() {
        #expect(TextWidth.of("plain text") == 10)
        #expect(TextWidth.of("a\r\nb") == 3)
        #expect(TextWidth.of("太郎 👩‍💻 é") == 9)
        #expect(TextWidth.of("") == 0)
    }

    @Test func separateScalarsAreClustersBesideEachOther() {
        let scalars = (0...0x10ffff).compactMap(Unicode.Scalar.init).filter(TextWidth.isSeparate)
        #expect(scalars.count > 3000)
        #expect(scalars.allSatisfy { TextWidth.of($0) > 0 && TextWidth.of($0) == TextWidth.of(Character($0)) })
        for distance in [0, 1, 2, 7, scalars.count / 2] {
            var text = String.UnicodeScalarView()
            for index in scalars.indices { text += [scalars[index], scalars[(index + distance) % scalars.count]] }
            #expect(String(text).count == text.count, "at a distance of \(distance)")
        }
    }

    @Test func aPrefixNeverCutsACluster() {
        #expect(TextWidth.prefix("日本語", columns: 3) == "日")
        #expect(TextWidth.prefix("ab👩‍💻c", columns: 4) == "ab👩‍💻")
        #expect(TextWidth.prefix("abc", columns: 9) == "abc")
        #expect(TextWidth.prefix("abc", columns: 0) == "")
        #expect(TextWidth.prefix("abc", columns: -1) == "")
    }

    @Test func theTablesAreInOrder() {
        for table in [WidthTable.zero, WidthTable.wide] {
            #expect(table.count.isMultiple(of: 2))
            for index in table.indices.dropFirst() {
                #expect(index.isMultiple(of: 2) ? table[index - 1] < table[index] : table[index - 1] <= table[index])
            }
        }
    }
}
