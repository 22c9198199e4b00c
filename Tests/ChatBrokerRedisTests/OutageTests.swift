import ChatBroker
import ChatTesting
import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// What becomes of entries when the links or the server break under traffic.
@Suite(.serialized) struct OutageTests {
    @Test(arguments: ["normal", "pubsub"]) func killedConnectionsLoseAndDoubleNothing(_ type: String) async throws {
        try await withTraffic { redis, traffic in
            for _ in 0..<5 {
                try await redis.cli("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes")
                try await traffic.settle()
            }
        }
    }

    @Test func aStalledServerIsDownAndUpAgain() async throws {
        try await withTraffic(["enable-debug-command local"]) { redis, traffic in
            async let sleep = redis.cli("DEBUG", "SLEEP", "3")
            for node in traffic.nodes {
                try await eventually("\(node.id) hears nothing", within: .seconds(3)) { !node.isUp }
            }
            _ = try await sleep
            try await traffic.settle()
        }
    }

    @Test func aFrozenServerHasItsLinksMadeAnew() async throws {
        try await withTraffic { redis, traffic in
            let before = try await clients(of: redis)
            redis.pause()
            for node in traffic.nodes { try await eventually("\(node.id) hears nothing") { !node.isUp } }
            // Half-open sockets are closed after five seconds without an answer.
            try await Task.sleep(for: .seconds(6))
            redis.resume()
            try await traffic.settle()
            #expect(try await clients(of: redis).isDisjoint(with: before))
        }
    }

    @Test func aRestartThatKeepsItsDataLosesAndDoublesNothing() async throws {
        try await withTraffic(persistence: .always) { redis, traffic in
            for _ in 0..<2 {
                try await redis.restart()
                try await traffic.settle()
            }
        }
    }

    @Test func flushedScriptsAreSentAgain() async throws {
        try await withTraffic { redis, traffic in
            for _ in 0..<5 {
                try await redis.cli("SCRIPT", "FLUSH")
                try await traffic.settle()
            }
            #expect(traffic.nodes.allSatisfy { $0.states == [.up] })
        }
    }

    @Test func aFullServerRefusesAndStoresNothing() async throws {
        let redis = try await LocalRedis.start()
        let id = try NodeID.test("a")
        let node = try await TestNode.start(id, try RedisBroker.test(redis, id))
        let room = try RoomName.random()
        let ann = try node.occupant("ann", session: "s1")
        let bob = try node.occupant("bob", session: "s2")
        try await node.register()
        try await node.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        let stored = try await node.publish("first", key: "k", in: room)
        try await redis.cli("CONFIG", "SET", "maxmemory", "1")
        await #expect { try await node.publish("second", in: room) } throws: {
            ($0 as? BrokerError)?.code == .unavailable
        }
        await #expect {
            try await node.call { $0.enter(bob, room: room, takingOverFrom: nil) }
        } throws: { ($0 as? BrokerError)?.code == .unavailable }
        #expect(try await node.publish("first", key: "k", in: room) == Receipt(id: stored.id, isDuplicate: true))
        #expect(try await node.call { $0.leave(ann, room: room, reason: .left) })
        await #expect {
            try await node.call {
                $0.reserve(
                    UploadReservation(
                        id: "id", account: UploadAccount(ann.user), bytes: 1, lifetime: .seconds(60),
                        limits: UploadAllowance(pending: 1, bytesPerDay: 0, perMinute: 9)))
            }
        } throws: { ($0 as? BrokerError)?.code == .unavailable }
        try await redis.cli("CONFIG", "SET", "maxmemory", "0")
        try await node.publish("third", in: room)
        #expect(try await node.page(.newest(limit: 9), of: room).entries.map(\.text) == ["first", "third"])
        #expect(try await node.call { $0.occupants(of: room) } == [])
        #expect(node.states == [.up])
        try await node.call { $0.stop() }
        try await redis.stop()
    }

    @Test func whatIsPublishedWhileTheLinkIsDownIsRefusedAtOnce() async throws {
        let redis = try await LocalRedis.start()
        let id = try NodeID.test("a")
        let node = try await TestNode.start(id, try RedisBroker.test(redis, id))
        let room = try RoomName.random()
        let ann = try node.occupant("ann", session: "s1")
        try await node.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try await redis.kill()
        try await eventually("the link is down") { !node.isUp }
        await #expect { try await node.publish("x", in: room) } throws: { ($0 as? BrokerError)?.code == .unavailable }
        // A leave is kept until it can be done.
        async let left = node.call { $0.leave(ann, room: room, reason: .left) }
        try await redis.restart()
        #expect(try await left == false, "the server lost its data, the member with it")
        try await node.call { $0.stop() }
        try await redis.stop()
    }

    /// The ids of the nodes' connections.
    private func clients(of redis: LocalRedis) async throws -> Set<Substring> {
        let lines = try await redis.cli("CLIENT", "LIST").split(separator: "\n").filter { $0.contains("~") }
        return Set(lines.compactMap { $0.split(separator: " ").first })
    }

    /// Two nodes that publish to one room all the while `disturb` runs; then every receipt must be in the history once,
    /// in an unbroken chain, and nothing twice.
    private func withTraffic(
        _ configuration: [String] = [], persistence: LocalRedis.Options.Persistence = .none,
        _ disturb: (LocalRedis, Traffic) async throws -> Void
    ) async throws {
        let redis = try await LocalRedis.start(.init(persistence: persistence, configuration: configuration))
        let traffic = try await Traffic.start(redis)
        try await traffic.settle()
        try await disturb(redis, traffic)
        try await traffic.check()
        try await redis.stop()
    }
}

