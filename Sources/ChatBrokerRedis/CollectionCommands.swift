import HiredisClient
import NIOCore

/// `SADD`.
struct SetAdd: RedisCommand {
    var key: String
    var members: [String]

    var arguments: RESPCommand {
        var command = RESPCommand("SADD", key)
        for member in members { command.append(member) }
        return command
    }

    typealias Reply = Void
}

/// `SREM`.
struct SetRemove: RedisCommand {
    var key: String
    var members: [String]

    var arguments: RESPCommand {
        var command = RESPCommand("SREM", key)
        for member in members { command.append(member) }
        return command
    }

    typealias Reply = Void
}

/// `SRANDMEMBER` with a count: some members, none twice.
struct SetSample: RedisCommand {
    var key: String
    var count: Int

    var arguments: RESPCommand { RESPCommand("SRANDMEMBER", key, String(count)) }

    func decode(_ reply: RESPValue) throws(RedisError) -> [String] { try reply.texts }
}

/// `ZADD … GT`: a score only grows.
struct RankedAdd: RedisCommand {
    var key: String
    var member: String
    var score: UInt64

    var arguments: RESPCommand { RESPCommand("ZADD", key, "GT", String(score), member) }

    typealias Reply = Void
}

/// `ZREM`.
struct RankedRemove: RedisCommand {
    var key: String
    var member: String

    var arguments: RESPCommand { RESPCommand("ZREM", key, member) }

    typealias Reply = Void
}

/// `ZREMRANGEBYRANK`: leaves the `count` highest.
struct RankedTrim: RedisCommand {
    var key: String
    var count: Int

    var arguments: RESPCommand { RESPCommand("ZREMRANGEBYRANK", key, "0", String(-count - 1)) }

    typealias Reply = Void
}

/// `ZREVRANGE … WITHSCORES`: the `count` highest, highest first.
struct RankedNewest: RedisCommand {
    var key: String
    var count: Int

    var arguments: RESPCommand { RESPCommand("ZREVRANGE", key, "0", String(count - 1), "WITHSCORES") }

    func decode(_ reply: RESPValue) throws(RedisError) -> [(member: String, score: UInt64)] {
        let texts = try reply.texts
        return stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], UInt64(texts[$0 + 1]) ?? 0) }
    }
}

/// `HGETALL`, as pairs.
struct HashAll: RedisCommand {
    var key: String

    var arguments: RESPCommand { RESPCommand("HGETALL", key) }

    func decode(_ reply: RESPValue) throws(RedisError) -> [(field: String, value: String)] {
        let texts = try reply.texts
        return stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }
}

/// `HLEN`.
struct HashLength: RedisCommand {
    var key: String

    var arguments: RESPCommand { RESPCommand("HLEN", key) }

    func decode(_ reply: RESPValue) throws(RedisError) -> Int { try reply.int }
}

/// The first step of `HSCAN`: some fields, all of a small hash.
struct HashSample: RedisCommand {
    var key: String
    var count: Int

    var arguments: RESPCommand { RESPCommand("HSCAN", key, "0", "COUNT", String(count)) }

    func decode(_ reply: RESPValue) throws(RedisError) -> [(field: String, value: String)] {
        let texts = try reply.elements(2)[1].texts
        return stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }
}

extension RESPValue {
    fileprivate var texts: [String] {
        get throws(RedisError) { try elements.map { value throws(RedisError) in try value.text } }
    }
}
