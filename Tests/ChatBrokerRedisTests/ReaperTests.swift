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

    /// What is said to be dead of such observations.
    private func expect(
        _ reaper: inout Reaper, _ observations: [NodeID: Reaper.Observation], at time: Int64, dead: [NodeID],
        _ location: SourceLocation = #_sourceLocation
    ) {
        let found = reaper.observed(observations, at: at(time))
        #expect(found == dead, sourceLocation: location)
    }

    @Test func aNodeWithoutALeaseIsDead() {
        var reaper = reaper()
        expect(&reaper, [own: expired, other: expired], at: 3000, dead: [other])
        expect(&reaper, [own: alive, other: alive], at: 3400, dead: [])
    }

    @Test func aNodeWithoutAListenerIsDeadAfterAWhile() {
        var reaper = reaper()
        expect(&reaper, [other: silent], at: 4000, dead: [])
        expect(&reaper, [other: silent], at: 4800, dead: [])
        expect(&reaper, [other: silent], at: 5000, dead: [other])
        expect(&reaper, [other: silent], at: 5400, dead: [other])
    }

    @Test func aListenerThatComesBackStartsTheWhileAnew() {
        var reaper = reaper()
        expect(&reaper, [other: silent], at: 4000, dead: [])
        expect(&reaper, [other: alive], at: 4500, dead: [])
        expect(&reaper, [other: silent], at: 5000, dead: [])
        expect(&reaper, [other: silent], at: 5900, dead: [])
    }

    @Test func aNodeThatWasSeenAliveIsJudgedAtOnce() {
        var reaper = reaper()
        expect(&reaper, [other: alive], at: 100, dead: [])
        expect(&reaper, [other: silent], at: 500, dead: [])
        expect(&reaper, [other: silent], at: 1500, dead: [other])
        expect(&reaper, [other: expired], at: 1600, dead: [other])
        reaper.linkChanged(isUp: true, at: at(1700))
        expect(&reaper, [other: expired], at: 1800, dead: [])
    }

    @Test func aNodeThatWasNotSeenAliveIsJudgedWhenTheOwnLinkHasBeenUpForAWhile() {
        var reaper = reaper()
        expect(&reaper, [other: expired], at: 2999, dead: [])
        reaper.linkChanged(isUp: false, at: at(4000))
        expect(&reaper, [other: expired], at: 5000, dead: [])
        reaper.linkChanged(isUp: true, at: at(6000))
        expect(&reaper, [other: expired], at: 8999, dead: [])
        expect(&reaper, [other: silent], at: 9000, dead: [])
        expect(&reaper, [other: silent], at: 9999, dead: [])
    }
}
