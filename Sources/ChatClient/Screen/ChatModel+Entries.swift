import ChatWire
import NIOCore

/// Entries, and this user's own lines on their way to become some.
extension ChatModel {
    mutating func received(_ entry: Entry, in name: RoomName) {
        guard rooms[name] != nil else { return }
        var (line, key) = logLine(of: entry)
        if author(of: line) == user, let key, takeOwn(key, in: name, as: entry.id) { line.delivery = .stored }
        guard rooms[name]?.log.insert(line, at: entry.id) == true else { return }
        if entry.previous == .zero { rooms[name]?.hasOldest = true }
        note(line, in: name)
        beginMarker(before: entry.id, in: name)
        countUnread(line, at: entry.id, in: name)
        notify(line, in: name)
        trimLog(of: name)
    }

    func logLine(of entry: Entry) -> (line: LogLine, key: String?) {
        var line = LogLine(id: .entry(entry.id), time: entry.id.milliseconds, content: .notice(""))
        switch try? entry.content() {
        case .message(let message):
            line.content = Self.content(of: message.body, by: message.user)
            line.mentionsMe = message.user != user && MentionFinder.mentions(user, in: message.body)
            return (line, message.key)
        case .file(let file):
            line.content = .file(file)
            return (line, nil)
        case nil:
            line.content = .notice("a line that this version cannot show")
            return (line, nil)
        }
    }

    static func content(of body: String, by user: String) -> LogLine.Content {
        let isAction = body.hasPrefix("/me ")
        return .message(user: user, body: isAction ? String(body.dropFirst(4)) : body, isAction: isAction)
    }

    /// Who said it; nil for what the client says.
    func author(of line: LogLine) -> String? {
        switch line.content {
        case .message(let user, _, _): user
        case .file(let file): file.user
        case .gap, .caughtUp, .connectionLost, .presence, .notice, .local: nil
        }
    }

    /// A line that is in the log and not shown; the view leaves it out.
    func isHidden(_ line: LogLine) -> Bool {
        guard !ignored.isEmpty, let author = author(of: line) else { return false }
        return ignored.contains(author)
    }

    /// What an entry changes beside the log.
    private mutating func note(_ line: LogLine, in name: RoomName) {
        guard let author = author(of: line) else { return }
        rooms[name]?.typing[author] = nil
        note(speaker: author, in: name)
        guard case .file(let file) = line.content, rooms[name]?.files.contains(where: { $0.id == file.id }) == false
        else { return }
        rooms[name]?.files.insert(file, at: 0)
        if let count = rooms[name]?.files.count, count > ScreenLimits.filesMax { rooms[name]?.files.removeLast() }
    }

    private mutating func note(speaker: String, in name: RoomName) {
        guard let last = rooms[name]?.notes.speakers.last, last == speaker else {
            rooms[name]?.notes.speakers.removeAll { $0 == speaker }
            rooms[name]?.notes.speakers.append(speaker)
            if let count = rooms[name]?.notes.speakers.count, count > ScreenLimits.candidatesMax {
                rooms[name]?.notes.speakers.removeFirst()
            }
            return
        }
    }

    /// An older page of the history.
    mutating func received(older entries: [Entry]?, more: Bool, in name: RoomName) {
        guard rooms[name] != nil else { return }
        rooms[name]?.isLoadingOlder = false
        guard let entries else {
            rooms[name]?.notes.seeking = nil
            goOnFetching(in: name, nil)
            return warn("older messages could not be had")
        }
        var page: [(line: LogLine, position: Position)] = []
        for entry in entries where rooms[name]?.log.index(of: .entry(entry.id)) == nil {
            var (line, key) = logLine(of: entry)
            if author(of: line) == user, let key, takeOwn(key, in: name, as: entry.id) { line.delivery = .stored }
            page.append((line, entry.id))
            countUnread(line, at: entry.id, in: name)
        }
        // A page that brings nothing new is the last one, whatever its server says: the next question would be the same.
        if !more || page.isEmpty || entries.first?.previous == .zero { rooms[name]?.hasOldest = true }
        rooms[name]?.log.prepend(page)
        goOnSeeking(in: name)
        goOnFetching(in: name, page.count)
        if !page.isEmpty, name == current { fillView() }
    }

