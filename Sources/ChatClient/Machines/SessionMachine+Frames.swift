import ChatWire
import NIOCore

/// What the edge sends.
extension SessionMachine {
    mutating func received(_ frame: ServerFrame, on link: LinkID, at now: NIODeadline) -> [Action] {
        guard links[link] != nil else { return [] }
        heard(link, at: now)
        handle(frame, on: link, at: now)
        return flush(at: now)
    }

    /// A frame could not be decoded.
    mutating func unreadable(_ link: LinkID, at now: NIODeadline) -> [Action] {
        abandon(link, .failed("the server sent a frame that is not understood"), code: .protocolError, at: now)
        return flush(at: now)
    }

    private mutating func handle(_ frame: ServerFrame, on link: LinkID, at now: NIODeadline) {
        switch frame {
        case .welcome(let welcome):
            welcomed(welcome, on: link, at: now)
        case .joined(let joined):
            receivedJoined(joined, on: link, at: now)
        case .left(let ref, let room):
            if case .leave = settle(ref) { actions.append(.tell(.left(room))) }
        case .entry(let room, let entry):
            update(room, from: link, at: now) { $0.received(entry) }
        case .gap(let room, let after, let before):
            update(room, from: link, at: now) { $0.received(gapAfter: after, before: before) }
            // Nothing of a live room waits to be found in its history.
            if rooms[room]?.log.state == .live { rooms[room]?.hasHole = false }
        case .slow(let room, _):
            update(room, from: link, at: now) { $0.slowed() }
        case .history(let ref, let room, let messages, let more):
            switch settle(ref) {
            case .page: update(room, from: link, at: now) { $0.page(messages, more: more) }
            case .request(let id): finish(id, .success(.history(messages, more: more)))
            case .join, .send, .leave, .roundTrip, nil: break
            }
        case .ack(let ref, let room, let id, let duplicate):
            receivedAck(ref, room, id, duplicate)
        case .members(let ref, _, let members, let count):
            if case .request(let id) = settle(ref) { finish(id, .success(.members(members, count: count))) }
        case .rooms(let ref, let rooms):
            if case .request(let id) = settle(ref) { finish(id, .success(.rooms(rooms))) }
        case .found(let found):
            if case .request(let id) = settle(found.ref) {
                finish(id, .success(.found(found.messages, more: found.more, before: found.before)))
            }
        case .read(let room, let position):
            receivedRead(room, position, on: link)
        case .topic(let ref, let room, let topic):
            if rooms[room]?.source == link, topic.time > rooms[room]?.topicTime ?? 0 {
                rooms[room]?.topicTime = topic.time
                actions.append(.tell(.topic(room, topic)))
            }
            if case .request(let id) = settle(ref) { finish(id, .success(.topic(topic))) }
        case .direct(let ref, let room, let user, let isGuest):
            if case .request(let id) = settle(ref) {
                finish(id, .success(.direct(room, isGuest: isGuest)))
            } else if link == active {
                actions.append(.tell(.direct(room, user: user, isGuest: isGuest)))
            }
        case .directs(let ref, let directs):
            if case .request(let id) = settle(ref) { finish(id, .success(.directs(directs))) }
        case .presence(let presence):
            if rooms[presence.room]?.source == link { actions.append(.tell(.presence(presence))) }
        case .typing(let room, let user):
            if rooms[room]?.source == link { actions.append(.tell(.typing(room, user: user))) }
        case .notice(let level, let code, let text):
            actions.append(.tell(.notice(level, code, text: text)))
        case .draining(let milliseconds):
            let wait = TimeAmount.milliseconds(Int64(clamping: max(0, milliseconds)))
            perform(reconnect.draining(link, after: wait, at: now), at: now)
        case .error(let error):
            receivedError(error, on: link, at: now)
        case .pong(let ref):
            guard case .roundTrip(let sentAt) = settle(ref) else { return }
            actions.append(.tell(.latency(now - sentAt)))
            roundTripAt = now + ClientLimits.roundTripEvery
        }
    }

    /// Takes the frame that `ref` names off the list of those waiting for an answer.
    private mutating func settle(_ ref: Ref?) -> Pending.Purpose? {
        guard let number = ref.flatMap({ Int($0.json) }) else { return nil }
        return pending.removeValue(forKey: number)?.purpose
    }

    private mutating func receivedAck(_ ref: Ref?, _ room: RoomName, _ id: Position, _ duplicate: Bool) {
        guard case .send(let key) = settle(ref), let message = outbox.stored(key: key) else { return }
        actions.append(.settled(message))
        actions.append(.tell(.stored(message, id: id, duplicate: duplicate)))
    }

    private mutating func receivedError(_ error: ErrorFrame, on link: LinkID, at now: NIODeadline) {
        if links[link]?.isGreeting == true {
            return abandon(link, .refused(error), code: .normal, at: now)
        }
        switch settle(error.ref) {
        case .join(let room): joinRefused(room, error, at: now)
        case .page(let room): pageRefused(room, error, on: link, at: now)
        case .send(let key): sendRefused(key, error, on: link, at: now)
        case .leave(let room): actions.append(.tell(.left(room)))
        case .request(let id): finish(id, .failure(.refused(error)))
        // An edge that takes no `ping` for now.
        case .roundTrip: roundTripAt = now + ClientLimits.roundTripEvery
        case nil: actions.append(.tell(.error(error)))
        }
    }
}

/// What the edge refuses.
extension SessionMachine {
    private mutating func joinRefused(_ name: RoomName, _ error: ErrorFrame, at now: NIODeadline) {
        guard var room = rooms[name] else { return }
        room.joiningOn = nil
        if error.code.isPassing {
            room.retryAt = now + wait(error)
            rooms[name] = room
        } else {
            rooms[name] = nil
            actions.append(.tell(.roomRefused(name, error)))
        }
        settleIfDone(at: now)
    }

    private mutating func pageRefused(_ name: RoomName, _ error: ErrorFrame, on link: LinkID, at now: NIODeadline) {
        if error.code == .notJoined { return join(name, on: link) }
        let retryAt = now + wait(error)
        rooms[name]?.log.pageFailed()
        rooms[name]?.retryAt = retryAt
    }

    private mutating func sendRefused(_ key: String, _ error: ErrorFrame, on link: LinkID, at now: NIODeadline) {
        switch outbox.refused(key: key, error, at: now, backoff: configuration.backoff) {
        case .unknown:
            break
        case .later(let message, let until):
            actions.append(.tell(.delayed(message, error, until: until)))
        case .joinFirst(let message):
            if rooms[message.room]?.joiningOn == nil { join(message.room, on: link) }
        case .never(let message):
            actions.append(.settled(message))
            actions.append(.tell(.refused(message, error)))
        }
    }

    private func wait(_ error: ErrorFrame) -> TimeAmount {
        error.retryAfterMilliseconds.map { .milliseconds(Int64(clamping: max(1, $0))) } ?? .seconds(1)
    }
}

extension ErrorCode {
    /// Whether the same frame may succeed later.
    var isPassing: Bool {
        switch self {
        case .rateLimited, .unavailable, .internal: true
        case .invalidFrame, .invalidRoom, .invalidUser, .invalidBody, .tooLarge, .notJoined, .forbidden,
            .unauthorized, .tooManyRooms, .unsupported:
            false
        }
    }
}
