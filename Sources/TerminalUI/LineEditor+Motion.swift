extension LineEditor {
    // MARK: Words

    private static func isWord(_ cluster: Character) -> Bool { cluster.isLetter || cluster.isNumber }

    func wordStart(before place: Int) -> Int {
        var place = place
        while place > 0, !Self.isWord(content.clusters[place - 1]) { place -= 1 }
        while place > 0, Self.isWord(content.clusters[place - 1]) { place -= 1 }
        return place
    }

    func wordEnd(after place: Int) -> Int {
        var place = place
        while place < content.count, !Self.isWord(content.clusters[place]) { place += 1 }
        while place < content.count, Self.isWord(content.clusters[place]) { place += 1 }
        return place
    }

    /// Ctrl-W's words are what stands between spaces: a path, an address.
    func spacedWordStart(before place: Int) -> Int {
        var place = place
        while place > 0, content.clusters[place - 1].isWhitespace { place -= 1 }
        while place > 0, !content.clusters[place - 1].isWhitespace { place -= 1 }
        return place
    }

    // MARK: Lines

    func lineStart(of place: Int) -> Int {
        var place = place
        while place > 0, content.clusters[place - 1] != "\n" { place -= 1 }
        return place
    }

    func lineEnd(of place: Int) -> Int {
        var place = place
        while place < content.count, content.clusters[place] != "\n" { place += 1 }
        return place
    }

    /// What Ctrl-U cuts: at the start of a line the newline before it, so that pressing it again goes on.
    var rangeToLineStart: Range<Int> {
        let start = lineStart(of: cursor)
        return (start == cursor ? max(0, start - 1) : start)..<cursor
    }

    /// What Ctrl-K cuts: at the end of a line its newline.
    var rangeToLineEnd: Range<Int> {
        let end = lineEnd(of: cursor)
        return cursor..<(end == cursor ? min(content.count, end + 1) : end)
    }

    // MARK: Up and down

    mutating func moveUp(after before: Previous) {
        let start = lineStart(of: cursor)
        guard start > 0 else { return showOlder() }
        let goal = goal(after: before)
        place(atColumn: goal, in: lineStart(of: start - 1)..<(start - 1))
    }

    mutating func moveDown(after before: Previous) {
        let end = lineEnd(of: cursor)
        guard end < content.count else { return showNewer() }
        let goal = goal(after: before)
        place(atColumn: goal, in: (end + 1)..<lineEnd(of: end + 1))
    }

    private func goal(after before: Previous) -> Int {
        if case .vertical(let goal) = before { return goal }
        return content.clusters[lineStart(of: cursor)..<cursor].reduce(0) { Self.column(after: $1, at: $0) }
    }

    private mutating func place(atColumn goal: Int, in line: Range<Int>) {
        var column = 0
        cursor = line.lowerBound
        while cursor < line.upperBound {
            column = Self.column(after: content.clusters[cursor], at: column)
            if column > goal { break }
            cursor += 1
        }
        previous = .vertical(goal: goal)
    }

    private static func column(after cluster: Character, at column: Int) -> Int {
        column
            + (cluster == "\t"
                ? DrawnCluster.tabWidth(at: column, columns: .max) : DrawnCluster(cluster, columns: .max).width)
    }
}
