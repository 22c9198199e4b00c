import Testing

@testable import ChatWire

/// The grammar of RFC 8259, value by value, through the one way in: a member of an object.
struct JSONScannerTests {
    private func tokens(_ bytes: [UInt8]) -> [JSONToken]? {
        bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var tokens: [JSONToken] = []
            do {
                try scanner.readObject { _, value in tokens.append(value) }
            } catch {
                return nil
            }
            return tokens
        }
    }

    private func token(_ value: [UInt8]) -> JSONToken? {
        // At every distance from the end, because eight bytes are read at once where there are as many.
        let found = (0..<9).map { padding in
            tokens(Array("{\"a\":".utf8) + value + Array("}".utf8) + [UInt8](repeating: 0x20, count: padding))?.first
        }
        #expect(Set(found.map { $0?.kind }).count == 1)
        return found[0]
    }

    @Test(arguments: [
        "0", "-0", "10", "-1", "1.0", "0.10", "1e1", "1E+01", "1e-9", "-0.0e0", "123456789012345678901234567890",
    ])
    func numbers(text: String) {
        #expect(token(Array(text.utf8))?.kind == .number)
    }

    @Test(arguments: ["true", "false", "null", "[]", "{}", "[ ]", "{ }", #"[1, "a" ,[{}], {"b":null}]"#])
    func otherValues(text: String) {
        #expect(token(Array(text.utf8)) != nil)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-01", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "1_0", "Infinity", "NaN", "tru", "truE",
        "nul", "nulll", "True", "'a'", "[", "]", "[1,]", "[,1]", "[1 2]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{1:2}",
        #"{"a":1 "b":2}"#, "\"", #""\"#, #""\x""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, "\"a\tb\"", "\"\u{0}\"",
        "\"abcdefgh\u{1f}\"", "1//", "/**/1", "\u{a0}1",
    ])
    func nothingElse(text: String) {
        #expect(token(Array(text.utf8)) == nil)
    }

    @Test func sequencesOfUTF8AreThoseOfUnicode() {
        for first in UInt8(0x80)...0xff {
            for second in UInt8(0)...0xff {
                for rest: [UInt8] in [[], [0x80], [0xbf, 0x80], [0x41], [0x80, 0xc0]] {
                    let text = [first, second] + rest
                    // A control, a quote or a backslash is the business of JSON.
                    guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) else { continue }
                    let isValid = String(validating: text, as: UTF8.self) != nil
                    let found = tokens(Array("{\"a\":\"".utf8) + text + Array("\"}".utf8)) != nil
                    #expect(found == isValid, "\(text)")
                }
            }
        }
    }

    private static let strings: [(String, Int, JSONToken.Traits)] = [
        (#""""#, 0, []),
        (#""abcdefghijkl""#, 12, []),
        (#""a\/b""#, 3, .escapes),
        (#""\n""#, 1, [.escapes, .layout]),
        (#""\u000A\u0009""#, 2, [.escapes, .layout]),
        (#""\u001b""#, 1, [.escapes, .controls]),
        ("\"\u{7f}\"", 1, .controls),
        ("\"12345678\u{9c}\"", 10, .controls),
        (#""\u00a0""#, 2, .escapes),
        (#""\u07ff\u0800""#, 5, .escapes),
        (#""\uffff""#, 3, .escapes),
        (#""\ud834\udd1e""#, 4, .escapes),
        (#""\ud834\ud834\udd1e""#, 7, [.escapes, .loneSurrogate]),
        (#""\udd1e\ud834""#, 6, [.escapes, .loneSurrogate]),
        ("\"é太😀\"", 9, []),
        ("\"\u{a0}\"", 2, []),
    ]

    @Test(arguments: strings.indices)
    func stringsTellTheirLengthAndWhatTheyHold(index: Int) throws {
        let (text, bytes, traits) = Self.strings[index]
        let found = try #require(token(Array(text.utf8)))
        #expect(found.valueBytes == bytes)
        #expect(found.traits == traits)
    }

    @Test func stringsAreUnescaped() {
        let text = #"{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\uDE00é\ud800x"}"#
        let value = Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var found = JSONToken.absent
            #expect(throws: Never.self) { try scanner.readObject { _, value in found = value } }
            return scanner.string(found)
        }
        #expect(value == "\"\\/\u{8}\u{c}\n\r\tAé€😀é\u{fffd}x")
    }
}
