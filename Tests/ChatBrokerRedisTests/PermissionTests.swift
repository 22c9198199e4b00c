import ChatBroker
import ChatTesting
import ChatWire
import Foundation
import HiredisClient
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct PermissionTests {
    /// The rule of docs/redis-keyspace.md.
    private static func rule(password: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/redis-keyspace.md"), encoding: .utf8)
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("ACL SETUSER termchat ") })
        return String(line.dropFirst("ACL SETUSER ".count)).replacingOccurrences(of: "PASSWORD", with: password)
    }

    @Test func whatThePageAllowsIsEnough() async throws {
        let redis = try await LocalRedis.start(.init(users: [try Self.rule(password: "secret")]))
        let room = try RoomName("r")
        var nodes: [TestNode] = []
        for name in ["a", "b"] {
            let id = try NodeID.test(name)
            let node = try await TestNode.start(
                id,
                try RedisBroker.test(redis, id) {
                    $0.redis.username = "termchat"
                    $0.redis.password = "secret"
                })
            try await node.register()
            try await node.call { $0.subscribe(to: room) }
            nodes.append(node)
        }
        let (own, other) = (nodes[0], nodes[1])
        let position = Position(milliseconds: 5, sequence: 0)
        let (ann, bob) = (try own.occupant("ann", session: "s1"), try other.occupant("bob", session: "s2"))
        try await own.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try await other.call { $0.enter(bob, room: room, takingOverFrom: nil) }
        own.broker.eventLoop.execute { own.broker.typing(ann.user, session: ann.session, in: room) }
        _ = try await own.call { $0.setTopic("tea", by: ann.user, session: ann.session, in: room) }
        #expect(try await own.call { $0.topic(of: room) }?.text == "tea")
        let principals = (Principal(ann.user, isGuest: false), Principal(bob.user, isGuest: false))
        let mark = ReadMark(principal: principals.0, session: ann.session, position: position)
        try await own.call { $0.markRead(mark, in: room, isTold: true) }
        #expect(try await own.call { $0.readMarker(of: principals.0, in: room) } == position)
        let pair = try #require(DirectPair(principals.0, principals.1))
        try await own.call { $0.noteDirect(pair) }
        #expect(try await own.call { $0.directs(of: principals.1, limit: 5) }.count == 1)
        let receipt = try await own.publish("x", in: room)
        #expect(try await own.page(.after(receipt.id, limit: 5), of: room).isComplete)
        #expect(try await own.page(.before(receipt.id, limit: 5), of: room).entries.isEmpty)
        #expect(try await own.call { $0.occupants(of: room) }.count == 2)
        #expect(try await own.call { $0.send(.announce(text: "tea"), to: nil) } == 2)
        try await eventually("the room is listed") {
            try await own.call { $0.rooms(limit: 5) }.first?.members == 2
        }
        try await own.call { $0.leave(ann, room: room, reason: .left) }
        try await eventually("the other is seen alive, and its sockets end") {
            try await redis.cli("PUBSUB", "NUMSUB", "tc:control").hasSuffix("2")
        }
        try await other.call { $0.stop() }
        try await eventually("the other is reaped", within: .seconds(10)) {
            try await own.call { $0.occupants(of: room) }.isEmpty
        }
        try await eventually("nothing lists it") { try await own.call { $0.nodes() }.count == 1 }
        try await own.call { $0.withdraw() }
        #expect(try await redis.cli("KEYS", "tc:node*") == "")
        #expect(own.states == [.up])
        let denied = try await redis.cli("ACL", "LOG")
        #expect(denied == "", "\(denied)")
        try await own.call { $0.stop() }
        try await redis.stop()
    }
}
