import ChatBroker
import ChatWire
import HiredisClient
import NIOCore

/// reserve.lua: one upload into an account, kept in it, or out of it.
struct ReserveUpload: ScriptCall {
    static let script = Script.reserve

    enum Change {
        case reserve(UploadReservation)
        case renew(id: String, account: UploadAccount, lifetime: TimeAmount)
        case release(id: String, account: UploadAccount, bytes: Int, reserved: Int)
    }

    var change: Change
    var keyspace: Keyspace

    var keys: [String] {
        switch change {
        case .reserve(let reservation): keyspace.uploads(of: reservation.account)
        case .renew(_, let account, _), .release(_, let account, _, _): keyspace.uploads(of: account)
        }
    }

    func appendArguments(to command: inout RESPCommand) {
        switch change {
        case .reserve(let reservation):
            command.append("reserve")
            command.append(reservation.id)
            command.append(reservation.bytes)
            command.append(reservation.lifetime.nanoseconds / 1_000_000)
            command.append(reservation.limits.pending)
            command.append(reservation.limits.bytesPerDay)
            command.append(reservation.limits.perMinute)
        case .renew(let id, _, let lifetime):
            command.append("renew")
            command.append(id)
            command.append(lifetime.nanoseconds / 1_000_000)
        case .release(let id, _, let bytes, let reserved):
            command.append("release")
            command.append(id)
            command.append(bytes)
            command.append(reserved)
        }
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> ReservationAnswer {
        let parts = try reply.elements(2)
        let milliseconds = Int64(clamping: try parts[1].int)
        guard let reason = ReservationAnswer.Reason(rawValue: try parts[0].text) else { return .granted }
        return .refused(reason, retryAfter: .milliseconds(milliseconds))
    }
}

/// files.lua: one page of ids, with the time of each.
struct ListFiles: ScriptCall {
    static let script = Script.files

    var room: RoomName
    var before: String?
    var limit: Int
    var keyspace: Keyspace

    var keys: [String] { [keyspace.files(room)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(before ?? "")
        command.append(limit)
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> [(id: String, announced: UInt64)] {
        let words = try reply.elements
        var ids: [(id: String, announced: UInt64)] = []
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            ids.append((try words[index].text, UInt64(try words[index + 1].text) ?? 0))
        }
        return ids
    }
}

/// volume.lua: which volume the workers share.
struct NameVolume: ScriptCall {
    static let script = Script.volume

    var id: String?
    var keyspace: Keyspace

    var keys: [String] { [keyspace.volume] }

    func appendArguments(to command: inout RESPCommand) { command.append(id ?? "") }

    func decode(_ reply: RESPValue) throws(RedisError) -> String? {
        let known = try reply.text
        return known.isEmpty ? nil : known
    }
}

/// `HSET` of a file's metadata.
struct WriteFile: RedisCommand {
    var line: FileLine
    var room: RoomName
    var keyspace: Keyspace

    var arguments: RESPCommand {
        var command = RESPCommand("HSET", keyspace.file(line.id))
        let fields = [
            ("room", room.value), ("user", line.user), ("name", line.name), ("bytes", String(line.bytes)),
            ("media_type", line.mediaType), ("sha256", line.sha256),
        ]
        for (name, value) in fields {
            command.append(name)
            command.append(value)
        }
        return command
    }

    typealias Reply = Void
}

/// `HDEL` of one field.
struct HashRemove: RedisCommand {
    var key: String
    var field: String

    var arguments: RESPCommand { RESPCommand("HDEL", key, field) }

    typealias Reply = Void
}
