import ChatBroker
import ChatCore
import ChatWire
import Testing

@Suite struct RoomFeedTests {
    /// A feed that has read its start: entries 1 to `last`.
    private func live(at last: Int) -> RoomFeed {
        var feed = RoomFeed()
        let started = feed.subscribed()
        #expect(started.read?.query == .newest(limit: 128))
        let step = answer(&feed, started, page(last == 0 ? [] : chain(1...last)))
        #expect(step.becameLive)
        return feed
    }

    /// Answers the read that the step asked for.
    private func answer(_ feed: inout RoomFeed, _ step: RoomFeed.Step, _ page: HistoryPage) -> RoomFeed.Step {
        guard let read = step.read else {
            Issue.record("nothing was to be read")
            return feed.received([])
        }
        return feed.answered(read, with: page)
    }

    private func ids(_ steps: RoomFeed.Step...) -> [Position] {
        steps.flatMap(\.output).flatMap { output -> [Position] in
            guard case .entries(let entries) = output else { return [] }
            return entries.map(\.id)
        }
    }

    private func gaps(_ step: RoomFeed.Step) -> [[Position]] {
        step.output.compactMap { output in
            guard case .gap(let after, let before) = output else { return nil }
            return [after, before]
        }
    }

    @Test func liveEntriesPass() {
        var feed = live(at: 3)
        #expect(ids(feed.received(chain(4...6))) == (4...6).map(position))
        #expect(feed.last == position(6))
    }

    @Test func entriesDuringTheFirstReadAreMerged() {
        var feed = RoomFeed()
        let started = feed.subscribed()
        #expect(ids(feed.received(chain(3...5))).isEmpty)
        let step = answer(&feed, started, page(chain(1...4)))
        #expect(ids(step) == [position(5)])
        #expect(step.becameLive)
    }

    @Test func liveTwinsOfReadEntriesAreDropped() {
        var feed = live(at: 0)
        feed.linkLost()
        let caughtUp = feed.subscribed()
        #expect(ids(answer(&feed, caughtUp, page(chain(1...3)))) == (1...3).map(position))
        #expect(ids(feed.received(chain(2...4))) == [position(4)])
    }

    @Test func aMissingEntryIsReadFromTheHistory() {
        var feed = live(at: 2)
        let hole = feed.received([entry(5, after: 4)])
        #expect(ids(hole).isEmpty)
        #expect(hole.read?.query == .after(position(2), limit: Limits.pageEntriesMax))
        let step = answer(&feed, hole, page(chain(3...5)))
        #expect(ids(step) == (3...5).map(position))
        #expect(gaps(step).isEmpty)
    }

    @Test func whatFitsBeforeAHoleIsDeliveredAtOnce() {
        var feed = live(at: 2)
        let step = feed.received([entry(3, after: 2), entry(6, after: 5)])
        #expect(ids(step) == [position(3)])
        #expect(step.read?.query == .after(position(3), limit: Limits.pageEntriesMax))
    }

    @Test func catchUpReadsPageAfterPage() {
        var feed = live(at: 1)
        feed.linkLost()
        let caughtUp = feed.subscribed()
        #expect(caughtUp.read?.query == .after(position(1), limit: Limits.pageEntriesMax))
        let first = answer(&feed, caughtUp, page(chain(2...3), more: true))
        #expect(ids(first) == [position(2), position(3)])
        #expect(first.read?.query == .after(position(3), limit: Limits.pageEntriesMax))
        #expect(!first.becameLive)
        let second = answer(&feed, first, page(chain(4...4)))
        #expect(ids(second) == [position(4)])
        #expect(second.becameLive)
    }

    @Test func anOlderReadsAnswerIsIgnored() {
        var feed = live(at: 1)
        feed.linkLost()
        let first = feed.subscribed()
        let second = feed.subscribed()
        #expect(ids(answer(&feed, second, page(chain(2...3), more: true))) == [position(2), position(3)])
        let late = answer(&feed, first, page(chain(2...3)))
        #expect(ids(late).isEmpty && !late.becameLive)
        let wasCurrent = first.read.map { feed.failed($0) }
        #expect(wasCurrent == false)
        #expect(!feed.isLive)
    }

