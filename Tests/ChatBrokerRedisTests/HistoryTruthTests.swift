import ChatBroker
import ChatTesting
import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// What `since` says when the history expired, or is not the one that the client read.
@Suite struct HistoryTruthTests {
    private func withNode(
        _ age: Duration = .seconds(3600), _ body: (LocalRedis, TestNode, RoomName) async throws -> Void
    ) async throws {
        let redis = try await LocalRedis.start()
        let id = try NodeID.test("a")
        let node = try await TestNode.start(id, try RedisBroker.test(redis, id) { $0.history.age = age })
        try await body(redis, node, try RoomName("r"))
        try await node.call { $0.stop() }
        try await redis.stop()
    }

    @Test func aSilentRoomWhoseHistoryExpiredHasNoGapForWhoSawItsLast() async throws {
        try await withNode(.milliseconds(200)) { redis, node, room in
            let first = try await node.publish("1", in: room)
            let last = try await node.publish("2", in: room)
            try await eventually("the history expires") { try await redis.cli("EXISTS", "tc:{r}:history") == "0" }
            let page = try await node.page(.after(last.id, limit: 5), of: room)
            #expect(page.isComplete && page.entries.isEmpty && page.last == last.id)
            #expect(!(try await node.page(.after(first.id, limit: 5), of: room).isComplete))
            #expect(!(try await node.page(.after(.zero, limit: 5), of: room).isComplete))
            try await node.publish("3", in: room)
            let next = try await node.page(.after(last.id, limit: 5), of: room)
            #expect(next.isComplete && next.entries.map(\.previous) == [last.id])
        }
    }

    @Test func anEntryThatTheNewMasterNeverHadIsAGap() async throws {
        try await withNode { redis, node, room in
            let kept = try await node.publish("1", in: room)
            let lost = try await node.publish("2", in: room)
            // A replica that had not heard of the second became master, and went on.
            try await redis.cli("XDEL", "tc:{r}:history", lost.id.description)
            try await redis.cli("SET", "tc:{r}:last", kept.id.description)
            let other = try await node.publish("3", in: room)
            #expect(!(try await node.page(.after(lost.id, limit: 5), of: room).isComplete))
            let page = try await node.page(.after(kept.id, limit: 5), of: room)
            #expect(page.isComplete && page.entries.map(\.id) == [other.id])
            #expect(page.entries.map(\.previous) == [kept.id])
        }
    }

    @Test(arguments: ["x", "1-2-3", "99999999999999999999-0", ""])
    func aLastIDThatIsNoneHarmsNoEntry(junk: String) async throws {
        try await withNode { redis, node, room in
            try await node.call { $0.subscribe(to: room) }
            let first = try await node.publish("1", in: room)
            try await redis.cli("SET", "tc:{r}:last", junk)
            #expect(try await node.page(.newest(limit: 1), of: room).last == first.id)
            let second = try await node.publish("2", in: room)
            try await eventually("it is delivered") { node.entries(in: room).map(\.id) == [first.id, second.id] }
            #expect(try await node.page(.newest(limit: 5), of: room).entries.map(\.previous) == [.zero, first.id])
        }
    }

    @Test func anEntryWhosePreviousIDIsNoneIsRead() async throws {
        try await withNode { redis, node, room in
            let first = try await node.publish("1", in: room)
            let tail = #""user":"ann","session":"s","key":"k","body":"x"}"#
            try await redis.cli("XADD", "tc:{r}:history", "*", "m", tail, "p", "x")
            for query in [HistoryQuery.newest(limit: 5), .after(.zero, limit: 5)] {
                #expect(try await node.page(query, of: room).entries.map(\.previous) == [.zero, first.id])
            }
            #expect(try await node.page(.newest(limit: 1), of: room).entries.map(\.previous) == [.zero])
        }
    }

    @Test func aRoomThatLostOnlyItsLastIDFindsItAgain() async throws {
        try await withNode { redis, node, room in
            let first = try await node.publish("1", in: room)
            try await redis.cli("DEL", "tc:{r}:last")
            #expect(try await node.page(.newest(limit: 1), of: room).last == first.id)
            try await node.publish("2", in: room)
            #expect(try await node.page(.after(first.id, limit: 5), of: room).entries.map(\.previous) == [first.id])
        }
    }

    @Test func aClockThatWentBackRepeatsNoID() async throws {
        try await withNode { redis, node, room in
            try await redis.cli("SET", "tc:{r}:last", "99999999999999-4")
            let receipt = try await node.publish("1", in: room)
            #expect(receipt.id == Position("99999999999999-5"))
            #expect(try await node.publish("2", in: room).id == Position("99999999999999-6"))
        }
    }

    @Test func aPageIsBoundedInBytesAndTheNextGoesOn() async throws {
        try await withNode { _, node, room in
            let text = String(repeating: "x", count: 60_000)
            var ids: [Position] = []
            for _ in 0..<40 { ids.append(try await node.publish(text, in: room).id) }
            let newest = try await node.page(.newest(limit: 1000), of: room)
            #expect(newest.more && (10...20).contains(newest.entries.count))
            #expect(newest.entries.map(\.id) == Array(ids.suffix(newest.entries.count)))
            var read: [Position] = []
            var isCut = true
            while isCut {
                let page = try await node.page(.after(read.last ?? .zero, limit: 1000), of: room)
                #expect(page.isComplete)
                read += page.entries.map(\.id)
                isCut = page.more
            }
            #expect(read == ids)
            #expect(try await node.page(.newest(limit: 3), of: room).entries.map(\.id) == Array(ids.suffix(3)))
        }
    }

    @Test func garbageOnAChannelIsIgnored() async throws {
        try await withNode { redis, node, room in
            try await node.call { $0.subscribe(to: room) }
            for text in ["", "E", "E9x", "E1mgarbage", "P1", "\u{0}"] {
                try await redis.cli("PUBLISH", "tc:{r}:live", text)
                try await redis.cli("PUBLISH", "tc:control", text)
                try await redis.cli("PUBLISH", "tc:node:\(node.id):inbox", text)
            }
            try await node.publish("1", in: room)
            try await eventually("the entry is heard") { node.entries(in: room).count == 1 }
            #expect(node.isUp)
        }
    }

    @Test func aBrokerWithoutANodeReadsAndPublishesAndLeavesNoTrace() async throws {
        try await withNode { redis, node, room in
            let control = try await TestNode.start(try NodeID.test("ctl"), try RedisBroker.test(redis, nil))
            try await node.call { $0.subscribe(to: room) }
            try await control.publish("hello", in: room)
            try await eventually("the entry is heard") { node.entries(in: room).count == 1 }
            #expect(try await control.call { $0.send(.announce(text: "x"), to: nil) } == 1)
            #expect(try await redis.cli("KEYS", "tc:node*") == "")
            try await control.call { $0.stop() }
        }
    }
}
