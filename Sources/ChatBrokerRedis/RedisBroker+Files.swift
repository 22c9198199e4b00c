public import ChatBroker
public import ChatWire
import HiredisClient
public import NIOCore

extension RedisBroker: FileRegistry {
    public func reserve(_ reservation: UploadReservation) -> EventLoopFuture<ReservationAnswer> {
        run(ReserveUpload(change: .reserve(reservation), keyspace: keyspace))
    }

    public func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount) -> EventLoopFuture<Void> {
        run(ReserveUpload(change: .renew(id: id, account: account, lifetime: lifetime), keyspace: keyspace))
            .map { _ in }
    }

    public func release(
        _ id: String, of account: UploadAccount, counting bytes: Int, reserved: Int
    ) -> EventLoopFuture<Void> {
        let change = ReserveUpload.Change.release(id: id, account: account, bytes: bytes, reserved: reserved)
        return run(ReserveUpload(change: change, keyspace: keyspace)).map { _ in }
    }

    public func volume(_ id: String?) -> EventLoopFuture<String?> { run(NameVolume(id: id, keyspace: keyspace)) }

    /// The metadata goes first: whoever sees the line finds the file. It is another slot on a cluster than the room's
    /// keys, so it is a command of its own; written again it says the same.
    public func announce(_ line: FileLine, in room: RoomName) -> EventLoopFuture<Receipt> {
        let draft: Draft
        do {
            draft = try Draft(announcing: line)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return links.commands.send(WriteFile(line: line, room: room, keyspace: keyspace))
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
            .assumeIsolated().flatMap { [self] in publish(draft, to: room) }.nonisolated()
    }

    public func files(of room: RoomName, before: String?, limit: Int) -> EventLoopFuture<FilePage> {
        // One more than asked for tells whether there is more.
        run(ListFiles(room: room, before: before, limit: limit + 1, keyspace: keyspace))
            .assumeIsolated().flatMap { [self] ids in
                let reads = ids.prefix(limit).map { id, announced in
                    links.commands.send(HashAll(key: keyspace.file(id))).map {
                        Self.listed(id, announced, Dictionary($0) { first, _ in first })
                    }
                }
                return EventLoopFuture.whenAllSucceed(reads, on: eventLoop)
                    .flatMapErrorThrowing { throw BrokerError(reading: $0) }
                    .map { FilePage(files: $0.compactMap(\.self), more: ids.count > limit) }
            }.nonisolated()
    }

    public func forget(_ id: String, in room: RoomName) -> EventLoopFuture<Void> {
        let commands = links.commands
        return EventLoopFuture.andAllSucceed(
            [
                commands.send(RankedRemove(key: keyspace.files(room), member: id)),
                // For five minutes more the keys of publish.lua know the line.
                commands.send(HashRemove(key: keyspace.announced(room), field: id)),
                commands.send(DeleteKey(key: keyspace.file(id))),
            ], on: eventLoop
        ).flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    private func run<Call: ScriptCall>(_ call: Call) -> EventLoopFuture<Call.Reply> {
        links.scripts.run(call).flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    /// nil where the file was forgotten between the two reads.
    private static func listed(_ id: String, _ announced: UInt64, _ fields: [String: String]) -> ListedFile? {
        guard let user = fields["user"], let name = fields["name"], let bytes = fields["bytes"].flatMap({ Int($0) })
        else { return nil }
        let line = FileLine(
            id: id, name: name, bytes: bytes, mediaType: fields["media_type"] ?? "", sha256: fields["sha256"] ?? "",
            user: user, key: id)
        return ListedFile(line: line, announced: announced)
    }
}
