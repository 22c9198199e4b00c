public import ChatBroker
public import ChatWire
import HiredisClient
public import NIOCore

extension RedisBroker: PresenceStore {
    public func enter(
        _ occupant: Occupant, room: RoomName, takingOverFrom previous: NodeID?
    ) -> EventLoopFuture<Occupant> {
        place(.enter(occupant, takingOverFrom: previous), in: room).map { since in
            var stored = occupant
            stored.since = since
            return stored
        }
    }

    public func leave(_ occupant: Occupant, room: RoomName, reason: Departure.Reason) -> EventLoopFuture<Bool> {
        let left = write(.leave(occupant, reason), in: room)
        left.assumeIsolated().whenSuccess { [self] _ in
            if own.left(occupant.session, room) { listing.unlist(room) }
        }
        return left.map { $0 == 1 }
    }

    public func occupants(of room: RoomName) -> EventLoopFuture<[Occupant]> {
        links.commands.send(HashAll(key: keyspace.members(room)))
            .map { pairs in pairs.compactMap { Occupant(field: $0.field, value: $0.value) } }
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    public func reassert(_ occupants: [Occupant], room: RoomName) -> EventLoopFuture<Void> {
        let placed = occupants.map { place(.reassert($0), in: room).map { _ in } }
        return EventLoopFuture.andAllSucceed(placed, on: eventLoop)
    }

    public func rooms(
        limit: Int, among: Int, where isWanted: @escaping @Sendable (RoomName) -> Bool
    ) -> EventLoopFuture<[RoomSummary]> {
        guard limit > 0, among > 0 else { return eventLoop.makeSucceededFuture([]) }
        return links.commands.send(RankedNewest(key: keyspace.rooms, count: among)).flatMap { [self] ranked in
            let wanted = ranked.lazy.compactMap { rank in (try? RoomName(rank.member)).map { ($0, rank.score) } }
                .filter { isWanted($0.0) }
            return summaries(of: Array(wanted.prefix(limit))[...], after: [])
        }.flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    /// Some rooms at a time: each takes three commands, and the link takes a limited number.
    private func summaries(
        of rooms: ArraySlice<(RoomName, UInt64)>, after done: [RoomSummary]
    ) -> EventLoopFuture<[RoomSummary]> {
        guard !rooms.isEmpty else { return eventLoop.makeSucceededFuture(done) }
        let step = rooms.prefix(settings.limits.summariesStep)
        let read = step.map { summary(of: $0.0, lastActivity: $0.1) }
        return EventLoopFuture.whenAllSucceed(read, on: eventLoop).flatMap { [self] summaries in
            self.summaries(of: rooms.dropFirst(step.count), after: done + summaries)
        }
    }

    /// Of a room with more sessions than ``BrokerLimits/scanStep`` a part is looked at: its nodes are those of the part, and
    /// its users as many for each session as there.
    private func summary(of room: RoomName, lastActivity: UInt64) -> EventLoopFuture<RoomSummary> {
        let commands = links.commands
        let count = commands.send(HashLength(key: keyspace.members(room)))
        let fields = commands.send(HashSample(key: keyspace.members(room), count: settings.limits.scanStep))
        let messages = commands.send(StreamLength(key: keyspace.history(room)))
        return count.and(fields).and(messages).map { found, messages in
            let (sessions, sample) = (found.0, found.1.compactMap { Occupant(field: $0.field, value: $0.value) })
            let users = Set(sample.map(\.user)).count
            let isPart = sessions > sample.count && !sample.isEmpty
            let members = isPart ? Self.estimate(users: users, of: sample.count, sessions: sessions) : users
            return RoomSummary(
                room: room, members: members,
                nodes: Set(sample.map(\.node)).count, messages: messages, lastActivity: lastActivity)
        }
    }

    /// Users of all sessions, where so many sessions of a part are of so many users. The number of sessions is the server's
    /// word and may be any.
    static func estimate(users: Int, of part: Int, sessions: Int) -> Int {
        let estimate = Double(users) * Double(sessions) / Double(max(1, part))
        return Int(exactly: estimate.rounded()) ?? sessions
    }

    private func place(_ change: ApplyPresence.Change, in room: RoomName) -> EventLoopFuture<UInt64> {
        let session = change.occupant.session
        own.entering(room)
        let written = write(change, in: room)
        written.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let since):
                own.entered(session, room)
                noteActivity(in: room, since)
            case .failure(let error):
                if (error as? BrokerError)?.code == .unknown {
                    own.entered(session, room)
                } else if own.refused(room) {
                    listing.unlist(room)
                }
            }
        }
        return written
    }

    private func write(_ change: ApplyPresence.Change, in room: RoomName) -> EventLoopFuture<UInt64> {
        let promise = eventLoop.makePromise(of: UInt64.self)
        changes.write(PendingChange(change: change, promise: promise), to: room)
        return promise.futureResult
    }
}

extension RedisBroker {
    /// Another node resumed a session of this one: its record is not ours to keep any more.
    func forgetTakenOver(_ change: PresenceChange, in room: RoomName) {
        for moved in change.moved where moved.from == node {
            if own.left(moved.occupant.session, room) { listing.unlist(room) }
        }
    }
}

extension Occupant {
    /// Reads a field `<node>:<session>` and its value `<since> <user>`; nil for anything else.
    init?(field: String, value: String) {
        let names = field.split(separator: ":", maxSplits: 1)
        let stored = value.split(separator: " ", maxSplits: 1)
        guard names.count == 2, stored.count == 2, let node = NodeID(names[0]), let session = SessionID(names[1]),
            let since = UInt64(stored[0]), let user = try? UserName(stored[1])
        else { return nil }
        self.init(session: session, user: user, node: node, since: since)
    }
}
