import NIOCore
import Testing

@testable import ChatUpload

@Suite("The lowest rate of a sender")
struct MinimumRateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func rate() -> MinimumRate { MinimumRate(bytesPerSecond: 1000, grace: .seconds(15), now: start) }

    @Test func whoSendsNothingIsTooSlowAfterTheGrace() {
        let rate = rate()
        #expect(!rate.isTooSlow(at: start + .seconds(14)))
        #expect(rate.isTooSlow(at: start + .seconds(15)))
        #expect(rate.deadline == start + .seconds(15))
    }

    @Test func whoKeepsTheRateGoesOn() {
        var rate = rate()
        for second in 1...3600 {
            let now = start + .seconds(Int64(second))
            #expect(!rate.isTooSlow(at: now))
            rate.received(bytes: 1000, at: now)
        }
    }

    @Test func whoStaysBelowItIsTooSlowInTime() {
        var rate = rate()
        var second: Int64 = 0
        while !rate.isTooSlow(at: start + .seconds(second)), second < 3600 {
            second += 1
            rate.received(bytes: 500, at: start + .seconds(second))
        }
        #expect(second == 30)
    }

    @Test func aBurstBuysNoMoreThanTheGrace() {
        var rate = rate()
        rate.received(bytes: .max, at: start + .seconds(1))
        #expect(!rate.isTooSlow(at: start + .seconds(15)))
        #expect(rate.isTooSlow(at: start + .seconds(16)))
    }

    @Test func timeInWhichTheWorkerDoesNotReadIsFree() {
        var rate = rate()
        rate.paused(at: start + .seconds(10))
        rate.paused(at: start + .seconds(20))
        #expect(rate.deadline == nil && !rate.isTooSlow(at: start + .seconds(1000)))
        rate.resumed(at: start + .seconds(1000))
        rate.resumed(at: start + .seconds(1001))
        #expect(!rate.isTooSlow(at: start + .seconds(1004)))
        #expect(rate.isTooSlow(at: start + .seconds(1005)))
    }
}
