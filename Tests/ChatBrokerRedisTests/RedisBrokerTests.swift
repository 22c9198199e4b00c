import ChatBroker
import ChatBrokerRedis
import ChatTesting
import ChatWire
import HiredisClient
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite struct RedisBrokerTests {
    @Test(arguments: BrokerContract.Behaviour.allCases)
    func keepsTheContract(_ behaviour: BrokerContract.Behaviour) async throws {
        let redis = try await LocalRedis.start()
        let contract = BrokerContract { id in
            try RedisBroker.test(redis, id) { $0.history = BrokerContract.history }
        }
        try await contract.check(behaviour)
        try await redis.stop()
    }

    @Test(arguments: FileRegistryContract.Behaviour.allCases)
    func keepsTheContractOfFiles(_ behaviour: FileRegistryContract.Behaviour) async throws {
        let redis = try await LocalRedis.start()
        let contract = FileRegistryContract { id in try RedisBroker.test(redis, id) }
        try await contract.check(behaviour)
        try await redis.stop()
    }

    /// Keys of messages are forgotten after some minutes; a file's line is still known when a sweep tells it a day later.
    @Test func aFileIsAnnouncedOnceHoweverLateItIsToldAgain() async throws {
        let redis = try await LocalRedis.start()
        let node = try await TestNode.start(.test("a"), try RedisBroker.test(redis, .test("a")))
        let room = try RoomName.random()
        let line = FileLine(id: "f1", name: "n", bytes: 1, mediaType: "t/t", sha256: "0", user: "ann", key: "f1")
        let draft = try Draft(announcing: line)
        let first = try await node.call { $0.publish(draft, to: room) }
        for key in ["tc:{\(room)}:keys:0", "tc:{\(room)}:keys:1"] { try await redis.cli("DEL", key) }
        let again = try await node.call { $0.publish(draft, to: room) }
        #expect(again.isDuplicate && again.id == first.id)
        #expect(try await node.page(.newest(limit: 10), of: room).entries.count == 1)
        try await node.call { $0.stop() }
        try await redis.stop()
    }
}

extension RedisBroker {
    /// A broker with the timing of production; only a room's activity is written sooner.
    static func test(
        _ redis: LocalRedis, _ id: NodeID?, _ change: (inout RedisBrokerSettings) -> Void = { _ in }
    ) throws -> RedisBroker {
        var settings = RedisBrokerSettings(redis: try RedisSettings(url: redis.unixURL))
        settings.timing.activity = .milliseconds(200)
        change(&settings)
        return try RedisBroker(
            settings: settings, node: id, on: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "test"))
    }
}