    @Test func askingAgainKeepsWhatCameLive() {
        var feed = live(at: 1)
        feed.linkLost()
        _ = feed.subscribed()
        #expect(ids(feed.received(chain(3...4))).isEmpty)
        let again = feed.subscribed()
        #expect(ids(answer(&feed, again, page(chain(2...3)))) == (2...4).map(position))
    }

    @Test func aTrimmedHistoryIsAGap() {
        var feed = live(at: 2)
        feed.linkLost()
        let caughtUp = feed.subscribed()
        let before = answer(&feed, caughtUp, page([entry(8, after: 7), entry(9, after: 8)], complete: false))
        #expect(before.read?.query == .before(position(8), limit: Limits.pageEntriesMax))
        let step = answer(&feed, before, page([], last: 9))
        #expect(gaps(step) == [[position(2), position(8)]])
        #expect(ids(step) == [position(8), position(9)])
        #expect(step.becameLive)
    }

    @Test func aLostTailIsAGapAndTheNewTimelineFollows() {
        var feed = live(at: 5)
        feed.linkLost()
        let caughtUp = feed.subscribed()
        // The history ends at 3: 4 and 5 were lost, and 40 was written after 3.
        let fork = answer(&feed, caughtUp, page([], complete: false, last: 3))
        #expect(fork.read?.query == .newest(limit: Limits.pageEntriesMax))
        let step = answer(&feed, fork, page(chain(1...3)))
        #expect(gaps(step) == [[position(3), position(5)]])
        #expect(ids(feed.received([entry(40, after: 3)])) == [position(40)])
    }

    /// We delivered 1 to 6; the new master lost 3 to 6 and has 4, 5 and 7 of its own instead.
    @Test func whatTheNewTimelineHasInPlaceOfALostTailIsDeliveredToo() {
        var feed = live(at: 6)
        feed.linkLost()
        let caughtUp = feed.subscribed()
        let new = [entry(4, after: 2), entry(5, after: 4), entry(7, after: 5), entry(8, after: 7)]
        // Their ids are not those that we have: the milliseconds are the same, the sequence is not.
        let shifted = new.map { entry in
            var entry = entry
            if entry.id < position(7) { entry.id.sequence = 1 }
            return entry
        }
        let before = answer(&feed, caughtUp, page([shifted[2]], more: true, complete: false, last: 8))
        #expect(before.read?.query == .before(position(7), limit: Limits.pageEntriesMax))
        let found = answer(&feed, before, page(chain(1...2) + shifted[..<2], last: 8))
        #expect(gaps(found) == [[position(2), shifted[0].id]])
        #expect(ids(found) == shifted[..<3].map(\.id))
        #expect(found.read?.query == .after(position(7), limit: Limits.pageEntriesMax))
        #expect(ids(answer(&feed, found, page([shifted[3]]))) == [position(8)])
        #expect(feed.isLive)
    }

    /// More was lost than the ids that are remembered: what was delivered before is not delivered again.
    @Test func aForkFurtherBackThanRememberedDeliversNothingTwice() {
        var feed = RoomFeed(startLimit: 3)
        let started = feed.subscribed()
        _ = answer(&feed, started, page(chain(1...9)))
        feed.linkLost()
        let caughtUp = feed.subscribed()
        let fork = answer(&feed, caughtUp, page([], complete: false, last: 5))
        let step = answer(&feed, fork, page(chain(1...5)))
        #expect(ids(step).isEmpty)
        #expect(gaps(step).count == 1)
        #expect(feed.isLive && feed.last == position(5))
    }

    @Test func anEntryThatNoHistoryHasIsDropped() {
        var feed = live(at: 3)
        let stray = feed.received([entry(99, after: 98)])
        #expect(stray.read != nil)
        #expect(ids(feed.received(chain(4...4))).isEmpty)
        let step = answer(&feed, stray, page([], last: 3))
        #expect(step.becameLive && step.read == nil)
        #expect(ids(step) == [position(4)])
        #expect(ids(feed.received(chain(5...5))) == [position(5)])
    }

