import ChatWire
import NIOCore
import TerminalUI

/// What the session tells.
extension ChatModel {
    mutating func received(_ event: SessionEvent) {
        switch event {
        case .connected(let connected):
            ledger.isOnTrial = false
            self.connected(connected)
        case .disconnected(let reason, let retryAt, let attempt): disconnected(reason, retryAt, attempt)
        case .stopped(let reason): stopped(reason)
        case .joined(let joined): self.joined(joined)
        // What leaving changes was changed when the user left: the room may be joined again by now.
        case .left: break
        case .roomRefused(let room, let error): refused(room, error)
        case .entry(let room, let entry): received(entry, in: room)
        case .gap(let room, let after, let before):
            if rooms[room] != nil { add(.gap(after: after, before: before), to: room, behind: after) }
        case .caughtUp(let room, let missed): caughtUp(room, missed: missed)
        case .stored(let message, let id, _): stored(message, at: id)
        case .delayed(let message, let error, _): delayed(message, error)
        case .refused(let message, let error): refuse(message, error.message)
        case .kept(let message, let reason): kept(message, reason)
        case .presence(let presence): received(presence)
        case .typing(let room, let user):
            guard user != self.user, !ignored.contains(user) else { break }
            let until = now + ScreenLimits.typingShownFor
            rooms[room]?.typing[user] = until
        case .topic(let room, let topic): received(topic, in: room)
        case .read(let room, let position): adopt(readMarker: position, in: room)
        case .direct(let room, let user, let isGuest):
            ledger.closedDirects.remove(room)
            offered(room, by: user, isGuest: isGuest)
        case .latency(let time):
            if case .online(let node, _) = connection {
                // Nothing takes no time.
                let milliseconds = max(1, Int((time.nanoseconds + 500_000) / 1_000_000))
                connection = .online(node: node, latencyMilliseconds: milliseconds)
            }
        case .notice(let level, let code, let text): received(notice: text, level, code)
        case .error(let error): warn(error.message)
        }
    }

    private mutating func connected(_ connected: SessionEvent.Connected) {
        connection = .online(node: connected.node, latencyMilliseconds: nil)
        user = connected.user
        features = connected.features
        ledger.bodyBytesMax = min(connected.bodyBytes, Limits.bodyBytesMax)
        // Who wrote while this user was away was told to nobody.
        if features.contains(ServerFeature.direct.rawValue) { ask(.askDirects) }
    }

    private mutating func disconnected(_ reason: String, _ retryAt: NIODeadline, _ attempt: Int) {
        var since = now
        if case .offline(_, _, _, let earlier) = connection { since = earlier }
        if case .online = connection {
            tellLoss()
            // It would hide the countdown.
            if hint?.level == .info { hint = nil }
        }
        connection = .offline(reason: reason, retryAt: retryAt, attempt: attempt, since: since)
        for name in rooms.keys {
            rooms[name]?.typing = [:]
            // No answer comes to what was asked.
            rooms[name]?.notes.presence = nil
        }
    }

    private mutating func tellLoss() {
        let lostAt = wallClock
        for name in order where rooms[name]?.membership == .joined && rooms[name]?.notes.lostAt == nil {
            rooms[name]?.notes.lostAt = lostAt
            // A loss that brought nothing new is told by the line of the next one.
            if let last = rooms[name]?.log.lastSettled, case .caughtUp(_, _, 0) = last.content {
                _ = rooms[name]?.log.remove(last.id)
            }
            add(.connectionLost(at: wallClock), to: name)
        }
    }

    private mutating func stopped(_ reason: StopReason) {
        if case .online = connection { tellLoss() }
        connection = .stopped(reason: reason.message)
        if reason.kind != .closed { warn(reason.message) }
    }

    private mutating func joined(_ joined: SessionEvent.Joined) {
        let name = joined.room
        guard rooms[name] != nil else { return }
        rooms[name]?.membership = .joined
        rooms[name]?.members = Array(joined.members.prefix(Limits.membersListedMax))
        rooms[name]?.count = joined.count
        rooms[name]?.typing = [:]
        rooms[name]?.notes.presence = nil
        rooms[name]?.notes.newestAtJoin = joined.position == .zero ? nil : joined.position
        if let topic = joined.topic { rooms[name]?.topic = topic.text }
        if let read = joined.read { adopt(readMarker: read, in: name) }
    }

