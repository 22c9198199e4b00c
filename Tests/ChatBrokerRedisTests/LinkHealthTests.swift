import ChatBroker
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct LinkHealthTests {
    func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1) + .milliseconds(milliseconds) }

    func health(probes: Bool = true, hasLease: Bool = false) -> LinkHealth {
        LinkHealth(
            timing: .init(probe: .milliseconds(500), silenceMax: .milliseconds(1500), halfOpenAfter: .seconds(5)),
            probes: probes, hasLease: hasLease)
    }

    /// With both links up and the first probe, nonce 1, echoed at 0 ms.
    func upHealth() -> LinkHealth {
        var health = health()
        _ = health.commandLinkChanged(isUp: true, reason: "", at: at(0))
        _ = health.subscriptionLinkChanged(isUp: true, reason: "", at: at(0))
        _ = health.echoed(1, at: at(0))
        return health
    }

    func isDown(_ action: LinkHealth.Action?) -> Bool {
        if case .announce(.down) = action { true } else { false }
    }

    @Test func isUpWhenAProbeCameBackOverBothLinks() {
        var health = health()
        #expect(health.commandLinkChanged(isUp: true, reason: "", at: at(0)) == [])
        #expect(health.subscriptionLinkChanged(isUp: true, reason: "", at: at(0)) == [.sendProbe(1)])
        #expect(!health.isUp)
        #expect(health.echoed(1, at: at(7)) == [.announce(.up)])
        #expect(health.lag == .milliseconds(7))
    }

    @Test func withoutProbesTheLinksDecide() {
        var health = health(probes: false)
        _ = health.subscriptionLinkChanged(isUp: true, reason: "", at: at(0))
        #expect(health.commandLinkChanged(isUp: true, reason: "", at: at(0)) == [.announce(.up)])
        #expect(health.ticked(at: at(100_000)) == [])
        #expect(health.commandLinkChanged(isUp: false, reason: "x", at: at(1)) == [.announce(.down(reason: "x"))])
    }

    @Test func probesAtItsInterval() {
        var health = upHealth()
        #expect(health.ticked(at: at(250)) == [])
        #expect(health.ticked(at: at(500)) == [.sendProbe(2)])
        #expect(health.ticked(at: at(750)) == [])
    }

    @Test func silenceTakesTheLinkDownAndAnEchoUpAgain() {
        var health = upHealth()
        #expect(health.ticked(at: at(500)) == [.sendProbe(2)])
        #expect(health.ticked(at: at(1000)) == [.sendProbe(3)])
        #expect(health.ticked(at: at(1999)) == [.sendProbe(4)])
        let actions = health.ticked(at: at(2000))
        #expect(actions.count == 1 && isDown(actions.first))
        #expect(!health.isUp)
        #expect(health.echoed(2, at: at(3000)) == [.announce(.up)])
        #expect(health.isUp)
    }

    @Test func longSilenceClosesTheLinks() {
        var health = upHealth()
        _ = health.ticked(at: at(500))
        _ = health.ticked(at: at(2000))
        let actions = health.ticked(at: at(5500))
        guard case .closeLinks = actions.first else { return #expect(Bool(false), "\(actions)") }
        _ = health.commandLinkChanged(isUp: false, reason: "closed", at: at(5501))
        #expect(health.ticked(at: at(9000)) == [])
    }

    @Test func anEchoOfAnEarlierConnectionCountsForNothing() {
        var health = upHealth()
        _ = health.ticked(at: at(500))
        _ = health.subscriptionLinkChanged(isUp: false, reason: "x", at: at(600))
        #expect(health.subscriptionLinkChanged(isUp: true, reason: "", at: at(700)) == [.sendProbe(3)])
        #expect(health.echoed(2, at: at(701)) == [])
        #expect(health.echoed(3, at: at(702)) == [.announce(.up)])
    }

    @Test func aNodeWithALeaseIsUpWhenItHoldsIt() {
        var health = health(hasLease: true)
        _ = health.commandLinkChanged(isUp: true, reason: "", at: at(0))
        _ = health.subscriptionLinkChanged(isUp: true, reason: "", at: at(0))
        #expect(health.echoed(1, at: at(1)) == [.takeLease])
        #expect(health.ticked(at: at(250)) == [.takeLease])
        #expect(health.leaseHeld() == [.announce(.up)])
        #expect(health.leaseHeld() == [])
        let lost = health.leaseLost()
        #expect(lost.count == 2 && isDown(lost.first) && lost.last == .takeLease)
        #expect(health.leaseLost() == [])
        #expect(health.leaseHeld() == [.announce(.up)])
    }

    @Test func registeringLaterKeepsTheLinkUp() {
        var health = upHealth()
        #expect(health.registered() == [.takeLease])
        #expect(health.isUp)
        #expect(health.leaseHeld() == [])
        #expect(health.withdrew() == [])
    }
}
