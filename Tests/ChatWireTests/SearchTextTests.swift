import ChatWire
import NIOCore
import Testing

struct SearchTextTests {
    @Test(arguments: [
        ("ARGER", "Viel Ärger"), ("ärger", "arger"), ("strasse", "Hauptstraße 1"), ("STRASSE", "straße"),
        ("ſharp", "SHARP"), ("σοφος", "ΣΟΦΌΣ"), ("ꜰ", "ꜰ"), ("file", "ﬁle"), ("full", "ｆｕｌｌ"), ("日本", "東日本大"),
        ("istanbul", "İstanbul"), ("e\u{301}", "E"), ("a b", "xa by"), ("🚢", "ship it 🚢"), ("a", "a"),
    ])
    func findsWhateverTheCaseAndTheDiacritics(text: String, other: String) throws {
        #expect(try SearchText(text).matches(other))
    }

    @Test(arguments: [("abc", "ab"), ("ab", "a b"), ("aab", "aac aa"), ("कि", "क"), ("ö", "")])
    func doesNotFindWhatIsNotThere(text: String, other: String) throws {
        #expect(try !SearchText(text).matches(other))
    }

    @Test func findsWithinRepetitions() throws {
        #expect(try SearchText("aab").matches("aaab"))
        #expect(try SearchText("abababc").matches("xababababababc"))
        #expect(try !SearchText("abababc").matches("abababababab"))
    }

    /// The search against the one of the standard library, over all texts of few letters, in which almost every match breaks late.
    @Test func findsWhatIsThereAndNothingElse() throws {
        var random = SeededGenerator(seed: 7)
        func text(_ length: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: length, using: &random)).map { _ in "ab".randomElement(using: &random) ?? "a" })
        }
        for _ in 0..<2000 {
            let (wanted, other) = (text(1...8), text(0...40))
            #expect(try SearchText(wanted).matches(other) == other.contains(wanted), "\(wanted) in \(other)")
        }
    }

    /// The decomposition puts marks in order, in a time that is the square of their number.
    @Test(arguments: ["\u{301}\u{323}", "\u{e48}\u{e38}", "\u{f73}", "\u{ff9e}\u{e38}"])
    func aHeapOfMarksCostsNoMoreThanItsLength(marks: String) throws {
        let text = try SearchText("b")
        let body = "ก" + String(repeating: marks, count: Limits.bodyBytesMax / marks.utf8.count - 1)
        let began = ContinuousClock.now
        for _ in 0..<50 { #expect(!text.matches(body)) }
        #expect(ContinuousClock.now - began < .seconds(2))
        #expect(try SearchText("\u{e01}\u{e38}\u{e48}").matches("\u{e01}\u{e48}\u{e38}"))
    }

    /// Four signs for each of three bytes: the longest match that breaks at its end begins at every sign of the body.
    @Test func aHostileTextCostsNoMoreThanItsLength() throws {
        let text = try SearchText(String(repeating: "\u{2057}", count: 84) + "x")
        let body = String(repeating: "\u{2057}", count: Limits.bodyBytesMax / 3)
        let began = ContinuousClock.now
        for _ in 0..<20 { #expect(!text.matches(body)) }
        // The product would be 220 million steps.
        #expect(ContinuousClock.now - began < .seconds(2))
    }

    @Test func blanksAroundItDoNotCount() throws {
        #expect(try SearchText(" \t\n ship it \n").text == "ship it")
        let longest = String(repeating: "x", count: Limits.searchTextBytesMax)
        #expect(try SearchText(" " + longest + " ").text == longest)
    }

    /// Marks alone fold to nothing, which is everywhere.
    @Test(arguments: ["", " \n\t", "\u{301}\u{302}", String(repeating: "x", count: Limits.searchTextBytesMax + 1)])
    func nothingAndTooMuchAreRefused(text: String) {
        #expect(throws: WireError.self) { try SearchText(text) }
    }

    @Test func looksAtBodyUserAndFileName() throws {
        #expect(try SearchText("HI").matches(Vectors.message))
        #expect(try SearchText("Ann").matches(Vectors.message))
        #expect(try !SearchText("lobby").matches(Vectors.message))
        #expect(try SearchText("B\".PNG").matches(Vectors.file))
        #expect(try SearchText("bo").matches(Vectors.file))
        #expect(try !SearchText("image").matches(Vectors.file))
        let broken = Entry(kind: .message, id: .zero, previous: .zero, tail: ByteBuffer(string: "bo"))
        #expect(try !SearchText("bo").matches(broken))
    }
}
