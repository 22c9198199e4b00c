import ChatWire
import NIOCore

/// Joining rooms and keeping their logs.
extension SessionMachine {
    /// - Parameters:
    ///   - since: the last position the caller has; nil asks for recent entries.
    ///   - limit: entries at most where `since` is nil.
    ///
    /// Messages of the room that may be stored already are looked for first: the log then begins where the earliest of
    /// them may be.
    mutating func join(_ name: RoomName, since: Position?, limit: Int, at now: NIODeadline) -> [Action] {
        if rooms[name] == nil {
            let since = [since, outbox.earliestPlace(in: name)].compactMap(\.self).min()
            rooms[name] = Room(log: RoomLog(since: since), limit: min(max(limit, 0), Limits.pageEntriesMax))
            if let active { join(name, on: active) }
        }
        return flush(at: now)
    }

    mutating func leave(_ name: RoomName, at now: NIODeadline) -> [Action] {
        guard rooms.removeValue(forKey: name) != nil else { return [] }
        if let active {
            let ref = nextRef(.leave(name), on: active)
            actions.append(.write(.leave(ref: Ref(ref), room: name), on: active))
        } else {
            actions.append(.tell(.left(name)))
        }
        settleIfDone(at: now)
        return flush(at: now)
    }

    mutating func typing(in name: RoomName, at now: NIODeadline) -> [Action] {
        if let active, rooms[name]?.source == active { actions.append(.write(.typing(room: name), on: active)) }
        return flush(at: now)
    }

    mutating func join(_ name: RoomName, on link: LinkID) {
        guard var room = rooms[name] else { return }
        room.joiningOn = link
        room.retryAt = nil
        let since = room.log.last
        room.log.joinSent()
        rooms[name] = room
        let limit = since == nil ? room.limit : ClientLimits.pageEntries
        let ref = Ref(nextRef(.join(name), on: link))
        actions.append(.write(.join(.init(ref: ref, room: name, since: since, limit: limit)), on: link))
    }

    mutating func receivedJoined(_ joined: ServerFrame.Joined, on link: LinkID, at now: NIODeadline) {
        guard let ref = joined.ref.flatMap({ Int($0.json) }), case .join(let name) = pending[ref]?.purpose else {
            return
        }
        pending[ref] = nil
        guard var room = rooms[name], room.joiningOn == link else { return }
        let event = SessionEvent.Joined(
            room: name, members: joined.members, count: joined.count, isAgain: room.wasJoined, read: joined.read,
            topic: joined.topic, position: joined.position)
        room.marker.joined(joined.read)
        room.topicTime = joined.topic?.time ?? 0
        room.joiningOn = nil
        room.source = link
        room.wasJoined = true
        rooms[name] = room
        actions.append(.tell(.joined(event)))
        update(name, from: link, at: now) { $0.joined(joined) }
        settleIfDone(at: now)
    }

    /// Feeds a room's log, unless another connection has taken the room over, and carries its steps out.
    mutating func update(
        _ name: RoomName, from link: LinkID, at now: NIODeadline, _ feed: (inout RoomLog) -> [RoomLog.Step]
    ) {
        guard rooms[name]?.source == link, let steps = rooms[name]?.feed(feed) else { return }
        for step in steps { perform(step, in: name, on: link, at: now) }
    }

    private mutating func perform(_ step: RoomLog.Step, in name: RoomName, on link: LinkID, at now: NIODeadline) {
        switch step {
        case .show(let entry):
            settleOwn(entry, in: name)
            actions.append(.tell(.entry(name, entry)))
        case .gap(let after, let before):
            rooms[name]?.hasHole = true
            actions.append(.tell(.gap(name, after: after, before: before)))
        case .fetch(let after):
            let ref = Ref(nextRef(.page(name), on: link))
            actions.append(
                .write(
                    .history(.init(ref: ref, room: name, direction: .after(after), limit: ClientLimits.pageEntries)),
                    on: link))
        case .rejoin:
            if let active, rooms[name]?.joiningOn == nil { join(name, on: active) }
        case .caughtUp(let missed):
            settleDoubtful(in: name, at: now)
            actions.append(.tell(.caughtUp(name, missed: missed)))
        }
    }

    /// A message of this user that shows up in the room is stored, even where its `ack` was lost with the connection.
    private mutating func settleOwn(_ entry: Entry, in name: RoomName) {
        guard outbox.count(in: name) > 0, entry.kind == .message, let message = try? Message(tail: entry.tail),
            message.user == user, let stored = outbox.stored(key: message.key)
        else { return }
        actions.append(.settled(stored))
        actions.append(.tell(.stored(stored, id: entry.id, duplicate: false)))
    }

    /// What is not in the history that was read may be in the part that is gone. An edge that still remembers the key tells;
    /// after that only the user can.
    private mutating func settleDoubtful(in name: RoomName, at now: NIODeadline) {
        guard rooms[name]?.hasHole == true else { return }
        rooms[name]?.hasHole = false
        for message in outbox.removeDoubtful(in: name, at: now) {
            actions.append(.tell(.kept(message, .perhapsStored)))
        }
    }

    mutating func retryRooms(at now: NIODeadline) {
        for name in rooms.keys.sorted(by: { $0.value < $1.value }) {
            guard let retryAt = rooms[name]?.retryAt, retryAt <= now else { continue }
            rooms[name]?.retryAt = nil
            guard let active else { continue }
            if rooms[name]?.log.state == .stalled {
                update(name, from: active, at: now) { $0.resume() }
            } else if rooms[name]?.joiningOn == nil {
                join(name, on: active)
            }
        }
    }
}
