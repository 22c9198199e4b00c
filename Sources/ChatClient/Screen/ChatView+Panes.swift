import ChatWire
import TerminalUI

/// The panes at the sides: rooms with what waits in them, people and files of the current room.
extension ChatView {
    mutating func drawPanes() {
        if let area = layout.rooms {
            drawSeparator(column: area.endColumn)
            drawRooms(area)
        }
        if let area = layout.members, let room {
            drawSeparator(column: area.column - 1)
            drawMembers(of: room, area)
        }
    }

    private mutating func drawSeparator(column: Int) {
        for row in layout.log.row..<layout.log.endRow {
            screen.put(glyphs.column, column: column, row: row, style: theme.separator)
        }
    }

    // MARK: Rooms

    private enum RoomRow {
        case heading(String)
        case room(RoomModel)
    }

    private mutating func drawRooms(_ area: ScreenLayout.Area) {
        for (offset, row) in shownRoomRows(area).enumerated() {
            switch row {
            case .heading(let text):
                screen.put(text, column: area.column + 2, row: area.row + offset, style: theme.heading)
            case .room(let room): draw(room, row: area.row + offset, area)
            }
        }
    }

    /// The part of the list around the current room.
    private func shownRoomRows(_ area: ScreenLayout.Area) -> ArraySlice<RoomRow> {
        let rows = roomRows
        let current = rows.firstIndex { row in
            if case .room(let room) = row { return room.name == model.current }
            return false
        }
        let first = max(0, min((current ?? 0) - area.rows / 2, rows.count - area.rows))
        return rows[first...].prefix(area.rows)
    }

    private var roomRows: [RoomRow] {
        let all = model.order.compactMap { model.rooms[$0] }
        let rooms = all.filter { $0.kind == .room }
        let direct = all.filter { $0.kind != .room }
        return [.heading("ROOMS")] + rooms.map { .room($0) }
            + (direct.isEmpty ? [] : [.heading("DIRECT")] + direct.map { .room($0) })
    }

    private mutating func draw(_ room: RoomModel, row: Int, _ area: ScreenLayout.Area) {
        let isCurrent = room.name == model.current
        let badge = self.badge(of: room)
        let badgeColumn = area.endColumn - 1 - TextWidth.of(badge.text)
        if isCurrent { screen.put(glyphs.current, column: area.column, row: row, style: theme.heading) }
        var style = room.unread > 0 && !room.isMuted ? theme.unread : theme.text
        if isCurrent { style = theme.heading } else if room.isMuted || room.membership != .joined { style = theme.dim }
        let title: String
        switch room.kind {
        case .room: title = room.title
        case .direct(let user):
            title = "\(isHere(user, room) ? glyphs.online : glyphs.offline) \(room.sign)\(VisibleText(user).value)"
        }
        let width = badgeColumn - area.column - 2 - (badge.text.isEmpty ? 0 : 1)
        screen.put(LogLayout.cut(title, columns: width, glyphs), column: area.column + 2, row: row, style: style)
        screen.put([badge], column: badgeColumn, row: row)
    }

    private func badge(of room: RoomModel) -> Span {
        switch room.membership {
        case .joining: return Span(glyphs.sending, theme.dim)
        case .refused: return Span(glyphs.refused, theme.warning)
        case .offered: return Span("+", theme.mention)
        case .left: return Span("-", theme.dim)
        case .joined: break
        }
        if room.isMuted { return Span("z", theme.dim) }
        if room.mentions > 0, room.kind == .room { return Span("@\(Self.short(room.mentions))", theme.mention) }
        guard room.unread > 0 else { return Span("", theme.text) }
        return Span(Self.short(room.unread), room.kind == .room ? theme.unread : theme.mention)
    }

    private static func short(_ count: Int) -> String { count > 999 ? "999+" : "\(count)" }

