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

    /// A public room whose guests call themselves something else each day.
    @Test func markersOfARoomAreBounded() async throws {
        let redis = try await LocalRedis.start()
        let node = try await TestNode.start(.test("a"), try RedisBroker.test(redis, .test("a")))
        let room = try RoomName.random()
        let fill = "for i=1,\(NoteLimits.markersMax) do redis.call('HSET', KEYS[1], 'u'..i, i..'-0') end"
        try await redis.cli("EVAL", fill, "1", "tc:{\(room)}:read")
        let ann = Principal(try UserName("ann"), isGuest: true)
        let session = try #require(SessionID("s1"))
        let mark = ReadMark(principal: ann, session: session, position: Position(milliseconds: 1, sequence: 0))
        try await node.call { $0.markRead(mark, in: room, isTold: false) }
        #expect(try await node.call { $0.readMarker(of: ann, in: room) } == mark.position)
        #expect(try await redis.cli("HLEN", "tc:{\(room)}:read").hasPrefix("\(NoteLimits.markersMax)"))
        try await node.call { $0.stop() }
        try await redis.stop()
    }

    @Test func listsOfDirectRoomsAreBounded() async throws {
        let redis = try await LocalRedis.start()
        let node = try await TestNode.start(.test("a"), try RedisBroker.test(redis, .test("a")))
        let ann = Principal(try UserName("ann"), isGuest: false)
        for number in 0...DirectLimits.listedMax {
            let pair = try #require(DirectPair(ann, Principal(try UserName("u\(number)"), isGuest: false)))
            try await node.call { $0.noteDirect(pair) }
        }
        #expect(try await node.call { $0.directs(of: ann, limit: 1000) }.count == DirectLimits.listedMax)
        try await node.call { $0.stop() }
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
