/// Text that is changed at places between its clusters: the string, its clusters, and what a change to one does to the
/// other. ``clusters`` is always what the string's own segmentation says, also where what comes together joins: a mark
/// and its base, the two letters of a flag, the pictures of a family.
struct ClusterText: Sendable, Equatable {
    private(set) var text: String
    private(set) var clusters: [Character]
    /// A place whose offset in UTF-8 is known; the next change is nearly always close to it.
    private var anchor = (cluster: 0, byte: 0)

    /// What a change put in the place of what.
    struct Change: Sendable, Equatable {
        var start: Int
        var old: [Character]
        var new: [Character]

        var inverse: Change { Change(start: start, old: new, new: old) }
    }

    init(_ text: String = "") {
        self.text = text
        self.text.makeContiguousUTF8()
        clusters = Array(text)
    }

    static func == (a: Self, b: Self) -> Bool { a.text == b.text }

    var count: Int { clusters.count }

    func string(_ range: Range<Int>) -> String { String(clusters[range]) }

    /// - Returns: the smallest change, in clusters as they are after joining.
    func change(_ range: Range<Int>, to replacement: String) -> Change {
        // A letter between letters: nothing joins.
        let ends = (max(0, range.lowerBound - 1)..<min(count, range.upperBound + 1))
        if replacement.utf8.isPrintableASCII, clusters[ends].allSatisfy(\.utf8.isPrintableASCII) {
            return Change(start: range.lowerBound, old: Array(clusters[range]), new: Array(replacement)).trimmed
        }
        // The cluster before may take on what comes; nothing before that one can, because segmentation goes forward
        // from any boundary. After the range, the first old boundary that is one again ends what is affected: the next
        // one, but in a row of flags, whose letters pair anew.
        let start = max(0, range.lowerBound - 1)
        let before = string(start..<range.lowerBound) + replacement
        var end = min(count, range.upperBound + 1)
        while true {
            let new = Array(before + string(range.upperBound..<end))
            if end == count || new.last.map(\.utf8.count) == clusters[end - 1].utf8.count {
                return Change(start: start, old: Array(clusters[start..<end]), new: new).trimmed
            }
            end = min(count, end + 2 * (end - range.upperBound))
        }
    }

    mutating func apply(_ change: Change) {
        let start = offset(of: change.start)
        let oldBytes = change.old.reduce(0) { $0 + $1.utf8.count }
        let from = text.utf8.index(text.startIndex, offsetBy: start)
        let to = text.utf8.index(from, offsetBy: oldBytes)
        text.replaceSubrange(from..<to, with: String(change.new))
        clusters.replaceSubrange(change.start..<(change.start + change.old.count), with: change.new)
        anchor = (change.start, start)
    }

    private func offset(of cluster: Int) -> Int {
        var (place, byte) = cluster * 2 < anchor.cluster ? (0, 0) : anchor
        while place < cluster {
            byte += clusters[place].utf8.count
            place += 1
        }
        while place > cluster {
            place -= 1
            byte -= clusters[place].utf8.count
        }
        return byte
    }
}

extension ClusterText.Change {
    /// Without what is the same at both ends, byte by byte: clusters are also equal when they are only canonically so.
    fileprivate var trimmed: Self {
        let shorter = min(old.count, new.count)
        if shorter == 0 { return self }
        var head = 0
        while head < shorter, Self.isSame(old[head], new[head]) { head += 1 }
        var tail = 0
        while tail < shorter - head, Self.isSame(old[old.count - 1 - tail], new[new.count - 1 - tail]) { tail += 1 }
        return Self(
            start: start + head, old: Array(old[head..<(old.count - tail)]), new: Array(new[head..<(new.count - tail)]))
    }

    private static func isSame(_ a: Character, _ b: Character) -> Bool { a.utf8.elementsEqual(b.utf8) }
}