/// Nodes that publish numbered messages, each again with its key until it has a receipt, as clients do.
final class Traffic: @unchecked Sendable {
    let nodes: [TestNode]
    let room: RoomName
    private let lock = NSLock()
    private var receipts: [Receipt] = []
    private var isEnding = false
    private var writers: [Task<Void, any Error>] = []

    static func start(_ redis: LocalRedis) async throws -> Traffic {
        var nodes: [TestNode] = []
        for name in ["a", "b"] {
            let id = try NodeID.test(name)
            let node = try await TestNode.start(id, try RedisBroker.test(redis, id))
            try await node.register()
            nodes.append(node)
        }
        let traffic = Traffic(nodes, try RoomName.random())
        for node in nodes { try await node.call { [room = traffic.room] in $0.subscribe(to: room) } }
        for number in 0..<8 {
            let node = nodes[number % 2]
            traffic.writers.append(Task { try await traffic.write(from: node, writer: number) })
        }
        return traffic
    }

    private init(_ nodes: [TestNode], _ room: RoomName) {
        self.nodes = nodes
        self.room = room
    }

    private func write(from node: TestNode, writer: Int) async throws {
        var count = 0
        while !lock.withLock({ isEnding }) {
            let text = "\(writer)/\(count)"
            do {
                let receipt = try await node.publish(text, by: "u\(writer)", key: text, in: room)
                lock.withLock { receipts.append(receipt) }
                count += 1
            } catch let error as BrokerError where error.code == .unavailable {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Waits until both nodes are up and a hundred more receipts came.
    func settle() async throws {
        let before = lock.withLock { receipts.count }
        try await eventually("traffic flows again", within: .seconds(30)) {
            nodes.allSatisfy(\.isUp) && lock.withLock { receipts.count } >= before + 100
        }
    }

    func check() async throws {
        lock.withLock { isEnding = true }
        for writer in writers { try await writer.value }
        var entries: [Entry] = []
        while true {
            // The last disturbance may only now be noticed.
            var read: HistoryPage?
            try await eventually("the history can be read") {
                read = try? await nodes[0].page(.after(entries.last?.id ?? .zero, limit: 1000), of: room)
                return read != nil
            }
            let page = try #require(read)
            #expect(page.isComplete)
            entries += page.entries
            guard page.more else { break }
        }
        #expect(Set(entries.map(\.id)) == Set(receipts.map(\.id)), "each receipt is an entry and each entry has one")
        #expect(entries.count == Set(entries.map(\.text)).count, "nothing is stored twice")
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $1.previous == $0.id && $0.id < $1.id }, "one chain")
        #expect(entries.first?.previous == .zero)
        for node in nodes {
            let heard = node.entries(in: room).map(\.id)
            #expect(heard.count == Set(heard).count, "nothing is heard twice")
            #expect(heard == heard.sorted(), "all is heard in order")
        }
        for node in nodes { try await node.call { $0.stop() } }
    }
}
