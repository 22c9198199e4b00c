import ChatWire
import Testing

@testable import ChatClient

@Suite struct RoomLogTests {
    @Test func theFirstJoinShowsRecentEntriesWithoutAGap() {
        var log = RoomLog()
        log.joinSent()
        let steps = log.joined(joinedFrame(entries(5...7), at: 7, more: true))
        #expect(steps == entries(5...7).map { .show($0) } + [.caughtUp(missed: 3)])
        #expect(log.last == position(7))
    }

    @Test func anEmptyRoomIsLiveFromItsPosition() {
        var log = RoomLog()
        log.joinSent()
        #expect(log.joined(joinedFrame([], at: 0)) == [.caughtUp(missed: 0)])
        #expect(log.received(entry(1)) == [.show(entry(1))])
    }

    @Test func joiningWithoutEntriesFollowsThePosition() {
        var log = RoomLog()
        log.joinSent()
        #expect(log.joined(joinedFrame([], at: 9)) == [.caughtUp(missed: 0)])
        #expect(log.received(entry(10)) == [.show(entry(10))])
    }

    @Test func liveEntriesAreShownInOrder() {
        var log = live(at: 3)
        #expect(log.received(entry(4)) == [.show(entry(4))])
        #expect(log.received(entry(5)) == [.show(entry(5))])
    }

    @Test func aRepeatedEntryIsDropped() {
        var log = live(at: 3)
        _ = log.received(entry(4))
        #expect(log.received(entry(4)) == [])
        #expect(log.received(entry(3)) == [])
    }

    @Test func aHoleIsFetchedBeforeLaterEntriesAreShown() {
        var log = live(at: 3)
        #expect(log.received(entry(6)) == [.fetch(after: position(3))])
        #expect(log.received(entry(7)) == [])
        let steps = log.page(entries(4...6), more: false)
        #expect(steps == entries(4...7).map { .show($0) } + [.caughtUp(missed: 4)])
        #expect(log.received(entry(8)) == [.show(entry(8))])
    }

    @Test func aPageThatIsCutIsFollowedByTheNext() {
        var log = live(at: 3)
        _ = log.received(entry(9))
        #expect(log.page(entries(4...5), more: true) == entries(4...5).map { .show($0) } + [.fetch(after: position(5))])
        #expect(log.page(entries(6...9), more: false).last == .caughtUp(missed: 6))
    }

