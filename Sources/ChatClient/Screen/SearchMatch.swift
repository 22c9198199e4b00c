import TerminalUI

/// Where the searched words stand in a line, and the part of the line that shows the first of them.
struct SearchMatch {
    let text: String
    /// In order, not overlapping.
    let ranges: [Range<String.Index>]

    /// More are not marked.
    static let matchesMax = 16

    /// Upper and lower case are the same where both take as many bytes, as nearly everywhere.
    init(_ text: String, query: String) {
        self.text = text
        let lowered = text.lowercased()
        let isSame = lowered.utf8.count == text.utf8.count
        let haystack = Array(isSame ? lowered.utf8 : text.utf8)
        let needle = Array((isSame ? query.lowercased() : query).utf8)
        var ranges: [Range<String.Index>] = []
        var start = 0
        while !needle.isEmpty, start + needle.count <= haystack.count, ranges.count < Self.matchesMax {
            guard haystack[start] == needle[0], haystack[start..<(start + needle.count)].elementsEqual(needle) else {
                start += 1
                continue
            }
            let lower = text.utf8.index(text.startIndex, offsetBy: start)
            let upper = text.utf8.index(lower, offsetBy: needle.count)
            // Whole clusters only: half of one would be drawn as another.
            if text.isClusterStart(lower), text.isClusterStart(upper) {
                ranges.append(lower..<upper)
            }
            start += needle.count
        }
        self.ranges = ranges
    }

    func spans(columns: Int, style: Style, match: Style, ellipsis: String) -> [Span] {
        var spans: [Span] = []
        var start = text.startIndex
        if let first = ranges.first, TextWidth.of(text[..<first.upperBound]) > columns {
            // A third of the row stands before the match.
            start = text.index(first.lowerBound, offsetBy: -columns / 3, limitedBy: text.startIndex) ?? text.startIndex
            spans.append(Span(ellipsis, style))
        }
        for range in ranges where range.lowerBound >= start {
            spans.append(Span(String(text[start..<range.lowerBound]), style))
            spans.append(Span(String(text[range]), match))
            start = range.upperBound
        }
        spans.append(Span(String(text[start...]), style))
        return spans.filter { !$0.text.isEmpty }
    }
}

extension String {
    fileprivate func isClusterStart(_ index: String.Index) -> Bool {
        index == endIndex || self.index(before: self.index(after: index)) == index
    }
}
