import Foundation
import Testing

@testable import ChatClient

@Suite struct JSONLineTests {
    @Test func plainTextIsLeftAsItIs() {
        let json = #"{"body":"日本語 🚢 é \u001b"}"#
        #expect(JSONLine.printable(json) == json)
    }

    @Test func whatActsOnATerminalIsEscapedWithoutLoss() throws {
        let body = "a\u{7f}\u{9b}2J\u{202e}b\u{2066}\u{200d}\u{2028}\u{e0041}c"
        let line = JSONLine.printable("{\"body\":\n\"\(body)\"}")
        #expect(line == #"{"body": "a\u007f\u009b2J\u202eb\u2066\u200d\u2028\udb40\udc41c"}"#)
        let decoded = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(decoded == ["body": body])
    }

    @Test func whatNobodySeesAndPilesOfMarksAreEscaped() {
        #expect(JSONLine.printable("\"\u{3164}\u{fe0f}\u{e000}\"") == #""\u3164\ufe0f\ue000""#)
        let pile = String(repeating: "\u{489}", count: 8)
        #expect(JSONLine.printable("a\(pile)\u{489}") == "a\(pile)\\u0489")
    }
}
