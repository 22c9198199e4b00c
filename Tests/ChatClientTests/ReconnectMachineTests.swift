import ChatWire
import NIOCore
import Testing

@testable import ChatClient

@Suite struct ReconnectMachineTests {
    let first = LinkID(number: 1)
    let second = LinkID(number: 2)
    let lost = LinkEnding.failed("connection lost")

    @Test func startConnectsOnce() {
        var machine = ReconnectMachine()
        #expect(machine.start() == [.connect(first)])
        #expect(machine.start() == [])
    }

    @Test func readyCarriesTheSession() {
        let machine = online()
        #expect(machine.active == first)
        #expect(machine.deadline == nil)
    }

    @Test func readyOfAnUnknownConnectionIsIgnored() {
        var machine = ReconnectMachine()
        _ = machine.start()
        #expect(machine.ready(second, at: at(0)) == [])
        #expect(machine.active == nil)
    }

    @Test func aRefusedTokenIsReplacedOnceUntilItIsWelcomed() {
        var machine = ReconnectMachine(renewsToken: true)
        _ = machine.start()
        let expired = LinkEnding.closed(.tokenExpired, reason: "")
        _ = machine.ready(first, at: at(0))
        #expect(machine.closed(first, expired, at: at(10), random: 0.5) == [.renewToken])
        #expect(machine.timerFired(at: at(99)) == [])
        #expect(machine.renewed(.renewed("t")) == [.connect(second)])
        _ = machine.ready(second, at: at(20))
        #expect(machine.closed(second, expired, at: at(30), random: 0.5) == [.renewToken])
        #expect(machine.renewed(.renewed("t2")) == [.connect(LinkID(number: 3))])
        let reason = StopReason(closeCode: .tokenExpired, reason: "")
        #expect(machine.closed(LinkID(number: 3), expired, at: at(40), random: 0.5) == [.stop(reason)])
    }

    @Test func aTokenRefusedInADrainIsReplacedToo() {
        var machine = ReconnectMachine(renewsToken: true)
        _ = machine.start()
        _ = machine.ready(first, at: at(0))
        _ = machine.draining(first, after: .zero, at: at(0))
        _ = machine.timerFired(at: at(0))
        let refused = LinkEnding.refused(errorFrame(.unauthorized))
        #expect(machine.closed(second, refused, at: at(1), random: 0.5) == [.close(first), .renewToken])
        #expect(machine.stop(StopReason(.closed, "Closed.")) == [.stop(StopReason(.closed, "Closed."))])
        #expect(machine.renewed(.renewed("late")) == [])
    }

    @Test func failuresWaitLongerEachTime() {
        var machine = ReconnectMachine()
        _ = machine.start()
        var now = 0
        for (attempt, wait) in [100, 200, 400, 800].enumerated() {
            let link = LinkID(number: attempt + 1)
            let actions = machine.closed(link, lost, at: at(now), random: 0.5)
            #expect(actions == [.wait(until: at(now + wait), attempt: attempt + 1)])
            #expect(machine.timerFired(at: at(now + wait - 1)) == [])
            #expect(machine.timerFired(at: at(now + wait)) == [.connect(LinkID(number: attempt + 2))])
            now += wait
        }
    }

    @Test func aConnectionThatDidNotLastKeepsTheBackoff() {
        var machine = ReconnectMachine()
        _ = machine.start()
        _ = machine.closed(first, lost, at: at(0), random: 0.5)
        _ = machine.timerFired(at: at(100))
        _ = machine.ready(second, at: at(100))
        #expect(machine.closed(second, lost, at: at(200), random: 0.5) == [.wait(until: at(400), attempt: 2)])
    }

    @Test func aConnectionThatLastedStartsTheBackoffAnew() {
        var machine = ReconnectMachine()
        _ = machine.start()
        _ = machine.closed(first, lost, at: at(0), random: 0.5)
        _ = machine.timerFired(at: at(100))
        _ = machine.ready(second, at: at(100))
        #expect(machine.closed(second, lost, at: at(5_100), random: 0.5) == [.wait(until: at(5_200), attempt: 1)])
    }

    @Test func retryNowEndsTheWait() {
        var machine = online()
        #expect(machine.retryNow() == [])
        _ = machine.closed(first, lost, at: at(0), random: 0.9)
        #expect(machine.retryNow() == [.connect(second)])
    }

    @Test(arguments: [4500, 4501, 4502, 4503, 4504, 4999] as [UInt16])
    func codesFrom4500StopTheSession(code: UInt16) {
        var machine = online()
        let ending = LinkEnding.closed(CloseCode(rawValue: code), reason: "no")
        guard case .stop(let reason) = machine.closed(first, ending, at: at(0), random: 0).first else {
            Issue.record("did not stop")
            return
        }
        #expect(machine.state == .stopped(reason))
        #expect(machine.timerFired(at: at(100_000)) == [])
    }

    @Test(arguments: [1000, 1001, 1011, 3000, 4000, 4001, 4005, 4499, 5000] as [UInt16])
    func otherCodesReconnect(code: UInt16) {
        var machine = online()
        let ending = LinkEnding.closed(CloseCode(rawValue: code), reason: "")
        #expect(machine.closed(first, ending, at: at(0), random: 0.5) == [.wait(until: at(100), attempt: 1)])
    }

