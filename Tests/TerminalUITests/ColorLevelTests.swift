import Testing

@testable import TerminalUI

@Suite struct ColorLevelTests {
    @Test(
        arguments: [
            (["TERM": "xterm-256color"], ColorLevel.palette),
            (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .truecolor),
            (["TERM": "xterm-256color", "COLORTERM": "24bit"], .truecolor),
            (["TERM": "xterm-direct"], .truecolor), (["TERM": "xterm-kitty"], .truecolor),
            (["TERM": "xterm"], .sixteen), (["TERM": "linux"], .sixteen), (["TERM": "screen"], .sixteen),
            (["TERM": "dumb"], .none), (["TERM": "vt100"], .none), ([:], .none),
            (["TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"], .none),
            (["TERM": "xterm-256color", "NO_COLOR": ""], .palette),
        ] as [([String: String], ColorLevel)])
    func theEnvironmentSaysTheLevel(_ environment: [String: String], _ level: ColorLevel) {
        #expect(ColorLevel(environment: environment) == level)
    }

    @Test func coloursBecomeTheNearestOnesThereAre() {
        #expect(ColorLevel.truecolor.reduce(.rgb(1, 2, 3)) == .rgb(1, 2, 3))
        #expect(ColorLevel.palette.reduce(.rgb(255, 0, 0)) == .indexed(196))
        #expect(ColorLevel.palette.reduce(.rgb(128, 128, 128)) == .indexed(244))
        #expect(ColorLevel.palette.reduce(.indexed(3)) == .indexed(3))
        #expect(ColorLevel.sixteen.reduce(.rgb(250, 5, 5)) == .indexed(9))
        #expect(ColorLevel.sixteen.reduce(.indexed(196)) == .indexed(9))
        #expect(ColorLevel.sixteen.reduce(.indexed(232)) == .indexed(0))
        #expect(ColorLevel.none.reduce(.rgb(1, 2, 3)) == .standard)
        for level in ColorLevel.allCases { #expect(level.reduce(.standard) == .standard) }
    }
}
