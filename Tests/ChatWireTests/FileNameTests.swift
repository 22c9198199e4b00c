import ChatWire
import Testing

struct FileNameTests {
    @Test(arguments: [
        ("report.pdf", "report.pdf"), ("/etc/passwd", "passwd"), (#"C:\Users\ann\notes.txt"#, "notes.txt"),
        ("../../x", "x"), (#"..\..\x"#, "x"), ("dir/", "dir"), ("", "file"), (".", "file"), ("..", "file"),
        ("/", "file"), ("a/..", "file"), ("...", "..."), (".bashrc", ".bashrc"), ("  a b  ", "a b"), ("   ", "file"),
        ("a\u{0}b\u{1b}[31m.txt", "ab[31m.txt"), ("a\r\nb", "a b"), ("evil\u{202e}gpj.exe", "evilgpj.exe"),
        ("a\u{200b}\u{feff}b", "ab"), ("\u{200b}", "file"), ("e\u{301}.txt", "\u{e9}.txt"), ("太郎.txt", "太郎.txt"),
        ("👩\u{200d}💻.png", "👩\u{200d}💻.png"), ("a\u{200b}\u{301}", "a"), ("\u{301}a", "a"),
    ])
    func isTheLastComponentAndVisible(text: String, name: String) {
        #expect(Array(FileName(text).value.unicodeScalars) == Array(name.unicodeScalars))
    }

    @Test func aMarkNeverBeginsIt() {
        #expect(FileName(" \u{301}a.txt").value == "a.txt")
        #expect(FileName("a.txt \u{301}").value == "a.txt")
    }

    @Test func isCutBetweenCharactersAndKeepsItsExtension() {
        let long = FileName(String(repeating: "ä", count: 300) + ".tar.gz").value
        #expect(long.utf8.count <= FileName.bytesMax && long.utf8.count > FileName.bytesMax - 2)
        #expect(long.hasSuffix("ä.gz"))
        let families = FileName(String(repeating: "👩\u{200d}👩\u{200d}👧", count: 100)).value
        #expect(families.utf8.count <= FileName.bytesMax)
        #expect(families.allSatisfy { $0 == "👩\u{200d}👩\u{200d}👧" })
        let dotted = FileName("a." + String(repeating: "x", count: 300)).value
        #expect(dotted.utf8.count == FileName.bytesMax)
        #expect(FileName(String(repeating: "a", count: 10_000) + ".txt").value.hasSuffix("a.txt"))
    }

    @Test func isSafeWhateverTheText() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let hostile = Array("/\\.\u{0}\r\n\u{202e}\u{200d}\u{200b}\u{301}\u{fffd}👩🏴 aé\u{7f}\u{e0041}".unicodeScalars)
        for _ in 0..<3000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...200, using: &generator) {
                let any = Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &generator)) ?? "x"
                text.append(Bool.random(using: &generator) ? any : hostile.randomElement(using: &generator) ?? "x")
            }
            let name = FileName(String(text)).value
            let isSafe =
                (1...FileName.bytesMax).contains(name.utf8.count) && name != "." && name != ".."
                && name.unicodeScalars.allSatisfy { scalar in
                    scalar != "/" && scalar != "\\" && !scalar.properties.isBidiControl
                        && scalar.properties.generalCategory != .control && scalar != "\u{200b}"
                }
            #expect(isSafe, "seed \(seed): \(text.map { String($0.value, radix: 16) })")
        }
    }
}
