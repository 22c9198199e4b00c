import NIOCore
import Testing

@testable import HiredisClient

@Suite struct LinkMachineTests {
    private func machine() -> LinkMachine { LinkMachine(stableAfter: .seconds(1)) }
    private func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64((100 + seconds) * 1e9)) }

    private func up(at now: NIODeadline) -> LinkMachine {
        var machine = machine()
        #expect(machine.started() == .dial)
        #expect(machine.connected() == .handshake)
        machine.becameUp(at: now)
        return machine
    }

    @Test func itDialsShakesHandsAndIsUp() {
        #expect(up(at: time(0)).isUp)
    }

    @Test func startingTwiceDialsOnce() {
        var machine = machine()
        #expect(machine.started() == .dial)
        #expect(machine.started() == .none)
    }

    @Test func failuresInARowAreCounted() {
        var machine = machine()
        _ = machine.started()
        for failure in 1...3 {
            #expect(machine.failed(at: time(0)) == .wait(failures: failure))
            #expect(machine.waited() == .dial)
        }
        #expect(machine.connected() == .handshake)
        #expect(machine.failed(at: time(0)) == .wait(failures: 4))
    }

    @Test func aLinkThatWasUpForLongStartsCountingAnew() {
        var machine = machine()
        _ = machine.started()
        _ = machine.failed(at: time(0))
        for (seconds, failures) in [(0.5, 2), (0.9, 3), (1, 1)] {
            _ = machine.waited()
            _ = machine.connected()
            machine.becameUp(at: time(0))
            #expect(machine.failed(at: time(seconds)) == .wait(failures: failures))
        }
    }

    @Test func stoppingWhileDiallingClosesWhatComes() {
        var machine = machine()
        _ = machine.started()
        #expect(machine.stopRequested() == .none)
        #expect(!machine.isStopped)
        #expect(machine.connected() == .close)
        #expect(machine.isStopped)
    }

    @Test func stoppingWhileDiallingEndsWithItsFailure() {
        var machine = machine()
        _ = machine.started()
        _ = machine.stopRequested()
        #expect(machine.failed(at: time(0)) == .none)
        #expect(machine.isStopped)
    }

    @Test func stoppingClosesAConnection() {
        var up = up(at: time(0))
        #expect(up.stopRequested() == .close)
        #expect(up.isStopped && !up.isUp)
        #expect(up.failed(at: time(1)) == .none)
        var handshaking = machine()
        _ = handshaking.started()
        _ = handshaking.connected()
        #expect(handshaking.stopRequested() == .close)
        handshaking.becameUp(at: time(0))
        #expect(!handshaking.isUp)
    }

    @Test func stoppingEndsTheWait() {
        var waiting = machine()
        _ = waiting.started()
        _ = waiting.failed(at: time(0))
        #expect(waiting.stopRequested() == .none)
        #expect(waiting.isStopped)
        #expect(waiting.waited() == .none)
        #expect(waiting.started() == .none)
        var idle = machine()
        #expect(idle.stopRequested() == .none)
        #expect(idle.isStopped)
    }

    @Test func theWaitDoublesUpToItsLimit() {
        let backoff = Backoff(minimum: .milliseconds(50), maximum: .seconds(1))
        let longest = [1, 2, 3, 4, 5, 6, 100].map { backoff.wait(afterFailures: $0, random: 1) }
        #expect(longest == [50, 100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        #expect(backoff.wait(afterFailures: 1, random: 0) == .zero)
        #expect(backoff.wait(afterFailures: 9, random: 0.5) == .milliseconds(500))
    }
}
