import NIOCore
import Testing

@testable import ChatClient

@Suite struct ConnectionMachineTests {
    @Test func openingGivesUpAtItsDeadline() {
        var machine = ConnectionMachine(startedAt: at(0))
        #expect(machine.deadline == at(10_000))
        #expect(machine.timerFired(at: at(9_999)) == .nothing)
        #expect(machine.timerFired(at: at(10_000)) == .giveUp)
        #expect(machine.state == .closed)
    }

    @Test func helloIsSentOnce() {
        var machine = ConnectionMachine(startedAt: at(0))
        #expect(machine.opened() == true)
        #expect(machine.opened() == false)
        #expect(machine.isGreeting)
    }

    @Test func greetingKeepsTheDeadlineOfOpening() {
        var machine = greeting()
        machine.heard(at: at(9_000))
        #expect(machine.timerFired(at: at(10_000)) == .giveUp)
    }

    @Test func welcomeCountsOnlyAsAnswerToHello() {
        var machine = ConnectionMachine(startedAt: at(0))
        #expect(machine.welcomed(pingInterval: .seconds(1), at: at(1)) == false)
        #expect(machine.opened() == true)
        #expect(machine.welcomed(pingInterval: .seconds(1), at: at(1)) == true)
        #expect(machine.welcomed(pingInterval: .seconds(1), at: at(2)) == false)
    }

    @Test func silenceAsksAfterOneIntervalAndGivesUpAfterTwo() {
        var machine = open()
        #expect(machine.deadline == at(1_000))
        #expect(machine.timerFired(at: at(1_000)) == .sendPing)
        #expect(machine.deadline == at(2_000))
        #expect(machine.timerFired(at: at(1_999)) == .nothing)
        #expect(machine.timerFired(at: at(2_000)) == .giveUp)
        #expect(machine.timerFired(at: at(3_000)) == .nothing)
    }

    @Test func anySoundStartsTheIntervalAnew() {
        var machine = open()
        #expect(machine.timerFired(at: at(1_000)) == .sendPing)
        machine.heard(at: at(1_900))
        #expect(machine.timerFired(at: at(2_000)) == .nothing)
        #expect(machine.timerFired(at: at(2_900)) == .sendPing)
    }

    @Test func aStoppedProcessAsksBeforeItGivesUp() {
        var machine = open()
        #expect(machine.timerFired(at: at(60_000)) == .sendPing)
        #expect(machine.timerFired(at: at(60_000)) == .nothing)
        machine.heard(at: at(60_001))
        #expect(machine.isOpen)
    }

    @Test(arguments: [0, -5, Int64.max / 1_000_000])
    func absurdIntervalsAreBounded(milliseconds: Int64) {
        var machine = greeting()
        #expect(machine.welcomed(pingInterval: .milliseconds(milliseconds), at: at(0)) == true)
        #expect((machine.deadline ?? at(0)) - at(0) >= .milliseconds(100))
        #expect((machine.deadline ?? at(0)) - at(0) <= .minutes(5))
    }

    @Test func closedIsTheEnd() {
        var machine = open()
        machine.closed()
        machine.heard(at: at(1))
        #expect(machine.deadline == nil)
        #expect(machine.opened() == false)
        #expect(machine.timerFired(at: at(100_000)) == .nothing)
    }

    private func greeting() -> ConnectionMachine {
        var machine = ConnectionMachine(startedAt: at(0))
        _ = machine.opened()
        return machine
    }

    private func open() -> ConnectionMachine {
        var machine = greeting()
        _ = machine.welcomed(pingInterval: .seconds(1), at: at(0))
        return machine
    }
}
