import Testing

@testable import TerminalUI

@Suite struct ScreenTests {
    @Test func drawingOutsideIsClipped() {
        var screen = Screen(columns: 4, rows: 1)
        screen.put("hello", column: 1, row: 0)
        screen.put("x", column: 0, row: 7)
        screen.put("y", column: -3, row: 0)
        #expect(screen.text == [" hel"])
    }

    @Test func aWideClusterIsDrawnWholeOrNotAtAll() {
        var screen = Screen(columns: 3, rows: 1)
        screen.put("日本", column: 0, row: 0)
        #expect(screen.text == ["日"])
        screen.put("x", column: 1, row: 0)
        #expect(screen.text == [" x"])
    }
}
