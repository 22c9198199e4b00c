import HiredisClient
import NIOCore

/// `PUBLISH`; the reply is how many heard it.
struct Publish: RedisCommand {
    var channel: String
    var payload: ByteBuffer

    var arguments: RESPCommand {
        var command = RESPCommand("PUBLISH", channel)
        command.append(payload)
        return command
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> Int { try reply.int }
}

/// `PUBSUB NUMSUB`: how many listen to each channel, in the order of the channels.
struct CountListeners: RedisCommand {
    var channels: [String]

    var arguments: RESPCommand {
        var command = RESPCommand("PUBSUB", "NUMSUB")
        for channel in channels { command.append(channel) }
        return command
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> [Int] {
        let parts = try reply.elements(channels.count * 2)
        return try channels.indices.map { index throws(RedisError) in try parts[index * 2 + 1].int }
    }
}

/// `SET … PX`, with `NX` where it must not be there; whether it was set.
struct SetKey: RedisCommand {
    var key: String
    var value: ByteBuffer
    var milliseconds: Int64
    var onlyIfAbsent = false

    var arguments: RESPCommand {
        var command = RESPCommand("SET", key)
        command.append(value)
        command.append("PX")
        command.append(milliseconds)
        if onlyIfAbsent { command.append("NX") }
        return command
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> Bool { !reply.isNull }
}

/// `GET`; nil where there is none.
struct GetKey: RedisCommand {
    var key: String

    var arguments: RESPCommand { RESPCommand("GET", key) }

    func decode(_ reply: RESPValue) throws(RedisError) -> ByteBuffer? { reply.isNull ? nil : try reply.bytes }
}

/// `PEXPIRE`; whether the key is there.
struct ExpireKey: RedisCommand {
    var key: String
    var milliseconds: Int64

    var arguments: RESPCommand { RESPCommand("PEXPIRE", key, String(milliseconds)) }

    func decode(_ reply: RESPValue) throws(RedisError) -> Bool { try reply.int == 1 }
}

/// `DEL` of one key.
struct DeleteKey: RedisCommand {
    var key: String

    var arguments: RESPCommand { RESPCommand("DEL", key) }

    typealias Reply = Void
}

/// `XLEN`.
struct StreamLength: RedisCommand {
    var key: String

    var arguments: RESPCommand { RESPCommand("XLEN", key) }

    func decode(_ reply: RESPValue) throws(RedisError) -> Int { try reply.int }
}
