import ChatWire
import NIOCore
import TerminalUI

/// What happens, and what follows from it. The driver sets ``now``, ``wallClock`` before each event and carries the
/// actions out in their order.
extension ChatModel {
    mutating func update(_ event: ScreenEvent) -> [ScreenAction] {
        handle(event)
        markSeen()
        sendReadMarkers()
        saveDraftIfDue()
        saveRooms()
        timeHint()
        nameWindow()
        defer { ledger.actions.removeAll(keepingCapacity: true) }
        return ledger.actions
    }

    mutating func ask(_ action: ScreenAction) { ledger.actions.append(action) }

    private mutating func handle(_ event: ScreenEvent) {
        switch event {
        case .started(let rooms, let drafts, let restored): start(rooms, drafts, restored)
        case .terminal(let event): handle(event)
        case .resized(let columns, let rows):
            self.columns = max(1, columns)
            self.rows = max(1, rows)
        case .session(let event): received(event)
        case .tick: tick()
        case .older(let room, let entries, let more): received(older: entries, more: more, in: room)
        case .found(let room, let query, let entries, let before): found(entries, before: before, query, in: room)
        case .searchFailed(let room, let query, let reason): searchFailed(reason, query, in: room)
        case .directs(let directs): received(directs: directs)
        case .directOpened(let room, let user, let isGuest): directOpened(room, with: user, isGuest: isGuest)
        case .directFailed(let user, let reason): directFailed(with: user, reason)
        case .sendFailed(let message, let reason): refuse(message, reason)
        case .paths(let prefix, let paths): received(paths: paths, for: prefix)
        case .pathExists(let path, let exists): received(path, exists: exists)
        case .answered(let spans): say(spans)
        case .failed(let text): warn(text)
        case .files(let room, let files): received(files, in: room)
        case .transfer(let transfer): received(transfer)
        case .edited(let text): edited(text)
        case .continued:
            ask(.redraw)
            ask(.reconnect)
        case .terminated: quit()
        case .ending: saveDraft()
        }
    }

    private mutating func handle(_ event: TerminalEvent) {
        switch event {
        case .key(let key):
            // Whoever types is there, whatever the terminal said last.
            hasFocus = true
            pressed(key)
        case .paste(let text): pasted(text)
        case .mouse(let mouse): moved(mouse)
        case .focus(let hasFocus): focused(hasFocus)
        case .answer: break
        }
    }

    private mutating func start(_ names: [RoomName], _ drafts: [RoomName: String], _ restored: [OutgoingMessage]) {
        ledger.unsettled = restored
        ledger.drafts = drafts
        // Rooms that messages wait for are joined whether they are asked for or not: only there they are sent.
        for name in names + restored.map(\.room) where rooms[name] == nil { join(name) }
        let first = ledger.shownFirst.flatMap { rooms[$0] == nil ? nil : $0 }
        if let first = first ?? names.first ?? order.first { show(first) }
    }

    private mutating func focused(_ hasFocus: Bool) {
        self.hasFocus = hasFocus
        guard !hasFocus, let current, rooms[current]?.unread == 0 else { return }
        rooms[current]?.newSince = nil
    }

    private mutating func moved(_ mouse: Mouse) {
        switch mouse.action {
        case .wheelUp: scroll(rows: -Self.wheelRows)
        case .wheelDown: scroll(rows: Self.wheelRows)
        case .press(button: 0):
            guard overlay == nil, let name = ChatView.room(of: self, column: mouse.column, row: mouse.row) else {
                return
            }
            show(name)
        case .press, .release, .drag: break
        }
    }

    private static let wheelRows = 3
}

/// What goes by itself with time.
extension ChatModel {
    private mutating func tick() {
        for name in rooms.keys {
            guard rooms[name]?.typing.isEmpty == false else { continue }
            for (user, until) in rooms[name]?.typing ?? [:] where until <= now { rooms[name]?.typing[user] = nil }
        }
        if let asked = leaveAskedAt, now - asked >= ScreenLimits.leaveWithin {
            leaveAskedAt = nil
            hint = nil
        }
        if let until = ledger.heldLetterUntil, until <= now { ledger.heldLetterUntil = nil }
        if let until = ledger.hintUntil, until <= now { hint = nil }
        transfers.removeAll { transfer in
            transfer.endedAt.map { now - $0 >= ScreenLimits.transferShownFor } ?? false
        }
        if let at = ledger.searchAt, at <= now { searchServer() }
    }