    mutating func trimLog(of name: RoomName) {
        guard rooms[name]?.log.trim() == true else { return }
        rooms[name]?.hasOldest = false
        if case .at(let id, _) = rooms[name]?.scroll, rooms[name]?.log.index(of: id) == nil,
            let first = rooms[name]?.log.lines.first
        {
            rooms[name]?.scroll = .at(first.id, row: 0)
        }
        recount(name)
    }
}

extension ChatModel {
    /// Puts a message into the outbox and its room's log.
    mutating func send(_ body: String, to name: RoomName) {
        let message = OutgoingMessage(room: name, key: ledger.makeKey(), body: body)
        ledger.unsettled.append(message)
        showWaiting(message)
        ask(.send(message))
    }

    /// The messages of the room that are not stored yet.
    func unsent(in name: RoomName? = nil) -> Int {
        ledger.unsettled.count { name == nil || $0.room == name }
    }

    mutating func showWaiting(_ message: OutgoingMessage) {
        let content = Self.content(of: message.body, by: user)
        let line = LogLine(id: .own(key: message.key), time: wallClock, content: content, delivery: .sending)
        rooms[message.room]?.log.addWaiting(line)
        trimLog(of: message.room)
    }

    private mutating func settle(_ key: String) {
        ledger.undecided.remove(key)
        // Messages are settled about in their order.
        if let index = ledger.unsettled.firstIndex(where: { $0.key == key }) { ledger.unsettled.remove(at: index) }
    }

    /// Takes this user's line out of the log: it comes back as an entry.
    private mutating func takeOwn(_ key: String, in name: RoomName, as id: Position) -> Bool {
        guard rooms[name]?.log.remove(.own(key: key)) != nil else { return false }
        if case .at(.own(key), let row) = rooms[name]?.scroll { rooms[name]?.scroll = .at(.entry(id), row: row) }
        settle(key)
        return true
    }

    mutating func stored(_ message: OutgoingMessage, at id: Position) {
        troublePassed()
        let name = message.room
        let line = rooms[name]?.log.index(of: .own(key: message.key)).flatMap { rooms[name]?.log.lines[$0] }
        guard var line, takeOwn(message.key, in: name, as: id) else { return settle(message.key) }
        line.id = .entry(id)
        line.time = id.milliseconds
        line.delivery = .stored
        if rooms[name]?.log.insert(line, at: id) == false {
            rooms[name]?.log.update(.entry(id)) { $0.delivery = .stored }
        }
    }

    mutating func delayed(_ message: OutgoingMessage, _ error: ErrorFrame) {
        // Waiting for a rate limit is no news.
        if error.code != .rateLimited { informForNow("not stored yet, kept: \(error.message)") }
    }

    mutating func kept(_ message: OutgoingMessage, _ reason: SessionEvent.KeptReason) {
        switch reason {
        case .perhapsStored: refuse(message, "may be stored already; /resend or /discard")
        case .writtenBy(let user): refuse(message, "written as \(user); /resend or /discard")
        }
    }

    /// The message is not sent by itself any more. Its text stays where it is, and can be sent again.
    mutating func refuse(_ message: OutgoingMessage, _ reason: String) {
        if !ledger.unsettled.contains(where: { $0.key == message.key }) { ledger.unsettled.append(message) }
        ledger.undecided.insert(message.key)
        let id = LogLine.ID.own(key: message.key)
        guard rooms[message.room] != nil else { return warn("not sent: \(reason)") }
        if var line = rooms[message.room]?.log.remove(id) {
            line.delivery = .refused(reason)
            rooms[message.room]?.log.add(line)
        } else {
            let content = Self.content(of: message.body, by: user)
            let line = LogLine(id: id, time: wallClock, content: content, delivery: .refused(reason))
            rooms[message.room]?.log.add(line)
        }
        if message.room == current { warn("not sent: \(reason)") }
    }

    /// Sends what was refused or is perhaps stored once more.
    mutating func resend() {
        let messages = ledger.unsettled.filter { ledger.undecided.contains($0.key) }
        if messages.isEmpty { inform("nothing to send again") }
        for message in messages {
            ledger.undecided.remove(message.key)
            _ = rooms[message.room]?.log.remove(.own(key: message.key))
            showWaiting(message)
            ask(.send(message))
        }
    }

    mutating func discard() {
        let messages = ledger.unsettled.filter { ledger.undecided.contains($0.key) }
        for message in messages {
            _ = rooms[message.room]?.log.remove(.own(key: message.key))
            settle(message.key)
            ask(.discard(message))
        }
        inform("\(messages.count) forgotten")
    }
}
