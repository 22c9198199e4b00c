import ChatBroker
import ChatTesting
import ChatWire
import NIOCore
import Synchronization
import Testing

@testable import ChatBrokerRedis

@Suite struct LeaseTests {
    func node(
        _ redis: LocalRedis, _ name: String, _ change: (inout RedisBrokerSettings) -> Void = { _ in }
    ) async throws -> TestNode {
        let id = try NodeID.test(name)
        let node = try await TestNode.start(id, try RedisBroker.test(redis, id, change))
        try await node.register()
        return node
    }

    @Test func aNodeThatDiesIsReapedWithinTwoSecondsAndLeavesNoKey() async throws {
        let redis = try await LocalRedis.start()
        let (dead, other) = (try await node(redis, "dead"), try await node(redis, "other"))
        var rooms: [RoomName] = []
        // More rooms than one step takes.
        for number in 0..<120 {
            let room = try RoomName("r\(number)")
            rooms.append(room)
            let ann = try dead.occupant("ann", session: "s\(number)")
            try await dead.call { $0.enter(ann, room: room, takingOverFrom: nil) }
            try await other.call { $0.subscribe(to: room) }
        }
        // It must have been seen alive once, or it is judged later.
        try await Task.sleep(for: .milliseconds(900))
        let started = ContinuousClock.now
        // Its sockets close, and nothing of it is withdrawn: as after a SIGKILL.
        try await dead.call { $0.stop() }
        try await eventually("every room is told") {
            rooms.allSatisfy { other.changes(in: $0).contains { !$0.left.isEmpty } }
        }
        #expect(ContinuousClock.now - started < .seconds(2))
        for room in rooms {
            let left = other.changes(in: room).flatMap(\.left)
            #expect(left.count == 1 && left.first?.reason == .nodeLost && left.first?.occupant.node == dead.id)
        }
        try await eventually("no key of it is left") {
            let keys = try await redis.cli("KEYS", "*\(dead.id)*") + redis.cli("KEYS", "*:members")
            let nodes = try await redis.cli("ZRANGE", "tc:nodes", "0", "-1")
            return keys.isEmpty && nodes == other.id.value
        }
        try await other.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aNodeWhoseLeaseEndedIsDownAndUpAgain() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "own") { $0.timing.renewal = .milliseconds(200) }
        try await eventually("it has a lease") { try await redis.cli("EXISTS", "tc:node:\(own.id)") == "1" }
        try await redis.cli("DEL", "tc:node:\(own.id)")
        try await eventually("it hears of it") { own.states.count == 3 }
        #expect(own.isUp)
        #expect(try await redis.cli("EXISTS", "tc:node:\(own.id)") == "1")
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aNodeThatIsBeingReapedWaitsUntilThatIsOver() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "own") { $0.timing.renewal = .milliseconds(200) }
        try await redis.cli("SET", "tc:reap:\(own.id)", "x")
        try await eventually("it is down") { !own.isUp }
        try await Task.sleep(for: .milliseconds(700))
        #expect(!own.isUp)
        try await redis.cli("DEL", "tc:reap:\(own.id)")
        try await eventually("it is up") { own.isUp }
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aRestartOfTheServerReapsNobody() async throws {
        let redis = try await LocalRedis.start(.init(persistence: .always))
        let nodes = [try await node(redis, "a"), try await node(redis, "b")]
        let room = try RoomName("r")
        for (number, node) in nodes.enumerated() {
            let member = try node.occupant("u\(number)", session: "s\(number)")
            try await node.call { $0.subscribe(to: room) }
            try await node.call { $0.enter(member, room: room, takingOverFrom: nil) }
        }
        try await redis.restart()
        for node in nodes { try await eventually("it is up again") { node.isUp && node.states.count >= 3 } }
        try await Task.sleep(for: .seconds(3))
        for node in nodes { #expect(node.changes(in: room).allSatisfy { $0.left.isEmpty }) }
        #expect(try await nodes[0].call { $0.occupants(of: room) }.count == 2)
        for node in nodes { try await node.call { $0.stop() } }
        try await redis.stop()
    }

    @Test func aChangedRecordIsPublishedBeforeTheNextRenewal() async throws {
        let redis = try await LocalRedis.start()
        let id = try NodeID.test("own")
        // The next renewal by itself comes long after the test.
        let broker = try RedisBroker.test(redis, id) {
            ($0.timing.renewal, $0.timing.trustAfter, $0.timing.lease) = (.seconds(60), .seconds(61), .seconds(200))
        }
        let own = try await TestNode.start(id, broker)
        let isDraining = Mutex(false)
        let record: @Sendable () -> NodeRecord = {
            NodeRecord(
                node: id.name, id: id.value, address: "", version: "",
                state: isDraining.withLock { $0 } ? .draining : .up,
                connections: 0, rooms: 0, messagesPerSecond: 0, started: 1, lagMilliseconds: 0)
        }
        broker.eventLoop.execute { broker.register(record) }
        try await eventually("it is listed") { try await own.call { $0.nodes() }.map(\.state) == [.up] }
        isDraining.withLock { $0 = true }
        broker.eventLoop.execute { broker.recordChanged() }
        try await eventually("it says so") { try await own.call { $0.nodes() }.map(\.state) == [.draining] }
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func withdrawingLeavesNoKeyOfTheNode() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "own")
        let room = try RoomName("r")
        let ann = try own.occupant("ann", session: "s1")
        try await own.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        #expect(try await redis.cli("SMEMBERS", "tc:node:\(own.id):rooms") == "r")
        try await own.call { $0.leave(ann, room: room, reason: .left) }
        try await own.call { $0.withdraw() }
        #expect(try await redis.cli("KEYS", "tc:node*") == "")
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func everyKeyOfARoomAndOfANodeExpires() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "own")
        let room = try RoomName("r")
        let ann = try own.occupant("ann", session: "s1")
        try await own.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try await own.publish("x", in: room)
        try await eventually("all is written") { try await redis.cli("DBSIZE") == "8" }
        for key in try await redis.cli("KEYS", "*").split(separator: "\n")
        where !["tc:nodes", "tc:rooms"].contains(key) {
            #expect(try await redis.cli("PTTL", String(key)).hasPrefix("-") == false, "\(key)")
        }
        try await own.call { $0.stop() }
        try await redis.stop()
    }
}
