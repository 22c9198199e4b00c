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

    @Test func whatTakesNoPlaceGetsOne() {
        var screen = Screen(columns: 6, rows: 1)
        #expect(screen.put("\u{200b}\u{301}a", column: 0, row: 0) == 3)
        #expect(screen.text == ["\u{fffd}\u{fffd}a"])
    }

    /// One column wide and never drawn as it is; no half of anything.
    @Test func aNULIsNoRightHalf() {
        var screen = Screen(columns: 4, rows: 1)
        screen.put("aé\0", column: 0, row: 0)
        screen.put("b", column: 2, row: 0)
        #expect(screen.text == ["aéb"])
    }

    @Test func fillingTakesCellsOfOneColumnOnly() {
        var screen = Screen(columns: 3, rows: 1)
        screen.fill(column: 0, row: 0, width: 3, with: Cell("日"))
        #expect(screen.text == [""])
        screen.fill(column: 0, row: 0, width: 3, with: Cell(nil))
        #expect(screen.text == [""])
        screen.fill(column: 1, row: -1, width: 9, height: 9, with: Cell("─"))
        #expect(screen.text == [" ──"])
    }
}
