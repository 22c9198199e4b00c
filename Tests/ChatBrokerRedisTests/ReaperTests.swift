import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct ReaperTests {
    let own = NodeID("a~1")!
    let other = NodeID("b~1")!
    let alive = Reaper.Observation(hasLease: true, hasListener: true)
    let silent = Reaper.Observation(hasLease: true, hasListener: false)
    let expired = Reaper.Observation(hasLease: false, hasListener: true)

    func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1) + .milliseconds(milliseconds) }

    /// Up since 0 ms.
    func reaper() -> Reaper {
        var reaper = Reaper(node: own, listenerGoneFor: .seconds(1), trustAfter: .seconds(3))
        reaper.linkChanged(isUp: true, at: at(0))
        return reaper
    }

    @Test func aNodeWithoutALeaseIsDead() {
        var reaper = reaper()
        #expect(reaper.observed([own: expired, other: expired], at: at(3000)) == [other])
        #expect(reaper.observed([own: alive, other: alive], at: at(3400)) == [])
    }

    @Test func aNodeWithoutAListenerIsDeadAfterAWhile() {
        var reaper = reaper()
        #expect(reaper.observed([other: silent], at: at(4000)) == [])
        #expect(reaper.observed([other: silent], at: at(4800)) == [])
        #expect(reaper.observed([other: silent], at: at(5000)) == [other])
        #expect(reaper.observed([other: silent], at: at(5400)) == [other])
    }

    @Test func aListenerThatComesBackStartsTheWhileAnew() {
        var reaper = reaper()
        #expect(reaper.observed([other: silent], at: at(4000)) == [])
        #expect(reaper.observed([other: alive], at: at(4500)) == [])
        #expect(reaper.observed([other: silent], at: at(5000)) == [])
        #expect(reaper.observed([other: silent], at: at(5900)) == [])
    }

    @Test func aNodeThatWasSeenAliveIsJudgedAtOnce() {
        var reaper = reaper()
        #expect(reaper.observed([other: alive], at: at(100)) == [])
        #expect(reaper.observed([other: silent], at: at(500)) == [])
        #expect(reaper.observed([other: silent], at: at(1500)) == [other])
        #expect(reaper.observed([other: expired], at: at(1600)) == [other])
        reaper.linkChanged(isUp: true, at: at(1700))
        #expect(reaper.observed([other: expired], at: at(1800)) == [])
    }

    @Test func aNodeThatWasNotSeenAliveIsJudgedWhenTheOwnLinkHasBeenUpForAWhile() {
        var reaper = reaper()
        #expect(reaper.observed([other: expired], at: at(2999)) == [])
        reaper.linkChanged(isUp: false, at: at(4000))
        #expect(reaper.observed([other: expired], at: at(5000)) == [])
        reaper.linkChanged(isUp: true, at: at(6000))
        #expect(reaper.observed([other: expired], at: at(8999)) == [])
        #expect(reaper.observed([other: silent], at: at(9000)) == [])
        #expect(reaper.observed([other: silent], at: at(9999)) == [])
    }
}
