import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

// Joining: the room is opened, the member stored, and `joined` composed at one point of the room's order, so that what
// the shard gets after it is exactly what follows its position.
extension Hub {
    func join(_ request: JoinRequest) {
        guard holds(request) else { return replace(request.connection) }
        guard link == .up else {
            return fail([request], .unavailable, "The server cannot reach its message store; try again.")
        }
        let name = request.frame.room
        guard let preparation = request.preparation else { return prepare(request) }
        if roomTable.entered(name, request.session) || rooms[name] == nil { rooms[name] = newRoom(name) }
        guard let room = rooms[name] else { return }
        if let pair = preparation.pair { room.pair = pair }
        guard room.isReady else {
            room.waiting.append(request)
            if !room.isSubscribed { open(room) }
            return
        }
        proceed(request, in: room)
    }

    private func prepare(_ request: JoinRequest) {
        let (room, principal) = (request.frame.room, request.principal)
        preparing[request.number] = request
        let marker = broker.readMarker(of: principal, in: room)
        let pair = room.isDirect ? broker.directPair(of: room) : loop.makeSucceededFuture(nil)
        marker.and(pair).whenComplete { [weak self] result in
            guard let self, var request = preparing.removeValue(forKey: request.number) else { return }
            switch result {
            case .success((let read, let pair)):
                if room.isDirect, pair?.contains(principal) != true {
                    // The words for a room that a token does not open: whether there is such a room is not told.
                    return fail([request], .forbidden, "Your token does not allow this in that room.")
                }
                request.preparation = .init(read: read, pair: pair)
                join(request)
            case .failure:
                fail([request], .unavailable, "The server cannot reach its message store; try again.")
            }
        }
    }

    /// Whether the connection that asked has its session still.
    private func holds(_ request: JoinRequest) -> Bool { connections[request.session] === request.connection }

    /// Nobody waits for the join any more, or it was not begun. What it did to the session's place is undone as everything
    /// of a lost session. A connection that has lost its session to another is closed, and never left without an answer.
    private func drop(_ request: JoinRequest) {
        if !holds(request) { replace(request.connection) }
        let name = request.frame.room
        if sessions[request.session]?.rooms[name] == nil { roomTable.left(name, request.session, now: .now()) }
    }

    /// The room is ready: store the member, unless the session is one already.
    func proceed(_ request: JoinRequest, in room: HubRoom) {
        guard holds(request), let session = sessions[request.session] else { return drop(request) }
        guard request.entrance == nil else { return answer(request, in: room) }
        let membership = session.rooms[room.name]
        if request.isGuest, membership != .present, !room.roster.contains(request.session),
            room.roster.refusesGuest(request.user)
        {
            return fail([request], .invalidUser, "Somebody in the room has that name or one like it; take another.")
        }
        var request = request
        switch membership {
        case nil, .claimed: request.entrance = .first
        case .awaiting: request.entrance = .resumed
        case .present: request.entrance = .again
        }
        // Said again: an older connection of the session may have taken it out when its join was dropped.
        _ = roomTable.entered(room.name, request.session)
        sessions.entered(room.name, request.session)
        guard request.entrance == .first else { return answer(request, in: room) }
        store(request, from: session.previousNode, in: room)
    }

    private func store(_ request: JoinRequest, from previous: NodeID?, in room: HubRoom) {
        room.asking[request.number] = request
        broker.enter(occupant(request.session, request.user), room: room.name, takingOverFrom: previous)
            .whenComplete { [weak self] result in
                guard let self, let request = room.asking.removeValue(forKey: request.number) else { return }
                switch result {
                case .success(let stored):
                    // The session may have left meanwhile; its departure follows it to the broker.
                    guard sessions[request.session]?.rooms[room.name] != nil else { return }
                    room.roster.stored(stored)
                    answer(request, in: room)
                case .failure:
                    // The broker may still have taken it: the departure makes sure.
                    fail([request], .unavailable, "The server cannot reach its message store; try again.")
                }
            }
    }

    /// Finds the entries that the join asks for, in the room's tail where it reaches back far enough, else in the history.
    private func answer(_ request: JoinRequest, in room: HubRoom) {
        guard holds(request) else { return drop(request) }
        guard room.isReady else {
            room.waiting.append(request)
            return
        }
        let limit = request.frame.limit
        guard let since = request.frame.since else {
            if limit == 0 || room.feed.last == .zero {
                return complete(request, in: room, more: room.feed.last != .zero)
            }
            if let page = room.tail.newest(limit: limit) {
                return complete(request, with: page.entries, in: room, more: page.more)
            }
            return read(.newest(limit: limit), for: request, in: room)
        }
        let position = request.entries.last?.id ?? since
        if position == room.feed.last { return complete(request, in: room, more: false) }
        let remaining = limit - request.entries.count
        if remaining <= 0 { return answerWithNothing(request, since: position, in: room) }
        if let page = room.tail.page(after: position, limit: remaining) {
            return complete(request, with: page.entries, in: room, more: page.more)
        }
        read(.after(position, limit: remaining), for: request, in: room)
    }

    /// No entry is wanted, or no more of them; whether any is missing must be known all the same.
    private func answerWithNothing(_ request: JoinRequest, since: Position, in room: HubRoom) {
        guard request.reads == 0, room.tail.page(after: since, limit: 0) == nil else {
            return complete(request, in: room, more: true)
        }
        read(.after(since, limit: 1), for: request, in: room)
    }

