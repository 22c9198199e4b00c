import NIOCore
import Testing

@testable import ChatClient

@Suite struct BackoffTests {
    let backoff = Backoff(base: .milliseconds(200), cap: .seconds(15))

    @Test func ceilingDoublesUpToTheCap() {
        let ceilings = (0...8).map { backoff.ceiling(attempt: $0).nanoseconds / 1_000_000 }
        #expect(ceilings == [200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000])
    }

    @Test(arguments: [-1, 62, 63, 64, 1000, Int.max])
    func ceilingNeverOverflows(attempt: Int) {
        #expect(backoff.ceiling(attempt: attempt) <= .seconds(15))
    }

    @Test func delaySpreadsOverTheWholeRange() {
        #expect(backoff.delay(attempt: 3, random: 0) == .zero)
        #expect(backoff.delay(attempt: 3, random: 0.5) == .milliseconds(800))
        #expect(backoff.delay(attempt: 3, random: 0.999) < .milliseconds(1600))
    }
}
