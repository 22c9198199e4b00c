import ChatBroker
import ChatTesting
import ChatWire
import HiredisClient
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// A server that is not the one the links were made to any more.
@Suite struct ServerWatchTests {
    @Test func aReplicaOrAnotherServerIsLeft() {
        let server = RedisServerInfo(isReplica: false, replicationID: "a", runID: "1")
        var watch = ServerWatch()
        #expect(watch.reason(toLeave: server) == nil)
        watch.ofSubscriptions = server
        #expect(watch.reason(toLeave: server) == nil)
        #expect(watch.reason(toLeave: RedisServerInfo(isReplica: true, replicationID: "a", runID: "1")) != nil)
        let withReplica = RedisServerInfo(isReplica: false, replicationID: "b", runID: "1")
        #expect(watch.reason(toLeave: withReplica) == nil)
        watch.ofSubscriptions = RedisServerInfo(isReplica: false, replicationID: "a", runID: "2")
        #expect(watch.reason(toLeave: server) != nil)
    }

    @Test func aReasonIsLoggedOnceWhileTheLinkIsDown() {
        var logged = LoggedReasons()
        let first = [logged.isNew("a"), logged.isNew("a"), logged.isNew("b"), logged.isNew("a")]
        #expect(first == [true, false, true, false])
        logged.cameUp()
        let again = logged.isNew("a")
        #expect(again)
        for number in 0..<100 { _ = logged.isNew("\(number)") }
        let many = logged.isNew("one more")
        #expect(!many)
    }

    @Test(arguments: [true, false]) func aDemotedMasterIsDownUntilItIsOneAgain(isNode: Bool) async throws {
        let (redis, other) = (try await LocalRedis.start(), try await LocalRedis.start())
        let id = try NodeID.test("a")
        let node = try await TestNode.start(
            id, try RedisBroker.test(redis, isNode ? id : nil) { $0.probes = isNode })
        if isNode { try await node.register() }
        try await redis.cli("REPLICAOF", "127.0.0.1", "\(other.port)")
        try await eventually("it is down", within: .seconds(6)) { !node.isUp }
        try await eventually("it says why") {
            try await node.trouble()?.contains("replica") == true
        }
        try await redis.cli("REPLICAOF", "NO", "ONE")
        try await eventually("it is up again") { node.isUp }
        let trouble = try await node.trouble()
        #expect(trouble == nil)
        try await node.call { $0.stop() }
        try await redis.stop()
        try await other.stop()
    }

    @Test func aWriteThatAReplicaRefusesEndsBothLinks() async throws {
        let (redis, other) = (try await LocalRedis.start(), try await LocalRedis.start())
        let id = try NodeID.test("a")
        let node = try await TestNode.start(
            id, try RedisBroker.test(redis, id) { $0.timing.serverCheck = .seconds(3600) })
        try await redis.cli("REPLICAOF", "127.0.0.1", "\(other.port)")
        let room = try RoomName.random()
        await #expect(throws: BrokerError.self) { try await node.publish("x", in: room) }
        try await eventually("it is down") { !node.isUp }
        try await eventually("no connection of it is left") {
            let clients = try await redis.cli("CLIENT", "LIST")
            return !clients.contains("name=\(id)")
        }
        try await node.call { $0.stop() }
        try await redis.stop()
        try await other.stop()
    }

    @Test func aWrongPasswordIsTheTroubleThatIsTold() async throws {
        let redis = try await LocalRedis.start(.init(password: "right"))
        let id = try NodeID.test("a")
        let broker = try RedisBroker.test(redis, id) { $0.redis.password = "wrong-secret" }
        let receiver = Deaf()
        broker.eventLoop.execute { broker.start(receiver) }
        try await eventually("it is told") {
            try await broker.eventLoop.submit { broker.linkTrouble }.get()?.contains("WRONGPASS") == true
        }
        let trouble = try await broker.eventLoop.submit { broker.linkTrouble }.get()
        #expect(trouble?.contains("wrong-secret") == false)
        try await broker.eventLoop.flatSubmit { broker.stop() }.get()
        try await redis.stop()
    }

    @Test func databasesOfOneServerHearNothingOfEachOther() async throws {
        let redis = try await LocalRedis.start()
        let room = try RoomName.random()
        var nodes: [TestNode] = []
        for database in [0, 1] {
            let id = try NodeID.test("a")
            let node = try await TestNode.start(id, try RedisBroker.test(redis, id) { $0.redis.database = database })
            try await node.register()
            try await node.call { $0.subscribe(to: room) }
            nodes.append(node)
        }
        #expect(try await nodes[1].call { $0.send(.announce(text: "tea"), to: nil) } == 1)
        try await nodes[0].publish("zero", in: room)
        try await nodes[1].publish("one", in: room)
        try await eventually("each hears its own") { nodes.allSatisfy { !$0.entries(in: room).isEmpty } }
        #expect(nodes[0].entries(in: room).map(\.text) == ["zero"])
        #expect(nodes[1].entries(in: room).map(\.text) == ["one"])
        #expect(nodes[0].messages.isEmpty)
        for node in nodes { try await node.call { $0.stop() } }
        try await redis.stop()
    }

    @Test func aServersNumberOfSessionsIsNoTrap() {
        #expect(RedisBroker.estimate(users: 500, of: 1000, sessions: 4000) == 2000)
        #expect(RedisBroker.estimate(users: 1000, of: 1000, sessions: .max) == .max)
        #expect(RedisBroker.estimate(users: 3, of: 0, sessions: .min) == .min)
    }
}

/// Hears nothing.
private final class Deaf: BrokerReceiver {
    func received(_ deliveries: [RoomDelivery]) {}
    func linkChanged(to state: LinkState) {}
    func received(_ message: NodeMessage) {}
}

extension TestNode {
    func trouble() async throws -> String? { try await broker.eventLoop.submit { self.broker.linkTrouble }.get() }
}
