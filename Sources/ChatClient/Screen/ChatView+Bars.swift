import ChatWire
import NIOCore
import TerminalUI

/// The bar at the top, the status above the input and the line of keys at the bottom.
extension ChatView {
    mutating func drawTopBar() {
        guard let row = layout.topBar else { return }
        screen.fill(column: 0, row: row, width: screen.columns, with: Cell(" ", theme.bar))
        var right = layout.isNarrow ? presenceText : accountText
        if TextWidth.of(right) > screen.columns / 2 { right = "" }
        let rightColumn = screen.columns - TextWidth.of(right) - 1
        if !right.isEmpty { screen.put(right, column: rightColumn, row: row, style: theme.bar) }
        let end = right.isEmpty ? screen.columns : rightColumn - 1
        var column = screen.columns > 8 ? 1 : 0
        if !layout.isNarrow { column = screen.put("TermChat   ", column: column, row: row, style: theme.bar) }
        guard let room else { return }
        if case .direct(let user) = room.kind {
            let dot = isHere(user, room) ? glyphs.online : glyphs.offline
            column = screen.put("\(dot) ", column: column, row: row, style: theme.bar)
        }
        let title = LogLayout.cut(room.title, columns: end - column, glyphs)
        column = screen.put(title, column: column, row: row, style: theme.barTitle, limit: end - column)
        let topic = VisibleText(room.topic).value
        let text = topic.isEmpty ? "" : " \(glyphs.dash) \(topic)"
        screen.put(
            LogLayout.cut(text, columns: end - column, glyphs), column: column, row: row, style: theme.bar,
            limit: end - column)
    }

    private var accountText: String { "\(VisibleText(model.user).value)@\(VisibleText(model.server).value)" }

    /// `4 here  @2`: in the narrow layout nothing else tells it.
    private var presenceText: String {
        var parts = room.map { ["\($0.count) here"] } ?? []
        let elsewhere = self.elsewhere
        if elsewhere.mentions > 0 {
            parts.append("@\(elsewhere.mentions)")
        } else if elsewhere.unread > 0 {
            parts.append("+\(elsewhere.unread)")
        }
        return parts.joined(separator: "  ")
    }

    func isHere(_ user: String, _ room: RoomModel) -> Bool { room.members.contains { $0.user == user } }

    /// What waits in other rooms: a direct message is a mention.
    var elsewhere: (mentions: Int, mentionRooms: Int, unread: Int, unreadRooms: Int) {
        var result = (mentions: 0, mentionRooms: 0, unread: 0, unreadRooms: 0)
        for name in model.order where name != model.current {
            guard let room = model.rooms[name], !room.isMuted else { continue }
            let mentions = room.kind == .room ? room.mentions : max(room.mentions, room.unread)
            if mentions > 0 {
                result.mentions += mentions
                result.mentionRooms += 1
            } else if room.unread > 0 {
                result.unread += room.unread
                result.unreadRooms += 1
            }
        }
        return result
    }

    // MARK: Status

    mutating func drawStatus() {
        guard let row = layout.status else { return }
        let style = statusStyle
        screen.fill(column: 0, row: row, width: screen.columns, with: Cell(" ", style))
        var end = screen.columns
        if let transfer = shownTransfer, model.hint == nil, isOnline {
            let room = screen.columns / 2
            let text = transferText(transfer, columns: room)
            let width = TextWidth.of(text)
            if width > 0, width <= room {
                end -= width + 1
                screen.put(text, column: end, row: row, style: style)
                end -= 1
            }
        }
        let indent = screen.columns > 8 ? 1 : 0
        let text = withTyping(joined(statusParts, columns: end - indent), columns: end - indent)
        let column = screen.put(text, column: indent, row: row, style: style, limit: end - indent)
        if isOnline, model.hint == nil, model.pendingPrefix == nil, column > indent {
            screen.put(glyphs.online, column: indent, row: row, style: theme.good)
        }
    }

    private var isOnline: Bool {
        if case .online = model.connection { return true }
        return false
    }

    private var statusStyle: Style {
        if let hint = model.hint { return hint.level == .warning ? theme.warning : theme.status.with(.bold) }
        switch model.connection {
        case .offline, .stopped: return theme.warning
        case .connecting, .online: return theme.status
        }
    }