    /// The room that a click on the pane of rooms means.
    static func room(of model: ChatModel, column: Int, row: Int) -> RoomName? {
        let view = ChatView(model)
        guard let area = view.layout.rooms, area.contains(column: column, row: row) else { return nil }
        let offset = row - area.row
        guard case .room(let room)? = view.shownRoomRows(area).dropFirst(offset).first else { return nil }
        return room.name
    }

    // MARK: Members and files

    private mutating func drawMembers(of room: RoomModel, _ area: ScreenLayout.Area) {
        let files = fileRows(of: room, columns: area.columns - 2)
        // People first: files get what is left, and a third of the pane where there are many people.
        let people = min(room.members.count, max(room.count, 0)) + 2
        let filesRows = files.isEmpty ? 0 : min(files.count, max(area.rows / 3, area.rows - people))
        let peopleRows = area.rows - filesRows - (filesRows > 0 ? 1 : 0)
        screen.put(
            "IN ROOM \(room.count)", column: area.column + 2, row: area.row, style: theme.heading,
            limit: area.columns - 2)
        var row = area.row + 1
        let fits = room.count <= peopleRows - 1 && room.members.count <= peopleRows - 1
        let shown = room.members.prefix(max(0, fits ? peopleRows - 1 : peopleRows - 2))
        for member in shown {
            draw(member, of: room, row: row, area)
            row += 1
        }
        let hidden = max(room.count, room.members.count) - shown.count
        if hidden > 0, row < area.row + peopleRows {
            screen.put("+ \(hidden) more", column: area.column + 1, row: row, style: theme.dim, limit: area.columns - 1)
        }
        for (offset, line) in files.prefix(filesRows).enumerated() {
            screen.put(
                line, column: area.column + 1, row: area.endRow - filesRows + offset, limit: area.columns - 1)
        }
    }

    private mutating func draw(_ member: Member, of room: RoomModel, row: Int, _ area: ScreenLayout.Area) {
        let isSelf = member.user == model.user
        let isTyping = room.typing[member.user].map { $0 > model.now } ?? false
        let note = isSelf ? "you" : isTyping ? glyphs.typing : ""
        let width = area.columns - 4 - (note.isEmpty ? 0 : 4)
        let dot = screen.put("\(glyphs.online) ", column: area.column + 1, row: row, style: theme.good)
        let name = LogLayout.cut(VisibleText(member.user).value, columns: width, glyphs)
        let style = isSelf ? theme.ownName : theme.name(of: member.user)
        let end = screen.put(name, column: dot, row: row, style: style, limit: width)
        if !note.isEmpty {
            screen.put(note, column: max(end + 1, area.column + 11), row: row, style: theme.dim, limit: 3)
        }
    }

    /// The newest files of the room below the transfers that run in it.
    private func fileRows(of room: RoomModel, columns: Int) -> [[Span]] {
        var rows: [[Span]] = []
        for file in room.files.prefix(Self.filesShown) {
            rows.append(columnRow(VisibleText(file.name).value, TransferProgress.size(Int64(file.bytes)), columns))
        }
        for transfer in model.transfers.filter({ $0.room == room.name && $0.isUnfinished }).prefix(Self.filesShown) {
            let arrow = transfer.isUpload ? glyphs.up : glyphs.down
            let percent = Figures.percent(transfer.doneBytes, of: transfer.totalBytes).map { " \($0)%" } ?? ""
            rows.append(columnRow(VisibleText(transfer.name).value, "\(arrow)\(percent)", columns))
        }
        guard !rows.isEmpty else { return [] }
        return [[Span("FILES", theme.heading)]] + rows + [[Span("/files all", theme.dim)]]
    }

    private static let filesShown = 4

    private func columnRow(_ name: String, _ value: String, _ columns: Int) -> [Span] {
        let name = LogLayout.cut(name, columns: columns - TextWidth.of(value) - 1, glyphs)
        let padding = String(repeating: " ", count: max(1, columns - TextWidth.of(name) - TextWidth.of(value)))
        return [Span(name + padding, theme.text), Span(value, theme.dim)]
    }
}
