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