    @Test func drainingOpensTheNextConnectionInItsSlotBeforeItClosesTheOld() {
        var machine = online()
        #expect(machine.draining(first, after: .seconds(3), at: at(0)) == [])
        #expect(machine.timerFired(at: at(2_999)) == [])
        #expect(machine.timerFired(at: at(3_000)) == [.connect(second)])
        #expect(machine.active == first)
        #expect(machine.ready(second, at: at(3_010)) == [.use(second)])
        #expect(machine.active == second)
        #expect(machine.settled() == [.close(first)])
        #expect(machine.state == .online(second, since: at(3_010), attempt: 0))
    }

    @Test func settlingHasADeadline() {
        var machine = settling()
        #expect(machine.timerFired(at: at(9_999)) == [])
        #expect(machine.timerFired(at: at(10_000)) == [.close(first)])
        #expect(machine.active == second)
    }

    @Test func theOldConnectionMayEndByItselfWhileSettling() {
        var machine = settling()
        #expect(machine.closed(first, .closed(.replaced, reason: ""), at: at(10), random: 0) == [])
        #expect(machine.state == .online(second, since: at(0), attempt: 0))
    }

    @Test func theOldConnectionMayEndBeforeTheNextIsReady() {
        var machine = handover()
        #expect(machine.closed(first, .closed(.draining, reason: ""), at: at(1), random: 0) == [])
        #expect(machine.state == .connecting(second, attempt: 0))
        #expect(machine.ready(second, at: at(2)) == [.use(second)])
    }

    @Test func aFailedHandoverIsTriedAgainWhileTheOldConnectionWorks() {
        var machine = handover()
        #expect(machine.closed(second, lost, at: at(0), random: 0.5) == [])
        #expect(machine.active == first)
        #expect(machine.timerFired(at: at(100)) == [.connect(LinkID(number: 3))])
    }

    @Test func aHandoverThatIsForbiddenStopsTheSession() {
        var machine = handover()
        let actions = machine.closed(second, .closed(.unauthorized, reason: ""), at: at(0), random: 0)
        #expect(actions.first == .close(first))
        guard case .stopped = machine.state else {
            Issue.record("\(machine.state)")
            return
        }
    }

    @Test func losingTheNextConnectionWhileSettlingStartsOver() {
        var machine = settling()
        let actions = machine.closed(second, lost, at: at(50), random: 0.5)
        #expect(actions == [.close(first), .wait(until: at(150), attempt: 1)])
    }

    @Test func theDrainedConnectionMayCloseBeforeTheSlot() {
        var machine = online()
        _ = machine.draining(first, after: .seconds(3), at: at(0))
        let actions = machine.closed(first, .closed(.draining, reason: ""), at: at(10), random: 0.5)
        #expect(actions == [.wait(until: at(110), attempt: 1)])
    }

    @Test func stopClosesEveryConnection() {
        var machine = settling()
        let reason = StopReason(.closed, "Closed.")
        #expect(machine.stop(reason) == [.close(first), .close(second), .stop(reason)])
        #expect(machine.stop(reason) == [])
        #expect(machine.start() == [])
        #expect(machine.closed(first, lost, at: at(0), random: 0) == [])
    }

    @Test func retryAfterComesBeforeTheJitter() {
        var machine = ReconnectMachine()
        _ = machine.start()
        let ending = LinkEnding.rejected(status: 503, retryAfter: .seconds(7))
        #expect(machine.closed(first, ending, at: at(0), random: 0.5) == [.wait(until: at(7_100), attempt: 1)])
    }

    private func online() -> ReconnectMachine {
        var machine = ReconnectMachine()
        _ = machine.start()
        _ = machine.ready(first, at: at(0))
        return machine
    }

    private func handover() -> ReconnectMachine {
        var machine = online()
        _ = machine.draining(first, after: .zero, at: at(0))
        _ = machine.timerFired(at: at(0))
        return machine
    }

    private func settling() -> ReconnectMachine {
        var machine = handover()
        _ = machine.ready(second, at: at(0))
        return machine
    }
}

@Suite struct LinkEndingTests {
    @Test(arguments: [
        (401, StopReason.Kind.notPermitted), (403, .notPermitted), (400, .failed), (404, .failed), (301, .failed),
    ])
    func statusesThatStop(status: Int, kind: StopReason.Kind) {
        #expect(LinkEnding.rejected(status: status, retryAfter: nil).verdict.stop?.kind == kind)
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504])
    func statusesThatReconnect(status: Int) {
        #expect(LinkEnding.rejected(status: status, retryAfter: nil).verdict == .reconnect(notBefore: nil))
    }

    @Test func aRefusedHelloStopsOrWaits() {
        #expect(
            LinkEnding.refused(errorFrame(.unavailable, retryAfter: 500)).verdict
                == .reconnect(notBefore: .milliseconds(500)))
        #expect(LinkEnding.refused(errorFrame(.unauthorized)).verdict.stop?.kind == .notPermitted)
    }
}

extension LinkEnding.Verdict {
    /// Why the session ends, where no other token can be had.
    fileprivate var stop: StopReason? {
        switch self {
        case .reconnect: nil
        case .stop(let reason), .renewToken(let reason): reason
        }
    }
}
