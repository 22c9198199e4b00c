import Testing

@testable import HiredisClient

@Suite struct PendingCommandsTests {
    private func limits(count: Int = 3, bytes: Int = 100) -> RedisLimits {
        var limits = RedisLimits()
        limits.pendingCommandsMax = count
        limits.pendingBytesMax = bytes
        return limits
    }

    @Test func noMoreThanTheLimitOfCommandsWaits() throws {
        var pending = PendingCommands(limits: limits())
        for _ in 0..<3 {
            try pending.admit(byteCount: 1)
            pending.append(byteCount: 1) { _ in }
        }
        #expect { try pending.admit(byteCount: 1) } throws: { ($0 as? RedisError)?.code == .overloaded }
        pending.sent()
        _ = pending.answered()
        #expect(throws: Never.self) { try pending.admit(byteCount: 1) }
    }

    @Test func noMoreThanTheLimitOfBytesWaits() throws {
        var pending = PendingCommands(limits: limits())
        pending.append(byteCount: 60) { _ in }
        #expect { try pending.admit(byteCount: 41) } throws: { ($0 as? RedisError)?.code == .overloaded }
        try pending.admit(byteCount: 40)
        pending.sent()
        _ = pending.answered()
        try pending.admit(byteCount: 100)
    }

    @Test func aReplyBeforeItsCommandWasSentAnswersNothing() {
        var pending = PendingCommands(limits: limits())
        pending.append(byteCount: 1) { _ in }
        #expect(pending.answered() == nil)
        pending.sent()
        #expect(pending.answered() != nil)
        #expect(pending.answered() == nil)
    }

    @Test func whatIsLeftIsToldApartBySentAndUnsent() {
        var pending = PendingCommands(limits: limits())
        for _ in 0..<2 { pending.append(byteCount: 1) { _ in } }
        pending.sent()
        pending.append(byteCount: 1) { _ in }
        _ = pending.answered()
        let left = pending.takeAll()
        #expect(left.sent.count == 1 && left.unsent.count == 1)
        #expect(pending.count == 0)
        pending.sent()
        #expect(pending.answered() == nil)
    }
}
