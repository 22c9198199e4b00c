import Testing

@testable import TerminalUI

@Suite struct RendererTests {
    /// The same screens on a terminal, through the renderer.
    private static func compare(seed: UInt64, level: ColorLevel, pool: [Character], steps: Int = 40) {
        var screens = RandomScreens(seed: seed, pool: pool)
        var renderer = Renderer(level: level)
        var terminal = TestTerminal(columns: screens.screen.columns, rows: screens.screen.rows)
        for step in 0..<steps {
            let isDisturbed = screens.step()
            let screen = screens.screen
            if isDisturbed || (terminal.columns, terminal.rows) != (screen.columns, screen.rows) {
                terminal = TestTerminal(columns: screen.columns, rows: screen.rows)
                renderer.invalidate()
            }
            terminal.write(renderer.render(screen))
            let difference = firstDifference(screen, terminal, level)
            #expect(difference == nil, "seed \(seed), level \(level), step \(step)")
            #expect(terminal.complaints == [], "seed \(seed), level \(level), step \(step)")
            if difference != nil || !terminal.complaints.isEmpty { return }
        }
    }

    private static func firstDifference(_ screen: Screen, _ terminal: TestTerminal, _ level: ColorLevel) -> String? {
        for row in 0..<screen.rows {
            for column in 0..<screen.columns {
                let (wanted, seen) = (expected(screen, column, row, level), terminal[column, row])
                if !looksSame(wanted, seen) { return "\(column),\(row): \(wanted) but \(seen)" }
            }
        }
        guard terminal.showsCursor == (screen.cursor != nil) else { return "cursor" }
        if let cursor = screen.cursor, (cursor.column, cursor.row) != (terminal.column, terminal.row) {
            return "cursor at \(terminal.column),\(terminal.row), not \(cursor)"
        }
        return nil
    }

    private static func expected(
        _ screen: Screen, _ column: Int, _ row: Int, _ level: ColorLevel
    ) -> TestTerminal.Glyph {
        let cell = screen[column, row]
        var cluster = cell.cluster
        if let drawn = cluster, !drawn.isDrawable { cluster = "\u{fffd}" }
        // A refused cluster of two columns: U+FFFD and a blank.
        if cluster == nil, screen[column - 1, row].cluster?.isDrawable == false { cluster = " " }
        var style = cell.style
        style.foreground = level.reduce(style.foreground)
        style.background = level.reduce(style.background)
        style.link = 0
        let link = cell.style.link == 0 ? nil : screen.links[Int(cell.style.link) - 1]
        return TestTerminal.Glyph(cluster: cluster, style: style, link: link)
    }

    private static func looksSame(_ one: TestTerminal.Glyph, _ other: TestTerminal.Glyph) -> Bool {
        if one == other { return true }
        guard one.cluster == " ", other.cluster == " ", one.link == other.link,
            one.style.background == other.style.background, one.style.marksOfBlank == other.style.marksOfBlank
        else { return false }
        return one.style.marksOfBlank.isEmpty || one.style.foreground == other.style.foreground
    }

    @Test(arguments: ColorLevel.allCases)
    func theTerminalShowsTheScreen(_ level: ColorLevel) {
        for seed in 1...UInt64(15) { Self.compare(seed: seed, level: level, pool: RandomScreens.calm) }
        for seed in 1...UInt64(15) {
            Self.compare(seed: seed, level: level, pool: RandomScreens.calm + RandomScreens.clusters)
        }
    }

    @Test func hostileCellsAreDrawnAsReplacements() {
        let pool = RandomScreens.hostile + RandomScreens.clusters + Array("ab 日")
        for seed in 1...UInt64(15) { Self.compare(seed: seed, level: .truecolor, pool: pool) }
    }

    @Test func nothingHostileReachesTheTerminal() {
        for value in (0..<0x300) as Range<UInt32> { Self.expectHarmless(String(Unicode.Scalar(value)!)) }
        for cluster in RandomScreens.hostile { Self.expectHarmless("x\(cluster)y") }
        for value in [0x61c, 0x180e, 0x200b, 0x200e, 0x200f, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xfff9] {
            Self.expectHarmless("x\(Unicode.Scalar(UInt32(value))!)y")
        }
        Self.expectHarmless("a" + String(repeating: "\u{301}", count: 500))
    }

