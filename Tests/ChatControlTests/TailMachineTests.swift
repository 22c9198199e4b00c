import ChatBroker
import ChatWire
import NIOCore
import Testing

@testable import ChatControl

@Suite struct TailMachineTests {
    private func position(_ number: UInt64) -> Position { Position(milliseconds: number, sequence: 0) }

    private func entry(_ id: UInt64, after previous: UInt64) -> Entry {
        Entry(kind: .message, id: position(id), previous: position(previous), tail: ByteBuffer())
    }

    private func page(_ entries: [Entry], isComplete: Bool = true, last: UInt64 = 0) -> HistoryPage {
        HistoryPage(entries: entries, more: false, isComplete: isComplete, last: position(last))
    }

    @Test func whatFollowsIsPrinted() {
        var tail = TailMachine(last: position(1))
        let heard = [tail.received(entry(2, after: 1)), tail.received(entry(5, after: 2))]
        #expect(heard == [.print, .print])
        #expect(!tail.hasGap)
    }

    @Test func whatWasNotHeardIsReadAndPrintedOnce() {
        var tail = TailMachine(last: position(1))
        let first = tail.received(entry(4, after: 3))
        #expect(first == .read)
        let read = tail.read(page([entry(2, after: 1), entry(3, after: 2), entry(4, after: 3)], last: 4))
        #expect(read == .print(missing: false))
        let late = [tail.received(entry(3, after: 2)), tail.received(entry(4, after: 3))]
        #expect(late == [.ignore, .ignore])
        let next = tail.received(entry(5, after: 4))
        #expect(next == .print)
        #expect(!tail.hasGap)
    }

    @Test func whatIsGoneIsAGap() {
        var tail = TailMachine(last: position(1))
        let read = tail.read(page([entry(7, after: 6)], isComplete: false, last: 7))
        #expect(read == .print(missing: true))
        #expect(tail.hasGap && tail.last == position(7))
    }

    @Test func aHistoryThatLostItsTailGoesOnFromItsOwnNewest() {
        var tail = TailMachine(last: position(9))
        let heard = tail.received(entry(8, after: 5))
        #expect(heard == .read)
        let read = tail.read(page([], isComplete: false, last: 8))
        #expect(read == .print(missing: true))
        #expect(tail.hasGap && tail.last == position(8))
        let next = [tail.received(entry(8, after: 5)), tail.received(entry(10, after: 8))]
        #expect(next == [.ignore, .print])
    }

    @Test func nothingNewIsNoGap() {
        var tail = TailMachine(last: position(1))
        let read = tail.read(page([], last: 1))
        #expect(read == .nothing)
        #expect(!tail.hasGap)
    }

    @Test func theHistoryIsReadBeforeTheEndWhereSomethingMayNotHaveBeenHeard() {
        var tail = TailMachine(last: position(1))
        #expect(tail.owesRead, "nothing was read since the subscription")
        _ = tail.read(page([entry(2, after: 1)], last: 2))
        #expect(!tail.owesRead)
        tail.linkLost()
        _ = tail.read(page([entry(3, after: 2)], last: 3))
        #expect(tail.owesRead, "more may come unheard")
        tail.linkRestored()
        #expect(tail.owesRead)
        _ = tail.read(page([], last: 3))
        #expect(!tail.owesRead)
        let heard = tail.received(entry(5, after: 4))
        #expect(heard == .read && tail.owesRead)
    }
}
