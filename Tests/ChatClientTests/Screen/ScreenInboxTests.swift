import NIOCore
import NIOPosix
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ScreenInboxTests {
    private let inbox = ScreenInbox(loop: MultiThreadedEventLoopGroup.singleton.next())

    private static let key = ScreenEvent.terminal(.key(Key(.enter)))

    @Test func keysComeBeforeAFlood() async {
        for number in 0..<200 { await inbox.put(.session(.latency(.milliseconds(Int64(number))))) }
        inbox.putUrgent(Self.key)
        let first = await inbox.next(until: nil) ?? []
        #expect(first.count == 1 + ScreenInbox.batchMax)
        guard case .terminal = first.first else {
            Issue.record("the key is not the first")
            return
        }
        #expect(await numbers() == Array(ScreenInbox.batchMax..<200))
    }

    @Test func aFloodWaitsForRoom() async {
        let inbox = inbox
        let total = 3 * ScreenInbox.ordinaryMax
        let flood = Task {
            for number in 0..<total { await inbox.put(.session(.latency(.milliseconds(Int64(number))))) }
        }
        var taken: [Int] = []
        while taken.count < total {
            let batch = await numbers()
            #expect(batch.count <= ScreenInbox.batchMax)
            taken += batch
        }
        #expect(taken == Array(0..<total))
        await flood.value
    }

    @Test func aWaitEndsInTime() async {
        let events = await inbox.next(until: .now() + .milliseconds(1))
        #expect(events?.isEmpty == true)
    }

    @Test func anAlarmForALaterWaitDoesNotDelayASoonerOne() async {
        inbox.putUrgent(Self.key)
        _ = await inbox.next(until: .now() + .hours(1))
        let events = await inbox.next(until: .now() + .milliseconds(1))
        #expect(events?.isEmpty == true)
    }

    @Test func anAlarmForASoonerWaitDoesNotEndALaterOne() async {
        inbox.putUrgent(Self.key)
        _ = await inbox.next(until: .now() + .milliseconds(5))
        let end = NIODeadline.now() + .milliseconds(30)
        let events = await inbox.next(until: end)
        #expect(events?.isEmpty == true)
        #expect(NIODeadline.now() >= end)
    }

    @Test func whoeverWaitsForRoomIsLetGoAtTheEnd() async {
        let inbox = inbox
        let flood = Task {
            for number in 0..<2000 { await inbox.put(.session(.latency(.milliseconds(Int64(number))))) }
        }
        _ = await inbox.next(until: nil)
        inbox.close()
        await flood.value
        let isOver = await inbox.next(until: nil).map { _ in false } ?? true
        #expect(isOver)
    }

    private func numbers() async -> [Int] {
        (await inbox.next(until: nil) ?? []).compactMap {
            if case .session(.latency(let time)) = $0 { Int(time.nanoseconds / 1_000_000) } else { nil }
        }
    }
}