    private static func expectHarmless(_ text: String) {
        var screen = Screen(columns: 40, rows: 2)
        // As a caller would who forgot everything: scalar by scalar and as it is.
        screen.put(text, column: 0, row: 0)
        for (column, scalar) in text.unicodeScalars.prefix(40).enumerated() {
            screen.put(String(scalar), column: column, row: 1)
        }
        var renderer = Renderer(level: .none)
        var terminal = TestTerminal(columns: 40, rows: 2)
        terminal.write(renderer.render(screen))
        #expect(terminal.complaints == [])
        for scalar in terminal.drawn {
            let category = scalar.properties.generalCategory
            #expect(
                ![.control, .format, .unassigned, .privateUse, .lineSeparator].contains(category), "\(scalar.value)")
        }
    }

    /// A terminal that draws every cluster of several scalars in one column, and one that sums up their scalars.
    @Test(arguments: [1, 4])
    func aTerminalThatDisagreesAboutClustersShowsTheRest(_ width: Int) {
        for seed in 1...UInt64(20) {
            var screens = RandomScreens(seed: seed, pool: Array("abc def日") + RandomScreens.clusters)
            var renderer = Renderer(level: .palette)
            var terminal = TestTerminal(columns: 1, rows: 1)
            for step in 0..<30 {
                _ = screens.step()
                let screen = screens.screen
                if (terminal.columns, terminal.rows) != (screen.columns, screen.rows) {
                    terminal = TestTerminal(columns: screen.columns, rows: screen.rows)
                    terminal.width = { $0.isDoubtful ? width : TextWidth.of($0) }
                    renderer.invalidate()
                }
                terminal.write(renderer.render(screen))
                let wrong = Self.firstWrongCell(screen, terminal)
                #expect(wrong == nil, "seed \(seed), step \(step)")
            }
        }
    }

    /// Clusters that nobody disagrees about must be in their cells.
    private static func firstWrongCell(_ screen: Screen, _ terminal: TestTerminal) -> Screen.Place? {
        for row in 0..<screen.rows {
            for column in 0..<screen.columns {
                guard let wanted = screen[column, row].cluster, !wanted.isDoubtful else { continue }
                if terminal[column, row].cluster != wanted { return Screen.Place(column: column, row: row) }
            }
        }
        return nil
    }

    @Test func whatDidNotChangeIsNotSent() {
        var screen = Screen(columns: 20, rows: 3)
        screen.put("hello 👩‍💻", column: 0, row: 0)
        var renderer = Renderer(level: .truecolor)
        #expect(!renderer.render(screen).isEmpty)
        #expect(renderer.render(screen).isEmpty)
        screen.put(" ", column: 19, row: 2, style: Style(.indexed(1), on: .standard, .bold))
        #expect(renderer.render(screen).isEmpty)
    }

    /// A terminal that does not wrap would join the accent to the cell before.
    @Test(arguments: [("x", "x"), ("日", "\u{8}日")])
    func aClusterInTheLastColumnIsPushedThere(before: String, again: String) {
        var screen = Screen(columns: 10, rows: 2)
        screen.put(before, column: 9 - TextWidth.of(before), row: 1)
        screen.put("e\u{301}", column: 9, row: 1)
        var renderer = Renderer(level: .none)
        let bytes = String(decoding: renderer.render(screen), as: UTF8.self)
        let pushed = "\u{8}e\u{301}\u{1b}[9G\u{1b}[@\(again)"
        #expect(bytes.unicodeScalars.contains(pushed.unicodeScalars), "\(bytes.debugDescription)")
        #expect(!bytes.contains("\u{1b}[?7"))
        var narrow = Screen(columns: 1, rows: 1)
        narrow.put("e\u{301}", column: 0, row: 0)
        #expect(String(decoding: renderer.render(narrow), as: UTF8.self).contains("e\u{301}"))
    }

    @Test func aKeyIsEchoedAsOneByte() {
        var screen = Screen(columns: 120, rows: 40)
        screen.cursor = Screen.Place(column: 0, row: 38)
        var renderer = Renderer(level: .truecolor)
        _ = renderer.render(screen)
        screen.put("x", column: 0, row: 38)
        screen.cursor = Screen.Place(column: 1, row: 38)
        #expect(renderer.render(screen) == Array("x".utf8))
    }

    @Test func aLinkIsWrittenAndEnded() {
        var renderer = Renderer(level: .none)
        let text = Self.bytes(ofLinkTo: "https://example.org/é", &renderer)
        #expect(text.contains("\u{1b}]8;id=l;https://example.org/%C3%A9\u{1b}\\see\u{1b}]8;;\u{1b}\\"))
    }

    @Test func anAddressWithControlsIsNotLinked() {
        var renderer = Renderer(level: .none)
        let text = Self.bytes(ofLinkTo: "https://example.org/\u{1b}]0;title\u{7}", &renderer)
        #expect(!text.contains("title"))
    }

    private static func bytes(ofLinkTo address: String, _ renderer: inout Renderer) -> String {
        var screen = Screen(columns: 20, rows: 1)
        var style = Style.plain
        style.link = screen.link(to: address)
        screen.put("see", column: 0, row: 0, style: style)
        return String(decoding: renderer.render(screen), as: UTF8.self)
    }

    // MARK: How many bytes

    /// A chat of three panes, 120x40, with `count` lines in the log.
    private static func chat(lines count: Int, input: String = "") -> Screen {
        var screen = Screen(columns: 120, rows: 40)
        let bar = Style(.standard, on: .standard, .reverse)
        screen.fill(column: 0, row: 0, width: 120, with: Cell(" ", bar))
        screen.put(" TermChat   #deploy: ship it", column: 0, row: 0, style: bar)
        for (row, name) in ["ROOMS", "#deploy", "#lobby    12", "#swift    @2", "#ops", "DIRECT", "grace"].enumerated()
        {
            screen.put(name, column: 1, row: row + 1, style: Style(.indexed(4)))
        }
        for (row, name) in ["IN ROOM 5", "ada     you", "grace", "linus", "太郎"].enumerated() {
            screen.put(name, column: 102, row: row + 1, style: Style(.indexed(2)))
        }
        let words = ["build", "is green", "shipping at ten", "了解です", "rollback plan", "can you take it", "edge drain"]
        for row in 1...36 {
            for column in [15, 100] {
                screen.put("│", column: column, row: row, style: Style(.standard, on: .standard, .dim))
            }
            let line = count - 37 + row
            guard line >= 0 else { continue }
            screen.put("10:\(10 + line / 7 % 50)", column: 17, row: row, style: Style(.standard, on: .standard, .dim))
            screen.put(
                ["grace", "linus", "ada"][line % 3], column: 26, row: row, style: Style(.indexed(UInt8(1 + line % 3))))
            screen.put("│ \(words[line % 7]) \(line) \(words[line * 5 % 7])", column: 32, row: row)
        }
        screen.put(" ● edge-b 14 ms", column: 0, row: 37, style: bar)
        screen.put("#deploy ❯ " + input, column: 0, row: 38)
        screen.put(" Enter send  Alt-Enter line  Tab complete", column: 0, row: 39, style: bar)
        screen.cursor = Screen.Place(column: 10 + TextWidth.of(input), row: 38)
        return screen
    }

    /// The bars of the design: 379 bytes for a new line, 44 for a key.
    @Test func aNewLineAndAKeyTakeFewBytes() {
        var renderer = Renderer(level: .truecolor)
        _ = renderer.render(Self.chat(lines: 200))
        for line in 201..<220 {
            let bytes = renderer.render(Self.chat(lines: line))
            #expect(bytes.count <= 379)
        }
        let key = renderer.render(Self.chat(lines: 219, input: "h"))
        #expect(key.count <= 44)
        let emoji = renderer.render(Self.chat(lines: 219, input: "h👩‍💻"))
        #expect(emoji.count <= 120)
    }

    @Test func aScrolledScreenIsTheSame() {
        var renderer = Renderer(level: .palette)
        var terminal = TestTerminal(columns: 120, rows: 40)
        for line in [10, 40, 41, 42, 45, 60, 59, 55, 20, 200] {
            let screen = Self.chat(lines: line)
            terminal.write(renderer.render(screen))
            #expect(Self.firstDifference(screen, terminal, .palette) == nil, "\(line)")
            #expect(terminal.complaints == [])
        }
    }
}
