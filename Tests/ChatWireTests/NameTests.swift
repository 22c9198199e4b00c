import ChatWire
import Testing

struct RoomNameTests {
    @Test(arguments: ["a", "0", ".", "a.b_c-9", String(repeating: "z", count: 64)])
    func validNamesStayAsTheyAre(text: String) throws {
        #expect(try RoomName(text).value == text)
        #expect(try RoomName(utf8: Array(text.utf8)).value == text)
    }

    @Test func upperCaseIsFolded() throws {
        #expect(try RoomName("Ops-EU.7") == RoomName("ops-eu.7"))
    }

    @Test(arguments: [
        "", " ", "a b", "a\n", "é", "ａ", "#a", "a/b", "{a}", "a:b", "a\u{0}", "\u{212a}",
        String(repeating: "z", count: 65),
    ])
    func otherNamesAreRefused(text: String) {
        #expect(throws: WireError.self) { try RoomName(text) }
        #expect(throws: WireError.self) { try RoomName(utf8: Array(text.utf8)) }
    }
}

struct UserNameTests {
    @Test(arguments: [
        "a", "Ada.Lovelace_1-2", "José", "太郎", "Ольга", "Ελένη", "محمد", "שרה", "संजय", "தமிழ்", "สมชาย", "한글", "ምሳሌ",
        "გიორგი", "Đặng", "٣", "½x", "𝒜da", "-", String(repeating: "한", count: 32), "nin\u{303}o\u{301}",
    ])
    func lettersOfAnyScriptMakeAName(text: String) throws {
        #expect(try UserName(text).value.unicodeScalars.count <= text.unicodeScalars.count)
    }

    @Test func decomposedAndComposedAreOneName() throws {
        let decomposed = try UserName("Jose\u{301}")
        #expect(Array(decomposed.value.unicodeScalars) == Array("José".unicodeScalars))
        #expect(try decomposed == UserName("Jos\u{e9}"))
        #expect(try UserName(String(repeating: "\u{1112}\u{1161}\u{11ab}", count: 32)).value.count == 32)
    }

    @Test(arguments: [
        "", " ", "a b", "a\tb", "a\n", "a\u{0}", "a\u{7f}", "a\u{85}", "a\u{1b}[0m", "a@b", "a/b", "<b>", "a:", "😀",
        "a😀",
        "\u{301}a", "\u{200b}", "a\u{200b}", "a\u{200d}b", "a\u{200c}b", "a\u{202e}b", "a\u{2066}", "a\u{feff}",
        "a\u{ad}b",
        "a\u{34f}b", "a\u{fe0f}", "a\u{e0100}", "a\u{e0061}", "\u{3164}", "\u{115f}", "\u{ffa0}", "a\u{2028}",
        "a\u{a0}b",
        "a\u{3000}b", "\u{e000}", "a\u{fffe}", "\u{fffd}", "\u{378}", "\u{2800}", "a\u{180e}",
        String(repeating: "x", count: 33), String(repeating: "한", count: 33),
        "a" + String(repeating: "\u{316}", count: 64),
        "a" + String(repeating: "\u{316}", count: 100_000),
    ])
    func whatIsUnseenOrNoLetterIsRefused(text: String) {
        #expect(throws: WireError.self) { try UserName(text) }
    }

    @Test(arguments: [
        ("ann", "Ann"), ("paypal", "раураl"), ("scope", "ѕсоре"), ("bill", "bi1l"), ("bill", "BIll"), ("bob", "b0b"),
        ("ada", "ａｄａ"), ("ada", "𝒶𝒹𝒶"), ("straße", "STRASSE"), ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"), ("naïve", "naїve"),
        ("zoë", "zoё"), ("xkcd", "хксԁ"), ("ifi", "ıﬁ"),
    ])
    func lookalikesShareASkeleton(name: String, other: String) throws {
        #expect(try UserName(name).skeleton == UserName(other).skeleton)
    }

    @Test(arguments: [
        ("ann", "anna"), ("rene", "rené"), ("太郎", "次郎"), ("Ольга", "Олег"), ("a.b", "a-b"), ("bob", "rob"),
    ])
    func differentNamesDoNot(name: String, other: String) throws {
        #expect(try UserName(name).skeleton != UserName(other).skeleton)
    }
}