    /// The most important part first.
    private var statusParts: [String] {
        if let hint = model.hint {
            return [(hint.level == .warning ? "\(glyphs.refused) " : "") + VisibleText(hint.text).value]
        }
        if model.pendingPrefix != nil { return ["Ctrl-X: C cancels the transfer, E opens the editor"] }
        if model.leaveAskedAt != nil { return ["Ctrl-C again leaves"] }
        return connectionText
    }

    /// The parts that fit whole; of the first, what fits.
    private func joined(_ parts: [String], columns: Int) -> String {
        var text = LogLayout.cut(parts.first ?? "", columns: columns, glyphs)
        for part in parts.dropFirst() {
            let longer = "\(text) \(glyphs.dot) \(part)"
            guard TextWidth.of(longer) <= columns else { break }
            text = longer
        }
        return text
    }

    /// Who types, behind the text, where that is about nothing else.
    private func withTyping(_ text: String, columns: Int) -> String {
        guard isOnline, model.hint == nil, model.pendingPrefix == nil, model.leaveAskedAt == nil else { return text }
        let front = text.isEmpty ? "" : "\(text) \(glyphs.dot) "
        return typingText(columns: columns - TextWidth.of(front)).map { front + $0 } ?? text
    }

    private var connectionText: [String] {
        switch model.connection {
        case .connecting:
            return ["\(glyphs.waiting) connecting to \(VisibleText(model.server).value)\(glyphs.ellipsis)"]
        case .online(let node, let latency):
            let time = latency.map { " \($0) ms" } ?? ""
            return ["\(glyphs.online) \(VisibleText(node).value)\(time)"] + elsewhereText
        case .offline(let reason, let retryAt, let attempt, _):
            let left = max(0, (retryAt - model.now).nanoseconds)
            let seconds = left / 1_000_000_000 + (left % 1_000_000_000 > 0 ? 1 : 0)
            let tries = attempt > 0 ? ", try \(attempt)" : ""
            let when = seconds > 0 ? "reconnecting in \(seconds) s\(tries)" : "reconnecting now\(tries)"
            let unsent = model.unsent()
            return ["\(glyphs.waiting) \(when)"] + (unsent > 0 ? ["\(unsent) unsent, kept"] : [])
                + [model.editor.isEmpty ? "r now" : "/reconnect"] + [VisibleText(reason).value].filter { !$0.isEmpty }
        case .stopped(let reason):
            return ["\(glyphs.refused) not connected", VisibleText(reason).value, "/reconnect"].filter { !$0.isEmpty }
        }
    }

    private var elsewhereText: [String] {
        let elsewhere = self.elsewhere
        var parts: [String] = []
        if elsewhere.mentionRooms > 0 { parts.append(Self.rooms(elsewhere.mentionRooms) + " @") }
        // The pane of rooms shows the rest.
        if elsewhere.unreadRooms > 0, layout.rooms == nil {
            parts.append(Self.rooms(elsewhere.unreadRooms) + " unread")
        }
        return parts
    }

    private static func rooms(_ count: Int) -> String { count == 1 ? "1 room" : "\(count) rooms" }

    /// Names are cut to what there is room for; where that is nothing, only how many there are.
    private func typingText(columns: Int) -> String? {
        guard let room else { return nil }
        let names = room.typing.filter { $0.value > model.now && $0.key != model.user }.keys.sorted()
        guard !names.isEmpty else { return nil }
        let does = (names.count == 1 ? "is" : "are") + " typing\(glyphs.ellipsis)"
        let tail = names.count > 2 ? " and \(names.count - 2) more \(does)" : " \(does)"
        let shown = names.prefix(2).map { VisibleText($0).value }
        let space = columns - TextWidth.of(tail) - 2 * (shown.count - 1)
        let texts = [
            Self.share(space, among: shown, glyphs).map { $0.joined(separator: ", ") + tail },
            names.count > 1 ? "\(names.count) \(does)" : nil,
        ]
        return texts.compactMap(\.self).first { TextWidth.of($0) <= columns }
    }

    /// Columns of a name below which it says nothing: two narrow clusters or a wide one, and the ellipsis.
    private static let nameColumnsMin = 3

