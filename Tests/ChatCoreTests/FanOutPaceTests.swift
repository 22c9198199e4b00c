import ChatCore
import NIOCore
import Testing

@Suite struct FanOutPaceTests {
    private func at(_ microseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .microseconds(microseconds)
    }

    @Test func aQuietShardDeliversAtOnce() {
        var pace = FanOutPace()
        #expect(pace.due(arrivedAt: at(0)) == at(0))
        pace.delivered(from: at(0), to: at(100))
        #expect(pace.due(arrivedAt: at(100)) == at(100))
    }

    @Test func whatComesLongAfterTheLastDeliveryDoesNotWait() {
        var pace = FanOutPace()
        pace.delivered(from: at(0), to: at(4000))
        #expect(pace.due(arrivedAt: at(6000)) == at(6000))
    }

    @Test func underLoadTheShardRestsAsLongAsItWorked() {
        var pace = FanOutPace()
        pace.delivered(from: at(0), to: at(2000))
        #expect(pace.due(arrivedAt: at(2000)) == at(4000))
        #expect(pace.due(arrivedAt: at(2999)) == at(4000))
    }

    @Test func theRestHasALimit() {
        var pace = FanOutPace()
        pace.delivered(from: at(0), to: at(40_000))
        #expect(pace.due(arrivedAt: at(40_000)) == at(45_000))
        #expect(pace.due(arrivedAt: at(50_000)) == at(50_000))
    }
}
