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
            if own.left(occupant.session, room) { unlist(room) }
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
            let wanted = ranked.lazy.compactMap { rank in
                (try? RoomName(rank.member)).map { (room: $0, lastActivity: rank.score) }
            }.filter { isWanted($0.room) }
            return EventLoopFuture.whenAllSucceed(
                wanted.prefix(limit).map { summary(of: $0.room, lastActivity: $0.lastActivity) }, on: eventLoop)
        }.flatMapErrorThrowing { throw BrokerError(reading: $0) }
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
            return RoomSummary(
                room: room, members: isPart ? users * sessions / sample.count : users,
                nodes: Set(sample.map(\.node)).count, messages: messages, lastActivity: lastActivity)
        }
    }

    /// The room is listed as this node's before a member can be in it, so that a reaper finds it.
    private func place(_ change: ApplyPresence.Change, in room: RoomName) -> EventLoopFuture<UInt64> {
        let session = change.occupant.session
        own.entering(room)
        listOwnRooms([room])
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
                    unlist(room)
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
            if own.left(moved.occupant.session, room) { unlist(room) }
        }
    }

    /// Adds rooms to what the reaper of this node would look through.
    func listOwnRooms(_ rooms: [RoomName]) {
        guard let node, !rooms.isEmpty else { return }
        for start in stride(from: 0, to: rooms.count, by: settings.limits.scanStep) {
            let names = rooms[start..<min(start + settings.limits.scanStep, rooms.count)].map(\.value)
            _ = links.commands.send(SetAdd(key: keyspace.rooms(of: node), members: names))
        }
        renewBackstop(of: keyspace.rooms(of: node))
    }

    /// Called with each renewal of the lease: every room's TTL is renewed four times in its life.
    func renewBackstops() {
        guard let node, !own.isEmpty else { return }
        let steps = Int(settings.timing.backstop.milliseconds / 4 / max(1, settings.timing.renewal.milliseconds))
        for room in own.nextToRenew(steps: steps) { renewBackstop(of: keyspace.members(room)) }
        renewBackstop(of: keyspace.rooms(of: node))
    }

    private func renewBackstop(of key: String) {
        _ = links.commands.send(ExpireKey(key: key, milliseconds: settings.timing.backstop.milliseconds))
    }

    private func unlist(_ room: RoomName) {
        guard let node else { return }
        _ = links.commands.send(SetRemove(key: keyspace.rooms(of: node), members: [room.value]))
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
