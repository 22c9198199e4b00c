/// Walks through a log row by row, and only as far as it has to.
struct LogPlaces {
    let lines: [LogLine]
    /// Rows of the view.
    let height: Int
    let rowCount: (LogLine) -> Int

    private struct Place {
        var index: Int
        var row: Int
    }

    /// The scroll that shows `count` rows further up, or further down where it is negative. The view stays full where the
    /// log can fill it.
    func scrolled(_ scroll: RoomModel.Scroll, up count: Int) -> RoomModel.Scroll {
        guard !lines.isEmpty else { return scroll }
        let start = place(of: scroll)
        guard count >= 0 else { return self.scroll(at: moved(start, down: -count)) }
        let place = moved(start, up: count)
        let highest = moved(Place(index: 0, row: 0), down: height - 1)
        return self.scroll(at: (place.index, place.row) < (highest.index, highest.row) ? highest : place)
    }

    /// The scroll that shows a line in the middle; nil where the log does not hold it.
    func scroll(showing id: LogLine.ID, at index: Int) -> RoomModel.Scroll? {
        guard lines.indices.contains(index) else { return nil }
        let end = Place(index: index, row: max(0, rowCount(lines[index]) - 1))
        return scrolled(scroll(at: moved(end, down: height / 2)), up: 0)
    }

    private func place(of scroll: RoomModel.Scroll) -> Place {
        var index = lines.count - 1
        var row = Int.max
        if case .at(let id, let anchored) = scroll, let found = lines.lastIndex(where: { $0.id == id }) {
            index = found
            row = anchored
        }
        return Place(index: index, row: min(max(0, row), max(0, rowCount(lines[index]) - 1)))
    }

    private func scroll(at place: Place) -> RoomModel.Scroll {
        let last = lines.count - 1
        let isLast = place.index >= last && place.row >= rowCount(lines[last]) - 1
        return isLast ? .bottom : .at(lines[place.index].id, row: place.row)
    }

    private func moved(_ place: Place, up count: Int) -> Place {
        var (index, row) = (place.index, place.row - count)
        while row < 0, index > 0 {
            index -= 1
            row += rowCount(lines[index])
        }
        return Place(index: index, row: max(0, row))
    }

    private func moved(_ place: Place, down count: Int) -> Place {
        var (index, row) = (place.index, place.row + count)
        while index < lines.count - 1, row >= rowCount(lines[index]) {
            row -= rowCount(lines[index])
            index += 1
        }
        return Place(index: index, row: min(row, max(0, rowCount(lines[index]) - 1)))
    }
}
