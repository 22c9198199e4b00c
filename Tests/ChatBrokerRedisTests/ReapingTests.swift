import ChatBroker
import ChatTesting
import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// Reaping that is overtaken by events.
@Suite struct ReapingTests {
    private let room = try! RoomName("r")
    private let dead = NodeID("dead~1")!

    private func withMember(
        _ body: (LocalRedis, _ step: () async throws -> String) async throws -> Void
    ) async throws {
        let redis = try await LocalRedis.start()
        try await redis.cli("HSET", "tc:{r}:members", "\(dead):s1", "17 ann")
        let script = String(decoding: Script.reap.source, as: UTF8.self)
        try await body(redis) {
            try await redis.cli(
                "EVAL", script, "4", "tc:{r}:members", "tc:{r}:live", "tc:node:\(dead)", "tc:reap:\(dead)",
                "\(dead)", "0", "100", "me~1", "5000")
        }
        try await redis.stop()
    }

    private func hasMember(_ redis: LocalRedis) async throws -> Bool {
        try await redis.cli("HLEN", "tc:{r}:members") == "1"
    }

    @Test func aReaperThatHasTheLockGoesOn() async throws {
        try await withMember { redis, step in
            try await redis.cli("SET", "tc:reap:\(dead)", "me~1", "PX", "60")
            let found = try await step()
            #expect(found == "0\n1")
            let isLeft = try await hasMember(redis)
            #expect(!isLeft)
            let ttl = try await redis.cli("PTTL", "tc:reap:\(dead)")
            #expect(ttl.count >= 4)
        }
    }

    @Test(arguments: [nil, "other~1"]) func aReaperWithoutItsLockRemovesNobody(holder: String?) async throws {
        try await withMember { redis, step in
            if let holder { try await redis.cli("SET", "tc:reap:\(dead)", holder) }
            let found = try await step()
            #expect(found == "stop\n0")
            let isLeft = try await hasMember(redis)
            #expect(isLeft)
        }
    }

    @Test func aNodeThatIsBackIsReapedNoFurther() async throws {
        try await withMember { redis, step in
            try await redis.cli("SET", "tc:reap:\(dead)", "me~1")
            try await redis.cli("SET", "tc:node:\(dead)", "{}")
            let found = try await step()
            #expect(found == "stop\n0")
            let isLeft = try await hasMember(redis)
            #expect(isLeft)
        }
    }

    @Test func onlyTheReaperForgetsAndOnlyTheDead() async throws {
        let redis = try await LocalRedis.start()
        let script = String(decoding: Script.forget.source, as: UTF8.self)
        let forget = {
            try await redis.cli(
                "EVAL", script, "4", "tc:reap:\(dead)", "tc:node:\(dead)", "tc:node:\(dead):rooms", "tc:nodes",
                "\(dead)", "me~1")
        }
        try await redis.cli("ZADD", "tc:nodes", "1", "\(dead)")
        try await redis.cli("SADD", "tc:node:\(dead):rooms", "r")
        try await redis.cli("SET", "tc:reap:\(dead)", "other~1")
        let outcome1 = try await forget()
        #expect(outcome1 == "0")
        #expect(try await redis.cli("DBSIZE") == "3")
        try await redis.cli("SET", "tc:reap:\(dead)", "me~1")
        try await redis.cli("SET", "tc:node:\(dead)", "{}")
        let outcome2 = try await forget()
        #expect(outcome2 == "0")
        #expect(try await redis.cli("EXISTS", "tc:nodes", "tc:node:\(dead):rooms", "tc:reap:\(dead)") == "2")
        try await redis.cli("DEL", "tc:node:\(dead)")
        try await redis.cli("SET", "tc:reap:\(dead)", "me~1")
        let outcome3 = try await forget()
        #expect(outcome3 == "1")
        #expect(try await redis.cli("DBSIZE") == "0")
        try await redis.stop()
    }

    @Test func aNodeThatWasReapedIsListedAgainWithItsNextMember() async throws {
        let redis = try await LocalRedis.start()
        let id = try NodeID.test("a")
        let node = try await TestNode.start(
            id,
            try RedisBroker.test(redis, id) {
                $0.timing.lease = .seconds(3600)
                $0.timing.renewal = .seconds(1000)
                $0.timing.trustAfter = .seconds(1001)
            })
        try await node.register()
        let (ann, bob) = (try node.occupant("ann", session: "s1"), try node.occupant("bob", session: "s2"))
        try await node.call { [room] in $0.enter(ann, room: room, takingOverFrom: nil) }
        // It was frozen meanwhile, and others reaped it.
        try await redis.cli("DEL", "tc:nodes", "tc:node:\(id)", "tc:node:\(id):rooms", "tc:{r}:members")
        try await node.call { [room] in $0.enter(bob, room: room, takingOverFrom: nil) }
        #expect(try await redis.cli("ZRANGE", "tc:nodes", "0", "-1") == id.value)
        #expect(try await redis.cli("SMEMBERS", "tc:node:\(id):rooms") == "r")
        try await node.call { $0.stop() }
        try await redis.stop()
    }
}