    @Test func moreThanTheBufferHoldsIsReadFromTheHistory() {
        var feed = RoomFeed(bufferedMax: 2)
        let started = feed.subscribed()
        _ = feed.received(chain(2...5))
        let step = answer(&feed, started, page(chain(1...1)))
        #expect(step.read?.query == .after(position(1), limit: Limits.pageEntriesMax))
        #expect(ids(answer(&feed, step, page(chain(2...5)))) == (2...5).map(position))
    }

    @Test func aLowerIdIsADivergenceNotADuplicate() {
        var feed = live(at: 9)
        let step = feed.received([entry(7, after: 6)])
        #expect(ids(step).isEmpty || step.read != nil)
    }

    @Test func aFailedReadWaitsForTheLink() {
        var feed = live(at: 1)
        let wasCurrent = feed.received([entry(3, after: 2)]).read.map { feed.failed($0) }
        #expect(wasCurrent == true)
        #expect(!feed.isLive)
        #expect(ids(feed.received(chain(4...4))).isEmpty)
        #expect(feed.subscribed().read?.query == .after(position(1), limit: Limits.pageEntriesMax))
    }

    @Test(arguments: 0..<200) func anyMixOfLossesDeliversEachEntryOnceInOrder(round: Int) {
        let seed = UInt64(round) &* 7919 &+ 17
        var random = SeededGenerator(seed: seed)
        var feed = RoomFeed(startLimit: 8, pageLimit: 5)
        var history: [Entry] = []
        var delivered: [Position] = []
        var inFlight: [Entry] = []
        var reads: [RoomFeed.Read] = []
        var started: Int?
        func take(_ step: RoomFeed.Step) {
            for case .entries(let entries) in step.output { delivered += entries.map(\.id) }
            if !gaps(step).isEmpty { Issue.record("a gap with a whole history, seed \(seed)") }
            if let read = step.read { reads.append(read) }
        }
        func answer(_ read: RoomFeed.Read) {
            guard feed.awaits(read) else { return take(feed.answered(read, with: page([]))) }
            let all: [Entry]
            let limit: Int
            switch read.query {
            case .newest(let count): (all, limit) = (Array(history.suffix(count)), count)
            case .after(let position, let count): (all, limit) = (history.filter { $0.id > position }, count)
            case .before: return
            }
            let answered = HistoryPage(
                entries: Array(all.prefix(limit)), more: all.count > limit, isComplete: true,
                last: history.last?.id ?? .zero)
            if started == nil { started = history.count }
            take(feed.answered(read, with: answered))
        }
        take(feed.subscribed())
        for _ in 0..<120 {
            switch Int.random(in: 0..<13, using: &random) {
            case 0..<4:
                let new = entry(history.count + 1, after: history.count)
                history.append(new)
                inFlight.append(new)
            case 4..<7:
                let count = Int.random(in: 0...inFlight.count, using: &random)
                take(feed.received(Array(inFlight.prefix(count))))
                inFlight.removeFirst(count)
            case 7, 9:
                if let place = reads.indices.randomElement(using: &random) { answer(reads.remove(at: place)) }
            case 10:
                // Asked for again while it may be under way.
                take(feed.subscribed())
            case 11:
                // In no history.
                take(feed.received([entry(history.count + 5000, after: history.count + 4999)]))
            case 8:
                // A message is lost on the way: the next one shows it.
                if !inFlight.isEmpty { inFlight.removeFirst() }
            default:
                feed.linkLost()
                inFlight = []
                reads = []
                take(feed.subscribed())
            }
        }
        take(feed.subscribed())
        while !reads.isEmpty { answer(reads.removeFirst()) }
        let expected = history.dropFirst(started ?? 0).map(\.id)
        #expect(delivered == Array(expected), "seed \(seed)")
    }
}
