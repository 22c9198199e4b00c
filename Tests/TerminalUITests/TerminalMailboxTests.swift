import Testing

@testable import TerminalUI

@Suite struct TerminalMailboxTests {
    @Test func theLastSizeTakesThePlaceOfAnEarlierOne() async {
        let mailbox = TerminalMailbox {}
        mailbox.post(.resized(columns: 80, rows: 24))
        mailbox.post(.continued)
        mailbox.post(.resized(columns: 100, rows: 30))
        mailbox.end()
        #expect(await mailbox.next() == .resized(columns: 100, rows: 30))
        #expect(await mailbox.next() == .continued)
        #expect(await mailbox.next() == nil)
    }
}