    @Test func theGapThatAJoinToldIsNotShownAgain() {
        var log = RoomLog(since: position(2))
        log.joinSent()
        let steps = log.joined(joinedFrame(entries(5...6), at: 6, complete: false))
        #expect(steps.first == .gap(after: position(2), before: position(5)))
        #expect(log.received(gapAfter: position(2), before: position(5)) == [])
        #expect(log.received(entry(7)) == [.show(entry(7))])
        #expect(
            log.received(gapAfter: position(7), before: position(9)) == [.gap(after: position(7), before: position(9))])
    }

    @Test func whatTheHistoryLacksIsAGap() {
        var log = live(at: 3)
        _ = log.received(entry(6))
        let steps = log.page([entry(6)], more: false)
        #expect(steps == [.gap(after: position(3), before: position(6)), .show(entry(6)), .caughtUp(missed: 1)])
    }

    @Test func anEmptyPageMakesTheHeldEntryFollowAGap() {
        var log = live(at: 3)
        _ = log.received(entry(6))
        let steps = log.page([], more: false)
        #expect(steps == [.gap(after: position(3), before: position(6)), .show(entry(6)), .caughtUp(missed: 1)])
    }

    @Test func aHoleThatCameAfterTheFetchWasSentIsFetchedAgain() {
        var log = live(at: 3)
        _ = log.received(entry(6))
        _ = log.received(entry(9))
        let steps = log.page(entries(4...6), more: false)
        #expect(steps == entries(4...6).map { .show($0) } + [.fetch(after: position(6))])
        #expect(log.page(entries(7...9), more: false).last == .caughtUp(missed: 6))
    }

    @Test func joiningAgainShowsWhatWasMissed() {
        var log = live(at: 3)
        log.disconnected()
        log.joinSent()
        let steps = log.joined(joinedFrame(entries(4...5), at: 5))
        #expect(steps == entries(4...5).map { .show($0) } + [.caughtUp(missed: 2)])
    }

    @Test func joiningAgainPagesUntilItIsComplete() {
        var log = live(at: 3)
        log.disconnected()
        log.joinSent()
        let steps = log.joined(joinedFrame(entries(4...5), at: 8, more: true))
        #expect(steps == entries(4...5).map { .show($0) } + [.fetch(after: position(5))])
        #expect(log.received(entry(9)) == [])
        #expect(log.page(entries(6...8), more: false) == entries(6...9).map { .show($0) } + [.caughtUp(missed: 6)])
    }

    @Test func anIncompleteJoinSaysTheGapFirst() {
        var log = live(at: 3)
        log.disconnected()
        log.joinSent()
        let steps = log.joined(joinedFrame([entry(8), entry(9)], at: 9, complete: false))
        #expect(
            steps == [
                .gap(after: position(3), before: position(8)), .show(entry(8)), .show(entry(9)), .caughtUp(missed: 2),
            ])
    }

    @Test func aRoomThatLostItsTailFollowsItsNewEnd() {
        var log = live(at: 110)
        log.disconnected()
        log.joinSent()
        let steps = log.joined(joinedFrame([], at: 105, complete: false))
        #expect(steps == [.gap(after: position(110), before: position(105)), .caughtUp(missed: 0)])
        #expect(log.received(entry(106)) == [.show(entry(106))])
    }

    @Test func anUnknownLowerIdAsksWhichHistoryHolds() {
        var log = live(at: 110)
        #expect(log.received(entry(50)) == [.rejoin])
    }

    @Test func aGapFrameIsShownAndTheNextEntryFollowsIt() {
        var log = live(at: 3)
        let gap = log.received(gapAfter: position(3), before: position(9))
        #expect(gap == [.gap(after: position(3), before: position(9))])
        #expect(log.received(entry(9)) == [.show(entry(9))])
        #expect(log.received(entry(10)) == [.show(entry(10))])
    }

    @Test func aHoleRightAfterAGapFrameIsFetchedWithoutASecondGap() {
        var log = live(at: 3)
        _ = log.received(gapAfter: position(3), before: position(9))
        #expect(log.received(entry(10)) == [.fetch(after: position(9).predecessor)])
        #expect(log.page(entries(9...10), more: false) == entries(9...10).map { .show($0) } + [.caughtUp(missed: 2)])
    }

    @Test func slowJoinsAgainFromTheLastShown() {
        var log = live(at: 3)
        #expect(log.slowed() == [.rejoin])
        log.joinSent()
        #expect(log.last == position(3))
        #expect(log.joined(joinedFrame([entry(4)], at: 4)) == [.show(entry(4)), .caughtUp(missed: 1)])
    }

    @Test func aRefusedPageIsAskedForAgain() {
        var log = live(at: 3)
        _ = log.received(entry(6))
        log.pageFailed()
        #expect(log.state == .stalled)
        #expect(log.received(entry(7)) == [])
        #expect(log.resume() == [.fetch(after: position(3))])
        #expect(log.page(entries(4...7), more: false).count == 5)
    }

    @Test func tooManyHeldEntriesAreFetchedInstead() {
        var log = live(at: 1)
        let last = 3 + ClientLimits.heldEntriesMax
        for number in 3...last { _ = log.received(entry(number)) }
        let steps = log.page([entry(2), entry(3)], more: false)
        #expect(steps == [.show(entry(2)), .show(entry(3)), .fetch(after: position(3))])
        #expect(log.page(entries(4...last), more: false).last == .caughtUp(missed: last - 1))
    }

    @Test func answersThatNobodyWaitsForAreIgnored() {
        var log = live(at: 3)
        #expect(log.page(entries(4...5), more: false) == [])
        #expect(log.joined(joinedFrame(entries(4...5), at: 5)) == [])
        #expect(log.resume() == [])
        log.pageFailed()
        #expect(log.state == .live)
    }

    private func live(at last: Int) -> RoomLog {
        var log = RoomLog()
        log.joinSent()
        _ = log.joined(joinedFrame([entry(last)], at: last))
        return log
    }
}
