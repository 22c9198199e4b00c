import ChatBroker
import ChatWire
import HiredisClient
import NIOCore

/// topic.lua.
struct WriteTopic: ScriptCall {
    static let script = Script.topic

    var room: RoomName
    var text: String
    var user: UserName
    var session: SessionID
    var keyspace: Keyspace

    var keys: [String] { [keyspace.topic(room), keyspace.live(room)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(text)
        command.append(user.value)
        command.append(session.value)
        command.append(NoteLimits.keptFor.milliseconds)
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> Topic {
        guard let time = UInt64(try reply.text) else {
            throw RedisError(.protocolViolation, "The server answered with a string where a time was expected.")
        }
        return Topic(text: text, user: user.value, time: time)
    }
}

/// read.lua.
struct WriteReadMark: ScriptCall {
    static let script = Script.read

    var room: RoomName
    var mark: ReadMark
    var isTold: Bool
    var keyspace: Keyspace

    var keys: [String] { [keyspace.read(room), keyspace.live(room)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append(mark.principal.description)
        command.append(mark.position.description)
        command.append(mark.session.value)
        command.append(NoteLimits.keptFor.milliseconds)
        command.append(NoteLimits.markersMax)
        command.append(NoteLimits.markersLookedAt)
        command.append(isTold ? "1" : "0")
    }

    func decode(_ reply: RESPValue) throws(RedisError) {}
}

/// directs.lua.
struct ListDirect: ScriptCall {
    static let script = Script.directs

    var room: RoomName
    var owner: Principal
    var partner: Principal
    var keyspace: Keyspace

    var keys: [String] { [keyspace.directs(of: owner)] }

    func appendArguments(to command: inout RESPCommand) {
        command.append("\(room) \(partner)")
        command.append(DirectLimits.listedMax)
        command.append(DirectLimits.keptFor.milliseconds)
    }

    func decode(_ reply: RESPValue) throws(RedisError) {}
}

/// `HSET` of the two whose a direct room is.
struct WriteDirectPair: RedisCommand {
    var key: String
    var pair: DirectPair

    var arguments: RESPCommand {
        RESPCommand("HSET", key, "a", pair.first.description, "b", pair.second.description)
    }

    typealias Reply = Void
}

/// `HGET`; nil where there is none.
struct HashField: RedisCommand {
    var key: String
    var field: String

    var arguments: RESPCommand { RESPCommand("HGET", key, field) }

    func decode(_ reply: RESPValue) throws(RedisError) -> ByteBuffer? { reply.isNull ? nil : try reply.bytes }
}

extension Topic {
    /// Reads `<ts> <user> <text>`; nil for anything else.
    init?(_ scanner: inout PayloadScanner) {
        guard let time = scanner.number(), let user = scanner.word(), (try? UserName(user)) != nil,
            let text = scanner.word(endingWith: nil), text.utf8.count <= Limits.topicBytesMax
        else { return nil }
        self.init(text: text, user: user, time: time)
    }
}

extension TimeAmount {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
