import ChatWire
import Testing

struct VisibleTextTests {
    /// Compared scalar by scalar: strings that are canonically equal look the same to `==`.
    private func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }

    @Test(arguments: [
        "", "plain ~ text", "déjà vu", "Jose\u{301}", "太郎 さん", "שלום", "नमस्ते", "👍", "❤\u{fe0f}", "✌\u{fe0e}", "👍🏽",
        "👩\u{200d}💻", "👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨", "🏳\u{fe0f}\u{200d}🌈", "🏴\u{200d}☠\u{fe0f}", "🇩🇪",
        "1\u{fe0f}\u{20e3}", "#\u{20e3}", "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}!",
        "a\u{a0}b\u{3000}c", "€ ½ ≠ →",
        "\u{601}١٢", "\u{fffd}",
    ])
    func visibleTextStays(text: String) {
        #expect(scalars(VisibleText(text).value) == scalars(text))
    }

    @Test(arguments: [
        ("\u{1b}]0;owned\u{7}", "�]0;owned�"), ("\u{9b}2J", "�2J"), ("a\rb", "a�b"), ("a\u{7f}\u{8}", "a��"),
        ("\u{0}", "�"),
        ("abc\u{202e}dcba", "abc�dcba"), ("\u{2066}x\u{2069}", "�x�"), ("\u{200e}\u{61c}", "��"), ("a\u{200b}b", "a�b"),
        ("a\u{200d}b", "a�b"), ("1\u{200d}👩", "1�👩"), ("👩\u{200d}x", "👩�x"), ("👩\u{200d}", "👩�"),
        ("👩\u{200d}\u{200d}👩", "👩�\u{fffd}👩"),
        ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}�"), ("a\u{fe0f}", "a�"), ("1\u{fe0f}2", "1�2"), ("太\u{e0100}", "太�"),
        ("\u{feff}a\u{ad}", "�a�"),
        ("\u{3164}", "�"), ("\u{2028}\u{2029}", "��"), ("\u{e000}\u{10fffd}", "��"), ("\u{fffe}\u{378}", "��"),
        ("\u{e0041}\u{e0042}", "��"), ("🏴\u{e0041}\u{e007f}", "🏴��"), ("🏴\u{e0061}x", "🏴�x"), ("\u{301}a", "�a"),
        ("a\u{34f}b", "a�b"), ("\u{fff9}x\u{fffb}", "�x�"), ("\u{180e}", "�"),
    ])
    func whatIsNotVisibleIsReplaced(text: String, visible: String) {
        #expect(scalars(VisibleText(text).value) == scalars(visible))
    }

    @Test func newlinesAndTabs() {
        #expect(VisibleText("a\n\tb").value == "a     b")
        #expect(VisibleText("a\n\tb", newlines: .kept).value == "a\n    b")
        #expect(VisibleText("a\r\nb", newlines: .kept).value == "a\u{fffd}\nb")
        #expect(VisibleText("a\n\u{301}", newlines: .kept).value == "a\n\u{fffd}")
    }

    @Test func marksDoNotPileUp() {
        let text = "a" + String(repeating: "\u{316}", count: 1000)
        let most = VisibleText(text).value.reduce(0) { max($0, $1.unicodeScalars.count) }
        #expect(most == 1 + VisibleText.marksMax)
    }

    @Test func nothingUnsafeComesThroughWhateverTheText() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let hostile = Array(
            "\u{1b}\u{9b}\u{7f}\u{0}\r\u{202e}\u{2066}\u{200b}\u{200d}\u{fe0f}\u{e0041}\u{301}\u{3164}👩🏴1aé\n\t"
                .unicodeScalars)
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                let any = Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &generator)) ?? "x"
                text.append(Bool.random(using: &generator) ? any : hostile.randomElement(using: &generator) ?? "x")
            }
            let visible = VisibleText(String(text), newlines: .kept).value
            let isSafe = visible.unicodeScalars.allSatisfy { scalar in
                (scalar == "\n" || scalar.properties.generalCategory != .control) && !scalar.properties.isBidiControl
                    && scalar != "\u{200b}"
            }
            #expect(isSafe, "seed \(seed): \(text.map { String($0.value, radix: 16) })")
            #expect(scalars(VisibleText(visible, newlines: .kept).value) == scalars(visible), "seed \(seed)")
        }
    }
}
