import ChatWire
import NIOCore

/// Messages and requests on their way up.
extension SessionMachine {
    /// Adds a message to the outbox; it is sent as soon as its room is joined and caught up.
    /// - Parameters:
    ///   - place: what the outbox's file has of it; see ``place(in:)``.
    ///   - firstTry: of a message that an earlier run left.
    /// - Returns: nil where the outbox is full or has the key already.
    /// - Throws: ``WireError`` for a body that no edge would take.
    mutating func send(
        _ message: OutgoingMessage, place: Place? = nil, firstTry: Outbox.FirstTry = .none, at now: NIODeadline
    ) throws(WireError) -> [Action]? {
        _ = try ClientFrame.Send(message, ref: nil)
        guard outbox.add(message, place: place, firstTry: firstTry) else { return nil }
        return flush(at: now)
    }

    /// Where a message of this room may be stored at the earliest if it were sent from now on; nil where it cannot be
    /// sent yet.
    func place(in name: RoomName) -> Place? {
        guard let user, let after = rooms[name]?.log.last else { return nil }
        return Place(after: after, user: user)
    }

    /// The outbox's file has what ``Action/place(_:_:)`` asked for.
    mutating func placed(_ message: OutgoingMessage, at now: NIODeadline) -> [Action] {
        outbox.placed(key: message.key)
        return flush(at: now)
    }

    /// Sends what the rooms' windows allow. A room has to be caught up first: its own message may be in what was
    /// missed, and only then does the user see what the message answers.
    mutating func pumpOutbox(at now: NIODeadline) {
        guard outbox.count > 0, let active else { return }
        for name in outbox.roomsWithMessages.sorted(by: { $0.value < $1.value }) {
            guard let room = rooms[name], room.source == active, room.log.state == .live else { continue }
            if let place = place(in: name) {
                for message in outbox.unplaced(name, place) { actions.append(.place(message, place)) }
            }
            for message in outbox.take(name, on: active, at: now) {
                let ref = Ref(nextRef(.send(key: message.key), on: active))
                // It was checked when it came into the outbox.
                guard let frame = try? ClientFrame.Send(message, ref: ref) else { continue }
                actions.append(.write(.send(frame), on: active))
            }
        }
    }

    /// - Returns: nil where too many requests wait already.
    mutating func request(_ id: RequestID, _ kind: Request.Kind, at now: NIODeadline) -> [Action]? {
        guard requests.count < ClientLimits.requestsMax else { return nil }
        requests[id] = Request(kind: kind)
        return flush(at: now)
    }

    /// The caller no longer waits.
    mutating func cancel(_ id: RequestID) {
        requests[id] = nil
        for (ref, waiting) in pending {
            if case .request(id) = waiting.purpose { pending[ref] = nil }
        }
    }

    /// Requests read, or say what may be said twice, so one that was lost with its connection is simply sent again.
    mutating func pumpRequests() {
        guard !requests.isEmpty, let active else { return }
        for id in requests.keys.sorted(by: { $0.number < $1.number }) {
            guard let request = requests[id], request.sentOn == nil else { continue }
            requests[id]?.sentOn = active
            let ref = nextRef(.request(id), on: active)
            switch request.kind {
            case .who(let room):
                actions.append(.write(.who(ref: Ref(ref), room: room), on: active))
            case .history(let room, let direction, let limit):
                let history = ClientFrame.History(ref: Ref(ref), room: room, direction: direction, limit: limit)
                actions.append(.write(.history(history), on: active))
            case .rooms(let limit):
                actions.append(.write(.rooms(ref: Ref(ref), limit: limit), on: active))
            case .search(let room, let text, let before, let limit):
                let search = ClientFrame.Search(ref: Ref(ref), room: room, text: text, before: before, limit: limit)
                actions.append(.write(.search(search), on: active))
            case .topic(let room, let text):
                actions.append(.write(.topic(ref: Ref(ref), room: room, text: text), on: active))
            case .direct(let user, let isGuest):
                actions.append(.write(.direct(.init(ref: Ref(ref), user: user, isGuest: isGuest)), on: active))
            case .directs(let limit):
                actions.append(.write(.directs(ref: Ref(ref), limit: limit), on: active))
            }
        }
    }

    mutating func finish(_ id: RequestID, _ result: RequestResult) {
        guard requests.removeValue(forKey: id) != nil else { return }
        actions.append(.answer(id, result))
    }

    mutating func failRequests(_ error: RequestError) {
        for id in requests.keys.sorted(by: { $0.number < $1.number }) { finish(id, .failure(error)) }
    }
}

extension ClientFrame.Send {
    /// - Throws: ``WireError`` `invalid_body` or `too_large`.
    init(_ message: OutgoingMessage, ref: Ref?) throws(WireError) {
        self = try .plainText(ByteBuffer(string: message.body), room: message.room, key: message.key, ref: ref)
    }
}