    /// When something changes by itself; the driver sends a ``ScreenEvent/tick`` then.
    var nextTick: NIODeadline? {
        var next: NIODeadline?
        func add(_ time: NIODeadline) { next = min(next ?? time, time) }
        for room in rooms.values where !room.typing.isEmpty { room.typing.values.forEach(add) }
        if let leaveAskedAt { add(leaveAskedAt + ScreenLimits.leaveWithin) }
        if let until = ledger.heldLetterUntil { add(until) }
        if let at = ledger.searchAt { add(at) }
        if let until = ledger.hintUntil { add(until) }
        if !ledger.readToSend.isEmpty, let at = ledger.readSentAt, case .online = connection {
            add(at + ScreenLimits.readMarkEvery)
        }
        if ledger.unsavedDraft != nil { add((ledger.draftSavedAt ?? now) + ScreenLimits.draftEvery) }
        if case .offline(_, let retryAt, _, _) = connection, retryAt > now { add(nextSecond(before: retryAt)) }
        for transfer in transfers {
            if case .retrying(let at, _) = transfer.state, at > now { add(nextSecond(before: at)) }
            if let ended = transfer.endedAt { add(ended + ScreenLimits.transferShownFor) }
        }
        return next
    }

    /// When the number of seconds left until `end` is another one.
    private func nextSecond(before end: NIODeadline) -> NIODeadline {
        let left = (end - now).nanoseconds
        let rest = left % 1_000_000_000
        return now + .nanoseconds(rest == 0 ? 1_000_000_000 : rest)
    }
}

/// What is said to the user.
extension ChatModel {
    /// Until the next key, or for a while: it stands where the connection and who types are told.
    mutating func inform(_ text: String) {
        hint = Hint(level: .info, text: text)
    }

    mutating func warn(_ text: String) {
        hint = Hint(level: .warning, text: text)
    }

    /// A hint about what ends by itself; ``troublePassed()`` takes it away.
    mutating func informForNow(_ text: String) {
        inform(text)
        ledger.passingHint = hint
    }

    mutating func troublePassed() {
        if let passing = ledger.passingHint, hint == passing { hint = nil }
        ledger.passingHint = nil
    }

    /// The status is worth more than an old hint.
    private mutating func timeHint() {
        guard hint != ledger.timedHint else { return }
        ledger.timedHint = hint
        ledger.hintUntil = hint.map {
            now + ($0.level == .info ? ScreenLimits.hintShownFor : ScreenLimits.warningShownFor)
        }
    }

    /// Puts a line of the client's own into the current room's log.
    mutating func say(_ spans: [Span]) {
        guard let current else { return inform(spans.map(\.text).joined()) }
        add(.local(spans), to: current)
    }

    mutating func say(_ text: String) { say([Span(text, theme.dim)]) }

    @discardableResult
    mutating func add(_ content: LogLine.Content, to name: RoomName, behind position: Position? = nil) -> LogLine.ID {
        ledger.localLinesMade += 1
        let id = LogLine.ID.local(ledger.localLinesMade)
        let line = LogLine(id: id, time: wallClock, content: content)
        rooms[name]?.log.add(line, behind: position)
        trimLog(of: name)
        return id
    }

    private mutating func nameWindow() {
        // What the title says is all in the rooms and which one is shown; anything more must be compared here too.
        if let made = ledger.titleMadeOf, made == (roomsChanged, current) { return }
        ledger.titleMadeOf = (roomsChanged, current)
        var title = "TermChat"
        if let current {
            title = "\(called(current)) — \(title)"
        }
        var mentions = 0
        for room in rooms.values { mentions += room.kind == .room ? room.mentions : room.unread }
        if mentions > 0 { title = "(\(mentions)) \(title)" }
        guard title != ledger.title else { return }
        ledger.title = title
        ask(.setTitle(title))
    }
}