    private mutating func refused(_ name: RoomName, _ error: ErrorFrame) {
        guard rooms[name] != nil else { return }
        rooms[name]?.membership = .refused(error.message)
        rooms[name]?.notes.isShut = [.forbidden, .unauthorized, .invalidRoom].contains(error.code)
        ledger.changesRooms = true
        add(.notice("cannot join \(called(name)): \(error.message)"), to: name)
        let kept = unsent(in: name)
        if kept > 0 { add(.notice("\(kept) unsent, kept; /join \(name) sends them"), to: name) }
        if name == current { warn("cannot join \(called(name)): \(error.message)") }
    }

    private mutating func caughtUp(_ name: RoomName, missed: Int) {
        guard let room = rooms[name] else { return }
        if !room.notes.hasCaughtUp {
            rooms[name]?.notes.hasCaughtUp = true
            if room.readMarker == nil { beginMarker(of: room) }
        }
        if name == current { fillView() }
        guard let from = room.notes.lostAt else { return }
        rooms[name]?.notes.lostAt = nil
        if missed == 0, let last = room.log.lastSettled, case .connectionLost = last.content {
            _ = rooms[name]?.log.remove(last.id)
        }
        add(.caughtUp(from: from, to: wallClock, count: missed), to: name)
    }

    private mutating func received(_ topic: Topic, in name: RoomName) {
        guard rooms[name] != nil else { return }
        rooms[name]?.topic = topic.text
        add(
            .presence(
                topic.text.isEmpty ? "\(topic.user) took the topic away" : "\(topic.user) set the topic: \(topic.text)"),
            to: name)
    }

    private mutating func received(notice text: String, _ level: NoticeLevel, _ code: NoticeCode) {
        if code == .restored { troublePassed() }
        guard let current else { return inform(text) }
        add(.notice(text), to: current)
        guard level == .warning else { return }
        warn(text)
        if code == .degraded { ledger.passingHint = hint }
    }
}

/// Who is there.
extension ChatModel {
    private mutating func received(_ presence: ServerFrame.Presence) {
        let name = presence.room
        guard rooms[name] != nil else { return }
        var came: [String] = []
        var went: [String] = []
        for arrival in presence.joined where arrived(arrival, in: name) { came.append(arrival.user) }
        for departure in presence.left where departed(departure.user, from: name) { went.append(departure.user) }
        rooms[name]?.count = presence.count
        tell(came: came.filter { $0 != user }, went: went.filter { $0 != user }, in: name)
    }

    /// - Returns: whether the user was not there before, with another session.
    private mutating func arrived(_ arrival: Arrival, in name: RoomName) -> Bool {
        if let index = rooms[name]?.members.firstIndex(where: { $0.user == arrival.user }) {
            rooms[name]?.members[index].sessions += 1
            return false
        }
        guard let count = rooms[name]?.members.count, count < Limits.membersListedMax else { return true }
        let member = Member(user: arrival.user, sessions: 1, node: arrival.node, since: wallClock)
        rooms[name]?.members.append(member)
        return true
    }

    /// - Returns: whether the user is not there any more.
    private mutating func departed(_ user: String, from name: RoomName) -> Bool {
        guard let index = rooms[name]?.members.firstIndex(where: { $0.user == user }) else { return true }
        rooms[name]?.members[index].sessions -= 1
        guard let left = rooms[name]?.members[index].sessions, left <= 0 else { return false }
        rooms[name]?.members.remove(at: index)
        rooms[name]?.typing[user] = nil
        return true
    }

    /// One line for as long as nobody says anything; none in big rooms.
    private mutating func tell(came: [String], went: [String], in name: RoomName) {
        guard let room = rooms[name], room.count <= ScreenLimits.presenceMembersMax, !(came.isEmpty && went.isEmpty)
        else { return }
        var fold: PresenceFold
        if let running = room.notes.presence, room.log.lastSettled?.id == running.line,
            wallClock < running.since + ScreenLimits.presenceFoldMilliseconds
        {
            fold = running
        } else {
            fold = PresenceFold(line: add(.presence(""), to: name), since: wallClock)
        }
        for user in came { fold.came(user) }
        for user in went { fold.went(user) }
        rooms[name]?.log.update(fold.line) { $0.content = .presence(fold.text) }
        rooms[name]?.notes.presence = fold
    }
}
