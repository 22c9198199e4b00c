import Testing

@testable import TerminalUI

@Suite struct InputHistoryTests {
    @Test func blankAndRepeatedInputsAreNotKept() {
        var history = InputHistory()
        let taken = ["a", "a", " \n", "b", "a"].map { history.add($0) }
        #expect(taken == [true, false, false, true, true])
        #expect(history.entries == ["a", "b", "a"])
    }

    @Test func theOldestGo() {
        var history = InputHistory(["a", "b", "c"], limit: 2)
        #expect(history.entries == ["b", "c"])
        history.add("d")
        #expect(history.entries == ["c", "d"])
        let long = String(repeating: "x", count: InputLimits.historyBytesMax / 2)
        history.add(long)
        history.add(long + "y")
        #expect(history.entries == [long + "y"])
        #expect(InputHistory(["a"], limit: -1).entries == [])
    }

    @Test func entriesComeBackFromTheFile() {
        let entries = ["plain", "two\nlines", #"back\slash \n"#, "tab\tand\u{1B}[31m", "日本語 👩‍👩‍👧", "cr\rlf", " indented "]
        let file = entries.map(InputHistory.line).joined()
        #expect(file.unicodeScalars.filter { $0 == "\n" }.count == entries.count)
        #expect(file.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(InputHistory(fileContents: file).entries == entries)
        #expect(InputHistory(fileContents: InputHistory(entries).fileContents).entries == entries)
        #expect(InputHistory.line("a\nb") == "a\\nb\n")
    }

    @Test func abrokenFileIsReadAsFarAsItGoes() {
        let file = #"""
            a\q
            \u{zz} \u{110000} \u{1B

            end\
            \u{41}
            torn \
            """#
        #expect(
            InputHistory(fileContents: file).entries == [
                #"a\q"#, #"\u{zz} \u{110000} \u{1B"#, #"end\"#, "A", #"torn \"#,
            ])
        #expect(InputHistory(fileContents: "").entries == [])
        #expect(InputHistory(fileContents: "a\nb\nc\n", limit: 2).entries == ["b", "c"])
    }
}
