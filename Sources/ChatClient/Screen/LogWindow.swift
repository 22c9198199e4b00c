import ChatWire

/// The part of a room's log that is seen: finds its place, walks up from there and never looks at the rest.
struct LogWindow {
    /// A row of a line, both from 0.
    struct Place: Equatable {
        var line: Int
        var row: Int
    }

    let log: RoomLines
    let layout: LogLayout
    let height: Int
    private var lines: [LogLine] { log.lines }

    /// What is drawn, from the top.
    struct View {
        var rows: [LogLayout.Row]
        /// Newer rows are below.
        var hidesNewer: Bool
        /// Nothing older is above.
        var reachesOldest: Bool
    }

    func view(at scroll: RoomModel.Scroll) -> View {
        guard !lines.isEmpty, height > 0 else { return View(rows: [], hidesNewer: false, reachesOldest: true) }
        var upwards: [LogLayout.Row] = []
        let anchor = place(of: scroll)
        var line = anchor.line
        let anchorRows = layout.rows(of: lines, at: line)
        upwards += anchorRows.prefix(anchor.row + 1).reversed()
        while upwards.count < height, line > 0 {
            line -= 1
            upwards += layout.rows(of: lines, at: line).reversed()
        }
        let reachesOldest = line == 0 && upwards.count <= height
        var rows = Array(upwards.prefix(height).reversed())
        var below = Array(anchorRows.dropFirst(anchor.row + 1))
        var next = anchor.line + 1
        while rows.count + below.count <= height, next < lines.count {
            below += layout.rows(of: lines, at: next)
            next += 1
        }
        let missing = height - rows.count
        rows += below.prefix(missing)
        return View(
            rows: rows, hidesNewer: below.count > missing || next < lines.count, reachesOldest: reachesOldest)
    }

    /// The scroll that shows `count` rows further up; negative: further down.
    func scrolled(_ scroll: RoomModel.Scroll, up count: Int) -> RoomModel.Scroll {
        guard !lines.isEmpty, height > 0, count != 0 else { return scroll }
        let start = place(of: scroll)
        guard count > 0 else { return self.scroll(at: down(from: start, rows: 0 - max(count, -Self.rowsMax))) }
        let moved = up(from: start, rows: min(count, Self.rowsMax)).place
        // The window stays full where the log can fill it.
        let missing = height - 1 - up(from: moved, rows: height - 1).moved
        return self.scroll(at: missing > 0 ? down(from: moved, rows: missing) : moved)
    }

    /// The scroll that shows a line in the middle; nil where the log does not hold it.
    func scroll(showing id: LogLine.ID) -> RoomModel.Scroll? {
        guard height > 0, let line = log.index(of: id) else { return nil }
        let end = Place(line: line, row: max(0, layout.rows(of: lines, at: line).count - 1))
        return scrolled(scroll(at: down(from: end, rows: height / 2)), up: 0)
    }

    /// One step moves by so many rows at most; more would only take time.
    private static let rowsMax = 10_000

    // MARK: Places

    private func place(of scroll: RoomModel.Scroll) -> Place {
        if case .at(let id, let row) = scroll, let line = log.index(of: id) {
            return Place(line: line, row: min(max(0, row), LogLayout.rowsMax))
        }
        return Place(line: lines.count - 1, row: LogLayout.rowsMax)
    }

    private func scroll(at place: Place) -> RoomModel.Scroll {
        let isLast =
            place.line >= lines.count - 1 && place.row >= layout.rows(of: lines, at: lines.count - 1).count - 1
        return isLast ? .bottom : .at(lines[place.line].id, row: place.row)
    }

    /// Stops at the first row.
    private func up(from place: Place, rows: Int) -> (place: Place, moved: Int) {
        var line = place.line
        var row = min(place.row, layout.rows(of: lines, at: line).count - 1)
        var moved = 0
        while moved < rows {
            if row > 0 {
                let step = min(row, rows - moved)
                row -= step
                moved += step
            } else {
                guard let above = (0..<line).last(where: { !layout.rows(of: lines, at: $0).isEmpty }) else { break }
                line = above
                row = layout.rows(of: lines, at: line).count - 1
                moved += 1
            }
        }
        return (Place(line: line, row: max(0, row)), moved)
    }

    /// Stops at the last row.
    private func down(from place: Place, rows: Int) -> Place {
        var line = place.line
        var count = layout.rows(of: lines, at: line).count
        var row = max(0, min(place.row, count - 1))
        var left = rows
        while left > 0 {
            if row < count - 1 {
                let step = min(count - 1 - row, left)
                row += step
                left -= step
            } else {
                guard
                    let below = ((line + 1)..<max(line + 1, lines.count)).first(where: {
                        !layout.rows(of: lines, at: $0).isEmpty
                    })
                else { break }
                line = below
                count = layout.rows(of: lines, at: line).count
                row = 0
                left -= 1
            }
        }
        return Place(line: line, row: row)
    }
}
