import ChatWire

/// Where the log is looked at. The place is a line and a row in it, so that it stays where it is whatever comes below or
/// above.
extension ChatModel {
    /// - Parameter rows: down, or up where it is negative.
    mutating func scroll(rows count: Int) {
        guard let current, let room = rooms[current] else { return }
        set(places(in: room).scrolled(room.scroll, up: -count), in: current)
        if count < 0 { loadOlderIfNear(current) }
    }

    mutating func scroll(pages: Int) { scroll(rows: pages * max(1, logRows - 1)) }

    mutating func scrollToBottom() {
        guard let current else { return }
        set(.bottom, in: current)
    }

    mutating func scrollToTop() {
        guard let current, let first = rooms[current]?.log.lines.first else { return }
        jump(to: first.id, in: current)
        // No entry is there: the search ends with the oldest one.
        if rooms[current]?.log.oldestEntry != nil { seek(.zero, in: current) }
    }

    /// Brings a line into the middle of the view.
    mutating func jump(to id: LogLine.ID, in name: RoomName) {
        guard let room = rooms[name], let index = room.log.index(of: id) else { return }
        if room.log.lines[index].mentionsMe { ledger.shownMention = id }
        guard let scroll = places(in: room).scroll(showing: id) else { return }
        set(scroll, in: name)
        loadOlderIfNear(name)
    }

    private mutating func set(_ scroll: RoomModel.Scroll, in name: RoomName) {
        rooms[name]?.scroll = scroll
        if scroll == .bottom { ledger.found = nil }
        // Whoever scrolls does not wait any more for what was to be shown.
        rooms[name]?.notes.seeking = nil
    }

    /// Fewer than two pages of lines stand above, so that more are there before they are looked at.
    private mutating func loadOlderIfNear(_ name: RoomName) {
        guard let room = rooms[name] else { return }
        let end = if case .at(let id, _) = room.scroll { room.log.index(of: id) } else { room.log.lines.count }
        if let end, end < 3 * logRows { loadOlder(name) }
    }
}

/// Older pages of the history.
extension ChatModel {
    /// Asks for the page before the oldest entry, unless it is on its way, there is none, or the log is full.
    mutating func loadOlder(_ name: RoomName) {
        guard let room = rooms[name], !room.isLoadingOlder, !room.hasOldest, room.membership == .joined,
            room.log.settled < RoomLines.limit, let oldest = room.log.oldestEntry ?? room.notes.newestAtJoin?.successor,
            case .online = connection
        else { return }
        rooms[name]?.isLoadingOlder = true
        ask(.loadOlder(name, before: oldest))
    }

    /// `/history`: pages come until there are as many as the argument says, or the log is full.
    mutating func askForHistory(_ argument: String?) -> Bool {
        guard let current, let room = rooms[current] else { return fail("no room yet: /join ROOM") }
        let wanted = argument.map { Int($0) ?? 0 } ?? 1
        guard wanted > 0 else { return fail(SlashCommand.history.usage) }
        guard !room.hasOldest else {
            inform("this is the oldest that the server keeps")
            return true
        }
        loadOlder(current)
        guard rooms[current]?.isLoadingOlder == true else { return fail("older messages cannot be fetched now") }
        rooms[current]?.notes.fetching = RoomNotes.Fetching(wanted: wanted)
        inform(Self.fetching)
        return true
    }

    /// - Parameter count: entries that came; nil: none could be had.
    mutating func goOnFetching(in name: RoomName, _ count: Int?) {
        guard var fetching = rooms[name]?.notes.fetching else { return }
        fetching.count += count ?? 0
        rooms[name]?.notes.fetching = fetching
        if count != nil, fetching.count < fetching.wanted { loadOlder(name) }
        guard rooms[name]?.isLoadingOlder != true else { return }
        rooms[name]?.notes.fetching = nil
        guard count != nil, name == current else { return }
        let end = rooms[name]?.hasOldest == true ? "; that is all that the server keeps" : ""
        inform("\(fetching.count) older messages are above\(end)")
    }

    /// Asks for older entries where those that are there do not fill the view.
    mutating func fillView() {
        guard let current, let room = rooms[current], room.notes.hasCaughtUp, room.log.settled < logRows else { return }
        loadOlder(current)
    }

    /// Shows the entry, and fetches older pages first where it is not in the log.
    mutating func seek(_ position: Position, in name: RoomName) {
        rooms[name]?.notes.seeking = position
        goOnSeeking(in: name)
    }

    private static let fetching = "fetching older messages…"

    mutating func goOnSeeking(in name: RoomName) {
        guard let room = rooms[name], let position = room.notes.seeking else { return }
        let isThere = room.log.index(of: .entry(position)) != nil
        if isThere || (room.log.oldestEntry.map { $0 < position } ?? true) {
            rooms[name]?.notes.seeking = nil
            if hint?.text == Self.fetching { hint = nil }
            guard isThere else { return inform("the line is in no part of the history that is shown here") }
            return jump(to: .entry(position), in: name)
        }
        loadOlder(name)
        if rooms[name]?.isLoadingOlder == true { return inform(Self.fetching) }
        rooms[name]?.notes.seeking = nil
        if position == .zero {
            if hint?.text == Self.fetching { hint = nil }
            if let first = room.log.lines.first { jump(to: first.id, in: name) }
            return
        }
        warn(room.hasOldest ? "the line is no longer there" : "older messages cannot be fetched now")
    }
}
