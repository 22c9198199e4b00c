extension LineEditor {
    /// The text as rows of at most `columns`, and where the cursor stands among them: lines wrap at clusters, tabs are
    /// expanded, controls are drawn as U+FFFD. The cursor is always inside of the columns: behind a full row it stands
    /// at the beginning of the next, which may be an empty one.
    /// - Parameter columns: at least 1; smaller numbers count as 1.
    public func layout(columns: Int) -> (rows: [String], cursor: Screen.Place) {
        let text = content.text.utf8
        // Most of what is typed: one row, one column for each cluster.
        if text.count < columns, text.isPrintableASCII {
            return ([content.text], Screen.Place(column: cursor, row: 0))
        }
        var rows = RowBuilder(columns: max(1, columns))
        var place = Screen.Place(column: 0, row: 0)
        for (index, cluster) in content.clusters.enumerated() {
            if cluster == "\n" {
                if index == cursor { place = rows.cursorPlace() }
                rows.endRow()
            } else {
                let start = rows.append(cluster)
                if index == cursor { place = start }
            }
        }
        if cursor == content.count { place = rows.cursorPlace() }
        rows.endRow()
        return (rows.rows, place)
    }
}

/// Fills rows with clusters.
private struct RowBuilder {
    let columns: Int
    private(set) var rows: [String] = []
    private var row = ""
    private var width = 0

    init(columns: Int) { self.columns = columns }

    private var place: Screen.Place { Screen.Place(column: width, row: rows.count) }

    /// Where a cursor stands that no cluster follows.
    mutating func cursorPlace() -> Screen.Place {
        if width >= columns { endRow() }
        return place
    }

    mutating func endRow() {
        rows.append(row)
        row = ""
        width = 0
    }

    /// - Returns: where it stands.
    mutating func append(_ cluster: Character) -> Screen.Place {
        if cluster == "\t" { return appendTab() }
        let drawn = DrawnCluster(cluster, columns: columns)
        if width + drawn.width > columns { endRow() }
        defer { width += drawn.width }
        row.append(drawn.cluster)
        return place
    }

    private mutating func appendTab() -> Screen.Place {
        if width >= columns { endRow() }
        let spaces = DrawnCluster.tabWidth(at: width, columns: columns)
        defer { width += spaces }
        row += String(repeating: " ", count: spaces)
        return place
    }
}
