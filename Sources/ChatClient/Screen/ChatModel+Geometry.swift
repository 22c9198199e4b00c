import TerminalUI

/// What scrolling has to know of the picture; it must be what the view draws.
extension ChatModel {
    func places(in room: RoomModel) -> LogPlaces {
        LogPlaces(lines: room.log.lines, height: logRows) { rowCount(of: $0) }
    }

    /// Rows of the log's part of the screen: without the title, the status, the input and the line of keys.
    var logRows: Int { max(1, rows - 3 - editor.layout(columns: max(1, columns)).rows.count) }

    /// Columns of a line's text, beside the panes, the time and the name.
    private var textColumns: Int {
        let panes = columns >= 60 ? (showsRooms ? 16 : 0) + (showsMembers ? 20 : 0) : 0
        return max(1, columns - panes - 18)
    }

    /// Rows that a line takes; 0 for one that is not shown.
    private func rowCount(of line: LogLine) -> Int {
        guard !isHidden(line) else { return 0 }
        guard case .message(_, let body, _) = line.content else { return 1 }
        return body.split(separator: "\n", omittingEmptySubsequences: false).reduce(0) { rows, text in
            rows + max(1, (TextWidth.of(text) + textColumns - 1) / textColumns)
        }
    }
}