    private func read(_ query: HistoryQuery, for request: JoinRequest, in room: HubRoom) {
        room.asking[request.number] = request
        read(weight: query.weight) { [broker] in broker.history(of: room.name, query) }.whenComplete {
            [weak self] result in
            guard let self, let request = room.asking.removeValue(forKey: request.number) else { return }
            guard case .success(let page) = result else {
                return fail([request], .unavailable, "The server cannot reach its message store; try again.")
            }
            merge(page, into: request, in: room)
        }
    }

    /// The page was read at another moment than now: entries that are still to come live are cut off, and those that
    /// came live meanwhile are added.
    private func merge(_ page: HistoryPage, into request: JoinRequest, in room: HubRoom) {
        guard room.isReady else {
            room.waiting.append(request)
            return
        }
        var request = request
        request.reads += 1
        if request.reads == 1 { request.isComplete = page.isComplete }
        if request.frame.limit == 0 {
            request.firstLeft = page.entries.first?.id
            return complete(request, in: room, more: !page.entries.isEmpty)
        }
        let reached = room.feed.last
        let entries = page.entries.filter { $0.id <= reached }.map { FrameBytes.rendered($0, room: room.name) }
        request.entries += entries
        if page.more, request.frame.since != nil { return complete(request, in: room, more: true) }
        let newest = request.entries.last?.id ?? request.frame.since ?? page.last
        if newest >= reached || !request.isComplete && entries.isEmpty {
            return complete(request, in: room, more: page.more)
        }
        if let missing = room.tail.page(after: newest, limit: Limits.pageEntriesMax) {
            return complete(request, with: missing.entries, in: room, more: page.more || missing.more)
        }
        guard request.reads < EdgeLimits.joinReadsMax else { return complete(request, in: room, more: true) }
        read(.after(newest, limit: Limits.pageEntriesMax), for: request, in: room)
    }

    private func complete(
        _ request: JoinRequest, with entries: [HistoryTail.Rendered] = [], in room: HubRoom, more: Bool
    ) {
        guard holds(request) else { return drop(request) }
        let all = request.entries + entries
        let (page, wasCut) = Self.cut(all, keepingNewest: request.frame.since == nil)
        let (members, count) = room.roster.members()
        let head = ServerFrame.Joined(
            ref: request.frame.ref, room: room.name, position: room.feed.last, messages: [],
            complete: request.isComplete, more: more || wasCut, members: members, count: count,
            read: [request.preparation?.read, markers.position(of: request.principal, in: room.name)]
                .compactMap(\.self).max(),
            topic: room.topic.flatMap { $0.text.isEmpty ? nil : $0 })
        var json = ByteBuffer()
        ServerFrame.writeJoined(head, renderedEntries: page.map(\.json), into: &json)
        let frames = Self.frames(FrameBytes.text(json: json), withGapOf: request, before: page.first?.id, in: room)
        let connection = request.connection
        let (name, generation, position) = (room.name, room.generation, room.feed.last)
        room.members[connection.shard.index] += 1
        metrics.joins.add(1)
        connection.shard.run { $0.joined(connection, room: name, of: generation, position: position, frame: frames) }
    }

    /// A join that is not complete says where the hole is, before anything live.
    private static func frames(
        _ joined: ByteBuffer, withGapOf request: JoinRequest, before first: Position?, in room: HubRoom
    ) -> ByteBuffer {
        guard let since = request.frame.since, !request.isComplete else { return joined }
        let before = first ?? request.firstLeft ?? room.feed.last
        var frames = joined
        var gap = FrameBytes.text(.gap(room: room.name, after: since, before: before))
        frames.writeBuffer(&gap)
        return frames
    }

    /// Keeps a page under ``EdgeLimits/pageBytesMax``, from its newest or its oldest end.
    static func cut(
        _ entries: [HistoryTail.Rendered], keepingNewest: Bool
    ) -> (entries: [HistoryTail.Rendered], wasCut: Bool) {
        var bytes = 0
        let ordered = keepingNewest ? Array(entries.reversed()) : entries
        let kept = ordered.prefix { entry in
            bytes += entry.json.readableBytes
            return bytes <= EdgeLimits.pageBytesMax
        }
        return (keepingNewest ? kept.reversed() : Array(kept), kept.count < entries.count)
    }

    func fail(_ requests: [JoinRequest], _ code: ErrorCode, _ message: String) {
        for request in requests {
            guard holds(request) else {
                drop(request)
                continue
            }
            undo(request)
            let name = request.frame.room
            let frame = FrameBytes.text(
                .error(
                    ErrorFrame(
                        ref: request.frame.ref, code: code, message: message,
                        retryAfterMilliseconds: code == .unavailable ? 1000 : nil)))
            let connection = request.connection
            connection.shard.run { _ in connection.joinFailed(name, frame: frame) }
        }
    }

    private func undo(_ request: JoinRequest) {
        let name = request.frame.room
        switch request.entrance {
        case nil: drop(request)
        case .first: depart(request.session, user: request.user, room: name, reason: .left)
        case .resumed: sessions.awaitsAgain(name, request.session, now: .now())
        case .again: break
        }
    }

    /// A member of a shard is gone from a room's fan-out there.
    func fanOutEnded(_ name: RoomName, of generation: UInt64, shard: Int) {
        guard let room = rooms[name], room.generation == generation, room.members[shard] > 0 else { return }
        room.members[shard] -= 1
    }
}

extension HistoryQuery {
    /// What the read counts in ``ReadGate``.
    var weight: Int {
        switch self {
        case .newest(let limit), .after(_, let limit), .before(_, let limit): 1 + limit / 100
        }
    }
}
