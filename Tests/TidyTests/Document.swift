import Testing

/// A page of docs/, as readers look things up in it: by heading and by table row.
struct Document {
    let path: String
    private let lines: [Substring]

    /// Fails the test where the page is missing.
    init(_ path: String) throws {
        self.path = path
        lines = try #require(Tree.text(of: path), "\(path) is missing").split(separator: "\n")
    }

    /// Whether a heading names the word.
    func hasHeading(_ word: String) -> Bool {
        lines.contains { line in
            line.hasPrefix("#") && line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0 == word }
        }
    }

    /// Whether a row of a table, or a heading, has the term in backticks or as a whole cell.
    func hasRow(_ term: String) -> Bool {
        lines.contains { line in
            guard line.hasPrefix("|") || line.hasPrefix("#") else { return false }
            return line.contains("`\(term)`") || line.split(separator: "|").contains { $0.trimmed == term }
        }
    }

    /// Requires terms to be there at all, so that a test cannot pass because its pattern stopped matching the code.
    func expectRows(_ terms: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!terms.isEmpty, "found nothing to look for", sourceLocation: sourceLocation)
        let missing = terms.filter { !hasRow($0) }
        #expect(
            missing.isEmpty, "\(path) has no row for \(missing.joined(separator: ", "))", sourceLocation: sourceLocation
        )
    }

    func expectHeadings(_ terms: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(!terms.isEmpty, "found nothing to look for", sourceLocation: sourceLocation)
        let missing = terms.filter { !hasHeading($0) }
        #expect(
            missing.isEmpty, "\(path) has no heading for \(missing.joined(separator: ", "))",
            sourceLocation: sourceLocation)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
