import ChatWire
import NIOCore

/// What the user has seen: the read marker, and the counts of what stands behind it.
extension ChatModel {
    /// What comes to this room now is seen: it is shown, at its end, in a window that has the focus.
    func isWatched(_ name: RoomName) -> Bool {
        name == current && hasFocus && rooms[name]?.scroll == .bottom
    }

    /// Counts as unread when nobody has seen it.
    private func counts(_ line: LogLine) -> Bool {
        guard let author = author(of: line) else { return false }
        return author != user && !ignored.contains(author)
    }

    mutating func countUnread(_ line: LogLine, at position: Position, in name: RoomName) {
        guard let marker = rooms[name]?.readMarker, position > marker, counts(line) else { return }
        rooms[name]?.unread += 1
        if line.mentionsMe { rooms[name]?.mentions += 1 }
        if name == current, !isWatched(name), rooms[name]?.newSince == nil { rooms[name]?.newSince = marker }
    }

    /// A room that had no entry when it was joined: what comes now is new, and what is older is not.
    mutating func beginMarker(before position: Position, in name: RoomName) {
        guard rooms[name]?.notes.hasCaughtUp == true, rooms[name]?.readMarker == nil else { return }
        rooms[name]?.readMarker = position.predecessor
    }

    /// Nobody knows what was read. What was said in a room before the user came counts as read; what was said to the user
    /// alone does not, where the server would know better.
    mutating func beginMarker(of room: RoomModel) {
        guard let newest = room.log.newestEntry else { return }
        guard room.kind != .room, features.contains(ServerFeature.read.rawValue) else {
            return adopt(readMarker: newest, in: room.name)
        }
        adopt(readMarker: .zero, in: room.name)
        if let line = room.log.lines.last(where: { $0.id == .entry(newest) }) { notify(line, in: room.name) }
    }

    /// What is on the screen is seen.
    mutating func markSeen() {
        guard let current, isWatched(current), let newest = rooms[current]?.log.newestEntry else { return }
        read(current, upTo: newest)
    }

    mutating func read(_ name: RoomName, upTo position: Position) {
        guard rooms[name]?.notes.hasCaughtUp == true else { return }
        if let marker = rooms[name]?.readMarker, position <= marker { return }
        adopt(readMarker: position, in: name)
        if features.contains(ServerFeature.read.rawValue) { ledger.readToSend[name] = position }
    }

    /// The marker never goes back.
    mutating func adopt(readMarker position: Position, in name: RoomName) {
        guard let room = rooms[name] else { return }
        if let marker = room.readMarker, position <= marker { return }
        rooms[name]?.readMarker = position
        recount(name)
    }

    mutating func recount(_ name: RoomName) {
        guard let room = rooms[name], let marker = room.readMarker else { return }
        var unread = 0
        var mentions = 0
        for line in room.log.lines[room.log.firstIndex(after: marker)..<room.log.settled] {
            guard case .entry = line.id, counts(line) else { continue }
            unread += 1
            if line.mentionsMe { mentions += 1 }
        }
        rooms[name]?.unread = unread
        rooms[name]?.mentions = mentions
    }

    /// Tells the server, and so the user's other clients, at most once in a while.
    mutating func sendReadMarkers() {
        guard !ledger.readToSend.isEmpty, case .online = connection else { return }
        if let sent = ledger.readSentAt, now - sent < ScreenLimits.readMarkEvery { return }
        for (name, position) in ledger.readToSend.sorted(by: { $0.key.value < $1.key.value }) {
            ask(.markRead(name, position))
        }
        ledger.readToSend = [:]
        ledger.readSentAt = now
    }

    mutating func readAll() {
        for name in order {
            guard let newest = rooms[name]?.log.newestEntry else { continue }
            read(name, upTo: newest)
            rooms[name]?.newSince = nil
        }
    }
}

/// Ways to what was not seen yet.
extension ChatModel {
    /// Alt-A: the next mention, in this room or another; without one the next room with something new.
    mutating func goToNextMention() {
        if let current, let line = nextMention(in: current, isCurrent: true) { return jump(to: line, in: current) }
        let others = othersInTurn()
        if let name = others.first(where: { (rooms[$0]?.mentions ?? 0) > 0 }) {
            show(name)
            if let line = nextMention(in: name, isCurrent: false) { jump(to: line, in: name) }
            return
        }
        guard let name = others.first(where: { rooms[$0]?.unread ?? 0 > 0 && rooms[$0]?.isMuted == false }) else {
            if let current, rooms[current]?.scroll != .bottom { return scrollToBottom() }
            return inform("nothing new")
        }
        show(name)
    }

    /// The other rooms, beginning behind the current one.
    private func othersInTurn() -> [RoomName] {
        guard let current, let index = order.firstIndex(of: current) else { return order }
        return Array(order[(index + 1)...] + order[..<index])
    }

    private func nextMention(in name: RoomName, isCurrent: Bool) -> LogLine.ID? {
        guard let room = rooms[name], room.mentions > 0, let marker = room.readMarker else { return nil }
        var start = room.log.firstIndex(after: marker)
        // The one that was shown by the last press is not the next one.
        if isCurrent, let shown = ledger.shownMention, let index = room.log.index(of: shown) {
            start = max(start, index + 1)
        }
        guard start < room.log.settled else { return nil }
        return room.log.lines[start..<room.log.settled].first { $0.mentionsMe && !isHidden($0) }?.id
    }

    /// Alt-L.
    mutating func goToFirstUnread() {
        guard let current, let room = rooms[current], let since = room.newSince ?? room.readMarker else { return }
        let start = room.log.firstIndex(after: since)
        guard start < room.log.settled,
            let line = room.log.lines[start..<room.log.settled].first(where: { counts($0) && !isHidden($0) })
        else { return inform("nothing new here") }
        jump(to: line.id, in: current)
    }
}
