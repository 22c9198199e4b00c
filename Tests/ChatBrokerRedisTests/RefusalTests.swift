import ChatBroker
import ChatTesting
import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// A Redis that is there and refuses writes, and a node that has very much to write.
@Suite struct RefusalTests {
    private func node(
        _ redis: LocalRedis, _ name: String, _ change: (inout RedisBrokerSettings) -> Void = { _ in }
    ) async throws -> TestNode {
        let id = try NodeID.test(name)
        let node = try await TestNode.start(id, try RedisBroker.test(redis, id, change))
        try await node.register()
        return node
    }

    @Test func nobodyIsReapedWhenWritesAreTakenAgain() async throws {
        let redis = try await LocalRedis.start()
        let quick = { @Sendable (settings: inout RedisBrokerSettings) in
            settings.timing.lease = .milliseconds(2500)
            settings.timing.renewal = .milliseconds(1000)
            settings.timing.trustAfter = .milliseconds(1500)
            settings.timing.observation = .milliseconds(100)
        }
        let nodes = [try await node(redis, "a", quick), try await node(redis, "b", quick)]
        let room = try RoomName.random()
        for (number, node) in nodes.enumerated() {
            let member = try node.occupant("u\(number)", session: "s\(number)")
            try await node.call { $0.subscribe(to: room) }
            try await node.call { $0.enter(member, room: room, takingOverFrom: nil) }
        }
        try await eventually("each is seen alive by the other") {
            try await redis.cli("PUBSUB", "NUMSUB", "tc:control").hasSuffix("2")
        }
        try await redis.cli("CONFIG", "SET", "min-replicas-to-write", "1")
        for node in nodes {
            try await eventually("its lease ends", within: .seconds(8)) {
                try await redis.cli("EXISTS", "tc:node:\(node.id)") == "0"
            }
        }
        #expect(nodes.allSatisfy { $0.isUp }, "the links are up all the while")
        try await redis.cli("CONFIG", "SET", "min-replicas-to-write", "0")
        for node in nodes {
            try await eventually("it takes its lease anew", within: .seconds(8)) {
                guard node.isUp else { return false }
                return try await redis.cli("EXISTS", "tc:node:\(node.id)") == "1"
            }
        }
        for node in nodes { #expect(node.changes(in: room).allSatisfy { $0.left.isEmpty }) }
        #expect(try await nodes[0].call { $0.occupants(of: room) }.count == 2)
        for node in nodes { try await node.call { $0.stop() } }
        try await redis.stop()
    }

    @Test func aLeaveIsDoneWhenWritesAreTakenAgain() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "a")
        let room = try RoomName.random()
        let (ann, bob) = (try own.occupant("ann", session: "s1"), try own.occupant("bob", session: "s2"))
        try await own.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try await redis.cli("CONFIG", "SET", "min-replicas-to-write", "1")
        async let left = own.call { $0.leave(ann, room: room, reason: .left) }
        for _ in 0..<2 {
            await #expect {
                try await own.call { $0.enter(bob, room: room, takingOverFrom: nil) }
            } throws: { ($0 as? BrokerError)?.code == .unavailable }
        }
        try await redis.cli("CONFIG", "SET", "min-replicas-to-write", "0")
        let wasThere = try await left
        #expect(wasThere)
        #expect(try await own.call { $0.occupants(of: room) } == [])
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aNodeInVeryManyRoomsPutsItsMembersBack() async throws {
        let redis = try await LocalRedis.start()
        let own = try await node(redis, "a")
        let rooms = try (0..<9_000).map { try RoomName("r\($0)") }
        let ann = try own.occupant("ann", session: "s1")
        let putBack = { @Sendable (broker: any TestedBroker) in
            EventLoopFuture.andAllSucceed(
                rooms.map { broker.reassert([ann], room: $0) }, on: broker.eventLoop)
        }
        try await own.call(putBack)
        try await redis.cli("FLUSHALL")
        try await own.call(putBack)
        #expect(try await redis.cli("SCARD", "tc:node:\(own.id):rooms") == "9000")
        #expect(try await redis.cli("HLEN", "tc:{r8999}:members") == "1")
        #expect(try await own.call { $0.rooms(limit: 10_000) }.count == 9_000)
        try await own.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aServerWhoseDiskIsFullCanBeRead() async throws {
        let redis = try await LocalRedis.start(.init(configuration: ["enable-protected-configs yes"]))
        let writer = try await node(redis, "a")
        let room = try RoomName.random()
        try await writer.publish("kept", in: room)
        let gone = redis.directory.appendingPathComponent("gone")
        try FileManager.default.createDirectory(at: gone, withIntermediateDirectories: false)
        try await redis.cli("CONFIG", "SET", "dir", gone.path)
        try FileManager.default.removeItem(at: gone)
        try await redis.cli("CONFIG", "SET", "save", "3600 1")
        try await redis.cli("BGSAVE")
        try await eventually("Redis says MISCONF") {
            do { return try await redis.cli("PING").contains("MISCONF") } catch {
                return "\(error)".contains("MISCONF")
            }
        }
        let reader = try await TestNode.start(
            try NodeID.test("ctl"), try RedisBroker.test(redis, nil) { $0.probes = false })
        #expect(try await reader.page(.newest(limit: 5), of: room).entries.map(\.text) == ["kept"])
        for node in [reader, writer] { try await node.call { $0.stop() } }
        try await redis.kill()
    }
}
