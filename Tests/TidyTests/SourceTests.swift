import Testing

/// How the code reads and what may not stand in it.
@Suite struct SourceTests {
    /// Lines of a file; one that is longer holds more than one thing.
    static let fileLinesMax = 600

    @Test func noFileIsTooLong() {
        for file in Tree.sources {
            #expect(file.lines.count <= Self.fileLinesMax, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// A peer, Redis or the disk must not be able to stop a process.
    @Test func nothingInSourcesTraps() {
        let words = ["fatalError(", "preconditionFailure(", "try!", "as!"]
        for file in Tree.sources {
            for (number, line) in file.code.enumerated() {
                for word in words where line.contains(word) {
                    Issue.record("\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test func nothingIsLeftOpen() {
        // Put together, so that this file does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in Tree.sources + Tree.tests + Tree.files(in: "scripts") + Tree.files(in: "deploy") {
            for (number, line) in file.lines.enumerated() {
                let found = line.split { !$0.isLetter }
                for word in words where found.contains(where: { $0 == word }) {
                    Issue.record("\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }
}

extension Tree.File {
    /// The lines without their comments.
    fileprivate var code: [Substring] {
        lines.map { line in line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line }
    }
}
