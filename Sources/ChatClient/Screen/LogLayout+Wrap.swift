import TerminalUI

extension LogLayout {
    /// Spans cut at their newlines.
    static func lines(_ spans: [Span]) -> [[Span]] {
        var lines: [[Span]] = [[]]
        for span in spans {
            for (index, part) in span.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if index > 0 { lines.append([]) }
                if !part.isEmpty { lines[lines.count - 1].append(Span(String(part), span.style)) }
            }
        }
        return lines
    }

    /// Rows of at most `columns`: cut at blanks where there are any, else between clusters.
    static func wrap(_ spans: [Span], columns: Int) -> [[Span]] {
        if spans.count == 1, spans[0].text.utf8.count <= columns { return [spans] }
        var wrapping = Wrapping(columns: max(1, columns))
        for span in spans { wrapping.add(span) }
        return wrapping.finished
    }

    private struct Wrapping {
        let columns: Int
        private var rows: [[Span]] = []
        private var row: [(cluster: Character, width: Int, style: Style)] = []
        private var width = 0
        /// Clusters of the row up to and including its last blank; 0 where there is none.
        private var blankEnd = 0

        init(columns: Int) { self.columns = columns }

        mutating func add(_ span: Span) {
            for cluster in span.text {
                let clusterWidth = TextWidth.of(cluster)
                if width + clusterWidth > columns {
                    // A blank at the edge is where the row ends, and is not drawn.
                    if cluster == " " {
                        flush(row.count)
                        continue
                    }
                    flush(blankEnd > 0 ? blankEnd : row.count)
                }
                row.append((cluster, clusterWidth, span.style))
                width += clusterWidth
                if cluster == " " { blankEnd = row.count }
            }
        }

        private mutating func flush(_ count: Int) {
            guard count > 0 else { return }
            rows.append(Self.spans(row[..<count]))
            row.removeFirst(count)
            width = row.reduce(0) { $0 + $1.width }
            blankEnd = 0
        }

        var finished: [[Span]] { rows + (row.isEmpty && !rows.isEmpty ? [] : [Self.spans(row[...])]) }

        private static func spans(_ row: ArraySlice<(cluster: Character, width: Int, style: Style)>) -> [Span] {
            var spans: [Span] = []
            for part in row {
                if spans.last?.style == part.style {
                    spans[spans.count - 1].text.append(part.cluster)
                } else {
                    spans.append(Span(String(part.cluster), part.style))
                }
            }
            return spans
        }
    }
}
