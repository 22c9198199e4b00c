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
}
