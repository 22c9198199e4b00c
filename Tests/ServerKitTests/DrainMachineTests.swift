import Testing

@testable import ServerKit

@Suite struct DrainMachineTests {
    func draining() -> DrainMachine {
        var machine = DrainMachine()
        _ = machine.signalled()
        return machine
    }

    @Test func theFirstSignalDrainsAndTheSecondEnds() {
        var machine = DrainMachine()
        #expect(machine.signalled() == .drain)
        #expect(machine.state == .draining(.done))
        #expect(machine.signalled() == .exit(.failed))
        #expect(machine.signalled() == .none)
        #expect(machine.state == .ended)
    }

    @Test func aRequestedDrainLeavesTheFirstSignalAsASecond() {
        var machine = DrainMachine()
        #expect(machine.drainRequested() == .drain)
        #expect(machine.drainRequested() == .none)
        #expect(machine.signalled() == .exit(.failed))
    }

    @Test func aFailedServiceDrainsWithItsStatus() {
        var machine = DrainMachine()
        #expect(machine.serviceFailed(.unavailable) == .drain)
        #expect(machine.serviceFailed(.failed) == .none)
        #expect(machine.drainRequested() == .none)
        #expect(machine.drained() == .unavailable)
    }

    @Test func aFailureDuringTheDrainDoesNotStartIt() {
        var machine = draining()
        #expect(machine.serviceFailed(.failed) == .none)
        #expect(machine.drained() == .done)
        #expect(machine.state == .ended)
    }

    @Test func theDeadlineEndsOnlyADrain() {
        var running = DrainMachine()
        #expect(running.deadlinePassed() == .none)
        #expect(running.state == .running)
        var machine = draining()
        #expect(machine.deadlinePassed() == .exit(.failed))
        #expect(machine.deadlinePassed() == .none)
    }

    @Test func afterTheEndNothingHappens() {
        var machine = draining()
        #expect(machine.drained() == .done)
        #expect(machine.signalled() == .none)
        #expect(machine.deadlinePassed() == .none)
        #expect(machine.drainRequested() == .none)
        #expect(machine.serviceFailed(.failed) == .none)
    }
}
