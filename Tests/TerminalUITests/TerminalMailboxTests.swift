import NIOConcurrencyHelpers
import Testing

@testable import TerminalUI

@Suite struct TerminalMailboxTests {
    private let handed = NIOLockedValueBox<[Terminal.Event?]>([])

    private func take(_ mailbox: TerminalMailbox) {
        mailbox.deliver { [handed] event in handed.withLockedValue { $0.append(event) } }
    }

    private func expect(_ events: [Terminal.Event?]) { #expect(handed.withLockedValue(\.self) == events) }

    @Test func theLastSizeTakesThePlaceOfAnEarlierOne() {
        let mailbox = TerminalMailbox {}
        mailbox.post(.resized(columns: 80, rows: 24))
        mailbox.post(.continued)
        mailbox.post(.resized(columns: 100, rows: 30))
        mailbox.end()
        take(mailbox)
        expect([.resized(columns: 100, rows: 30), .continued, nil])
    }

    @Test func aHandlerGetsWhatWaitedAndWhatComes() {
        let mailbox = TerminalMailbox {}
        mailbox.post(.bytes([1]))
        mailbox.post(.resized(columns: 80, rows: 24))
        take(mailbox)
        mailbox.post(.bytes([2]))
        mailbox.post(.bytes([3]))
        let before: [Terminal.Event?] = [.bytes([1]), .resized(columns: 80, rows: 24), .bytes([2]), .bytes([3])]
        expect(before)
        mailbox.stopDelivering()
        mailbox.post(.bytes([4]))
        mailbox.post(.bytes([5]))
        expect(before)
        take(mailbox)
        expect(before + [.bytes([4, 5])])
    }

    @Test func eachHandlerIsToldOnceThatThereIsNoMore() {
        let mailbox = TerminalMailbox {}
        take(mailbox)
        mailbox.end()
        mailbox.end()
        mailbox.post(.continued)
        expect([nil])
        take(mailbox)
        expect([nil, nil])
    }

    @Test func aFullMailboxThatIsHandedOverHasRoom() {
        let timesRoomWasMade = NIOLockedValueBox(0)
        let mailbox = TerminalMailbox { timesRoomWasMade.withLockedValue { $0 += 1 } }
        mailbox.post(.bytes(Array(repeating: 0, count: TerminalMailbox.bytesMax)))
        #expect(mailbox.isFull)
        take(mailbox)
        #expect(!mailbox.isFull)
        #expect(timesRoomWasMade.withLockedValue(\.self) == 1)
    }

    /// One handler after the other takes what another thread posts: nothing is lost, doubled or out of order.
    @Test func handlersChangeWhileEventsCome() async {
        let mailbox = TerminalMailbox {}
        let numbers: [UInt8] = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
        async let posting: Void = Task.detached {
            for number in numbers { mailbox.post(.bytes([number])) }
            mailbox.end()
        }.value
        while handed.withLockedValue({ $0.last != .some(nil) }) {
            take(mailbox)
            await Task.yield()
            mailbox.stopDelivering()
        }
        await posting
        let bytes = handed.withLockedValue(\.self).flatMap { event in
            if case .bytes(let bytes) = event { bytes } else { [UInt8]() }
        }
        #expect(bytes == numbers)
    }
}