    /// One or two names in that many columns: what the short one leaves is the long one's. Nil where that is too little.
    private static func share(_ columns: Int, among names: [String], _ glyphs: Glyphs) -> [String]? {
        guard let first = names.first else { return nil }
        guard let second = names.dropFirst().first else {
            return columns < min(nameColumnsMin, TextWidth.of(first))
                ? nil : [LogLayout.cut(first, columns: columns, glyphs)]
        }
        guard columns >= 2 * nameColumnsMin else { return nil }
        let head = LogLayout.cut(first, columns: max(columns / 2, columns - TextWidth.of(second)), glyphs)
        return [head, LogLayout.cut(second, columns: columns - TextWidth.of(head), glyphs)]
    }

    // MARK: Transfers

    /// The one that moves, else the one that waits.
    private var shownTransfer: TransferModel? {
        model.transfers.first { $0.state == .running || $0.state == .verifying }
            ?? model.transfers.first { $0.isUnfinished } ?? model.transfers.last
    }

    /// `↑ log.gz ██████░░░░ 61% 8.4 MB/s 0:04  Ctrl-X C`, with less of it in fewer columns.
    private func transferText(_ transfer: TransferModel, columns: Int) -> String {
        let arrow = transfer.isUpload ? glyphs.up : glyphs.down
        let name = LogLayout.cut(VisibleText(transfer.name).value, columns: max(6, columns / 3), glyphs)
        let percent = Figures.percent(transfer.doneBytes, of: transfer.totalBytes)
        let done = percent.map { "\($0)%" } ?? TransferProgress.size(max(0, transfer.doneBytes))
        let others = model.transfers.count { $0.isUnfinished && $0.id != transfer.id }
        let more = others > 0 ? " +\(others)" : ""
        let state: [String]
        switch transfer.state {
        case .waiting: state = [" waits"]
        case .verifying: state = [" checking"]
        case .retrying(let at, let reason):
            let seconds = max(0, (at - model.now).nanoseconds) / 1_000_000_000
            let again = seconds > 0 ? "again in \(seconds) s" : "tries again"
            state = [" \(done) \(again): \(VisibleText(reason).value)", " \(done) \(again)"]
        case .done: state = [" done"]
        case .failed(let reason): state = [" failed: \(VisibleText(reason).value)", " failed"]
        case .cancelled: state = [" cancelled"]
        case .running:
            let rate = Figures.rate(transfer.rate).map { " \($0)" } ?? ""
            let left =
                Figures.secondsLeft(transfer.doneBytes, of: transfer.totalBytes, rate: transfer.rate)
                .map { " \(TransferProgress.time($0))" } ?? ""
            let bar = percent.map { " " + self.bar($0, columns: 10) } ?? ""
            state = [
                "\(bar) \(done)\(rate)\(left)\(more)  Ctrl-X C", "\(bar) \(done)\(rate)\(left)\(more)",
                " \(done)\(rate)\(left)\(more)", " \(done)\(left)\(more)", " \(done)\(more)",
            ]
        }
        let texts = state.map { "\(arrow) \(name)\($0)" } + ["\(arrow) \(done)"]
        return texts.first { TextWidth.of($0) <= columns } ?? ""
    }

    private func bar(_ percent: Int, columns: Int) -> String {
        let full = columns * min(100, max(0, percent)) / 100
        return String(repeating: glyphs.barFull, count: full)
            + String(repeating: glyphs.barEmpty, count: columns - full)
    }

    // MARK: Keys

    /// As many of the keys as there is room for, the help always among them.
    mutating func drawKeys() {
        guard let row = layout.keys else { return }
        var keys = Self.keys
        func width() -> Int { keys.reduce(1) { $0 + $1.key.count + $1.use.count + 3 } }
        while width() > screen.columns, keys.count > 1 { keys.remove(at: keys.count - 2) }
        var column = 1
        for (key, use) in keys {
            column = screen.put(key, column: column, row: row, style: theme.heading)
            column = screen.put(" \(use)  ", column: column, row: row, style: theme.dim)
        }
    }

    private static let keys: [(key: String, use: String)] = [
        ("Enter", "send"), ("Alt-Enter", "line"), ("Tab", "complete"), ("Ctrl-S", "search"), ("Alt-K", "go to"),
        ("Alt-U", "file"), ("Alt-A", "next mention"), ("F1", "help"),
    ]
}

extension TransferModel {
    var isUnfinished: Bool {
        switch state {
        case .waiting, .running, .verifying, .retrying: true
        case .done, .failed, .cancelled: false
        }
    }
}
