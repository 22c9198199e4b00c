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
