public import ChatBroker
public import ChatWire
import HiredisClient
public import NIOCore

extension RedisBroker: RoomNotes {
    /// Whoever reads it keeps it: a room that people come to does not lose its topic.
    public func topic(of room: RoomName) -> EventLoopFuture<Topic?> {
        let commands = links.commands
        let found = commands.send(GetKey(key: keyspace.topic(room)))
        _ = commands.send(ExpireKey(key: keyspace.topic(room), milliseconds: NoteLimits.keptFor.milliseconds))
        return found.flatMapErrorThrowing { throw BrokerError(reading: $0) }.map { text in
            guard let text else { return nil }
            var scanner = PayloadScanner(text)
            return Topic(&scanner)
        }
    }

    public func setTopic(
        _ text: String, by user: UserName, session: SessionID, in room: RoomName
    ) -> EventLoopFuture<Topic> {
        run(WriteTopic(room: room, text: text, user: user, session: session, keyspace: keyspace))
    }

    public func readMarker(of principal: Principal, in room: RoomName) -> EventLoopFuture<Position?> {
        links.commands.send(HashField(key: keyspace.read(room), field: principal.description))
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
            .map { $0.flatMap { Position(utf8: $0.readableBytesView) } }
    }

    public func markRead(_ mark: ReadMark, in room: RoomName, isTold: Bool) -> EventLoopFuture<Void> {
        run(WriteReadMark(room: room, mark: mark, isTold: isTold, keyspace: keyspace))
    }

    private func run<Call: ScriptCall>(_ call: Call) -> EventLoopFuture<Call.Reply> {
        links.scripts.run(call).flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }
}

/// The pair and the two lists are of three slots, so they are written by a command each. The pair goes first: what stands in
/// a list can be entered.
extension RedisBroker: DirectRooms {
    public func noteDirect(_ pair: DirectPair) -> EventLoopFuture<Void> {
        let room: RoomName
        do {
            room = try pair.room
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        let (commands, key) = (links.commands, keyspace.direct(room))
        let lists = [(pair.first, pair.second), (pair.second, pair.first)].map { owner, partner in
            ListDirect(room: room, owner: owner, partner: partner, keyspace: keyspace)
        }
        let written = commands.send(WriteDirectPair(key: key, pair: pair))
        let kept = commands.send(ExpireKey(key: key, milliseconds: DirectLimits.keptFor.milliseconds)).map { _ in }
        return EventLoopFuture.andAllSucceed([written, kept] + lists.map { links.scripts.run($0) }, on: eventLoop)
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    /// Who asks is about to enter, which keeps it.
    public func directPair(of room: RoomName) -> EventLoopFuture<DirectPair?> {
        let (commands, key) = (links.commands, keyspace.direct(room))
        let found = commands.send(HashAll(key: key))
        _ = commands.send(ExpireKey(key: key, milliseconds: DirectLimits.keptFor.milliseconds))
        return found.flatMapErrorThrowing { throw BrokerError(reading: $0) }.map { fields in
            let names = fields.filter { $0.field == "a" || $0.field == "b" }.compactMap { Principal($0.value) }
            guard names.count == 2 else { return nil }
            return DirectPair(names[0], names[1])
        }
    }

    public func directs(of principal: Principal, limit: Int) -> EventLoopFuture<[DirectRoom]> {
        guard limit > 0 else { return eventLoop.makeSucceededFuture([]) }
        return links.commands.send(RankedNewest(key: keyspace.directs(of: principal), count: limit))
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
            .map { ranked in ranked.compactMap { DirectRoom(member: $0.member, score: $0.score) } }
    }
}

extension DirectRoom {
    /// Reads a member `<room> <partner>`; nil for anything else.
    fileprivate init?(member: String, score: UInt64) {
        let words = member.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let room = try? RoomName(words[0]), let partner = Principal(words[1]) else {
            return nil
        }
        self.init(room: room, partner: partner, lastActivity: score)
    }
}
