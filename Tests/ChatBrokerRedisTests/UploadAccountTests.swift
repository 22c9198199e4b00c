import ChatBroker
import ChatTesting
import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatBrokerRedis

/// What reserve.lua leaves in Redis, beside the contract that every registry keeps.
@Suite struct UploadAccountTests {
    private let account: UploadAccount
    private let pending = "tc:uploads:{ann}"
    private let bytes = "tc:upload-bytes:{ann}"
    private let counted = "tc:upload-counted:{ann}"
    /// As reserve.lua has it.
    private let notesMax = 64

    init() throws { account = UploadAccount(try UserName("ann")) }

    /// A worker of before `tc:upload-counted` reserved it, and one of now ends it.
    @Test func whatAnOlderWorkerReservedIsGivenBack() async throws {
        try await with { redis, node in
            let end = (Date().timeIntervalSince1970 + 60) * 1000
            try await redis.cli("ZADD", pending, "\(UInt64(end))", "u1")
            try await redis.cli("SET", bytes, "100", "EX", "3600")
            try await release("u1", counting: 70, node)
            #expect(try await value(of: bytes, redis) == "70")
            try await release("u1", counting: 70, node)
            #expect(try await value(of: bytes, redis) == "70")
        }
    }

    /// Which corrects the bytes and leaves the note.
    @Test func whatAnOlderWorkerEndedIsNotGivenBackTwice() async throws {
        try await with { redis, node in
            #expect(try await reserve("u1", node) == .granted)
            try await redis.cli("ZREM", pending, "u1")
            try await redis.cli("INCRBY", bytes, "-100")
            #expect(try await reserve("u2", node) == .granted)
            #expect(try await value(of: bytes, redis) == "100")
            try await release("u2", counting: 0, node)
            #expect(try await value(of: bytes, redis) == "0")
            // Its own worker goes on.
            try await release("u1", counting: 0, node)
            #expect(try await value(of: bytes, redis) == "0")
        }
    }

    /// Which counted it as it was finished, from a reservation of no known length too.
    @Test(arguments: [100, 0]) func whatAnOlderWorkerFinishedCountsOnce(reserved: Int) async throws {
        try await with { redis, node in
            #expect(try await reserve("u1", node, bytes: reserved) == .granted)
            try await redis.cli("ZREM", pending, "u1")
            try await redis.cli("INCRBY", bytes, "\(70 - reserved)")
            try await release("u1", counting: 70, node)
            #expect(try await value(of: bytes, redis) == "70")
        }
    }

    /// The bytes were those of a day that is over.
    @Test func whatAnEarlierDayCountedIsNotTakenFromThisOne() async throws {
        try await with { redis, node in
            #expect(try await reserve("u1", node) == .granted)
            try await redis.cli("HSET", counted, "u1", "100 \(UInt64(Date().timeIntervalSince1970 * 1000) - 1)")
            try await redis.cli("SET", bytes, "50", "EX", "3600")
            try await release("u1", counting: 0, node)
            #expect(try await value(of: bytes, redis) == "50")
        }
    }

    @Test func whatIsNotedOfForgottenUploadsIsBoundedAndEnds() async throws {
        try await with { redis, node in
            for number in 1...200 {
                #expect(try await reserve("u\(number)", node, lifetime: .milliseconds(1)) == .granted)
            }
            try await eventually("all are forgotten") {
                let refused = try await reserve("more", node, bytes: 101, perDay: 100)
                let used = try await value(of: bytes, redis)
                return refused != .granted && used == "0"
            }
            let notes = try #require(Int(try await value(["HLEN", counted], redis)))
            #expect(notes <= notesMax)
            for key in [pending, counted, bytes] where try await value(["EXISTS", key], redis) == "1" {
                let ttl = try #require(Int(try await value(["TTL", key], redis)))
                #expect((1...86_400).contains(ttl), "\(key)")
            }
        }
    }

    private func with(_ body: (LocalRedis, TestNode) async throws -> Void) async throws {
        let redis = try await LocalRedis.start()
        let node = try await TestNode.start(.test("a"), try RedisBroker.test(redis, .test("a")))
        try await body(redis, node)
        try await node.call { $0.stop() }
        try await redis.stop()
    }

    private func reserve(
        _ id: String, _ node: TestNode, bytes: Int = 100, perDay: Int = 0, lifetime: TimeAmount = .minutes(5)
    ) async throws -> ReservationAnswer {
        let reservation = UploadReservation(
            id: id, account: account, bytes: bytes, lifetime: lifetime,
            limits: UploadAllowance(pending: 1000, bytesPerDay: perDay, perMinute: 1000))
        return try await node.call { $0.reserve(reservation) }
    }

    private func release(_ id: String, counting bytes: Int, _ node: TestNode) async throws {
        try await node.call { [account] in $0.release(id, of: account, counting: bytes, reserved: 100) }
    }

    private func value(of key: String, _ redis: LocalRedis) async throws -> String {
        try await value(["GET", key], redis)
    }

    private func value(_ command: [String], _ redis: LocalRedis) async throws -> String {
        try await redis.cli(command).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
