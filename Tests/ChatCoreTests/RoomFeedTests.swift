import ChatBroker
import ChatCore
import ChatWire
import Testing

@Suite struct RoomFeedTests {
    /// A feed that has read its start: entries 1 to `last`.
    private func live(at last: Int) -> RoomFeed {
        var feed = RoomFeed()
        #expect(feed.subscribed().read == .newest(limit: 128))
        let step = feed.read(page(last == 0 ? [] : chain(1...last)))
        #expect(step.becameLive)
        return feed
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
        _ = feed.subscribed()
        #expect(ids(feed.received(chain(3...5))).isEmpty)
        let step = feed.read(page(chain(1...4)))
        #expect(ids(step) == [position(5)])
        #expect(step.becameLive)
    }

    @Test func liveTwinsOfReadEntriesAreDropped() {
        var feed = live(at: 0)
        feed.linkLost()
        _ = feed.subscribed()
        #expect(ids(feed.read(page(chain(1...3)))) == (1...3).map(position))
        #expect(ids(feed.received(chain(2...4))) == [position(4)])
    }

    @Test func aMissingEntryIsReadFromTheHistory() {
        var feed = live(at: 2)
        let hole = feed.received([entry(5, after: 4)])
        #expect(ids(hole).isEmpty)
        #expect(hole.read == .after(position(2), limit: Limits.pageEntriesMax))
        let step = feed.read(page(chain(3...5)))
        #expect(ids(step) == (3...5).map(position))
        #expect(gaps(step).isEmpty)
    }

    @Test func whatFitsBeforeAHoleIsDeliveredAtOnce() {
        var feed = live(at: 2)
        let step = feed.received([entry(3, after: 2), entry(6, after: 5)])
        #expect(ids(step) == [position(3)])
        #expect(step.read == .after(position(3), limit: Limits.pageEntriesMax))
    }

    @Test func catchUpReadsPageAfterPage() {
        var feed = live(at: 1)
        feed.linkLost()
        #expect(feed.subscribed().read == .after(position(1), limit: Limits.pageEntriesMax))
        let first = feed.read(page(chain(2...3), more: true))
        #expect(ids(first) == [position(2), position(3)])
        #expect(first.read == .after(position(3), limit: Limits.pageEntriesMax))
        #expect(!first.becameLive)
        let second = feed.read(page(chain(4...4)))
        #expect(ids(second) == [position(4)])
        #expect(second.becameLive)
    }

    @Test func aTrimmedHistoryIsAGap() {
        var feed = live(at: 2)
        feed.linkLost()
        _ = feed.subscribed()
        let step = feed.read(page([entry(8, after: 7), entry(9, after: 8)], complete: false))
        #expect(gaps(step) == [[position(2), position(8)]])
        #expect(ids(step) == [position(8), position(9)])
    }

    @Test func aLostTailIsAGapAndTheNewTimelineFollows() {
        var feed = live(at: 5)
        feed.linkLost()
        _ = feed.subscribed()
        // The history ends at 3: 4 and 5 were lost, and 40 was written after 3.
        let fork = feed.read(page([], complete: false, last: 3))
        #expect(fork.read == .newest(limit: Limits.pageEntriesMax))
        let step = feed.read(page(chain(1...3)))
        #expect(gaps(step) == [[position(3), position(5)]])
        #expect(ids(feed.received([entry(40, after: 3)])) == [position(40)])
    }

    @Test func aLowerIdIsADivergenceNotADuplicate() {
        var feed = live(at: 9)
        let step = feed.received([entry(7, after: 6)])
        #expect(ids(step).isEmpty || step.read != nil)
    }

    @Test func aFailedReadWaitsForTheLink() {
        var feed = live(at: 1)
        _ = feed.received([entry(3, after: 2)])
        feed.readFailed()
        #expect(!feed.isLive)
        #expect(ids(feed.received(chain(4...4))).isEmpty)
        #expect(feed.subscribed().read == .after(position(1), limit: Limits.pageEntriesMax))
    }

    @Test(arguments: 0..<200) func anyMixOfLossesDeliversEachEntryOnceInOrder(round: Int) {
        let seed = UInt64(round) &* 7919 &+ 17
        var random = SeededGenerator(seed: seed)
        var feed = RoomFeed(startLimit: 8, pageLimit: 5)
        var history: [Entry] = []
        var delivered: [Position] = []
        var inFlight: [Entry] = []
        var reads: [HistoryQuery] = []
        var started: Int?
        func take(_ step: RoomFeed.Step) {
            for case .entries(let entries) in step.output { delivered += entries.map(\.id) }
            if !gaps(step).isEmpty { Issue.record("a gap with a whole history, seed \(seed)") }
            if let read = step.read { reads.append(read) }
        }
        func answer(_ query: HistoryQuery) {
            let all: [Entry]
            let limit: Int
            switch query {
            case .newest(let count): (all, limit) = (Array(history.suffix(count)), count)
            case .after(let position, let count): (all, limit) = (history.filter { $0.id > position }, count)
            case .before: return
            }
            let answered = HistoryPage(
                entries: Array(all.prefix(limit)), more: all.count > limit, isComplete: true,
                last: history.last?.id ?? .zero)
            if started == nil { started = history.count }
            take(feed.read(answered))
        }
        take(feed.subscribed())
        for _ in 0..<120 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let new = entry(history.count + 1, after: history.count)
                history.append(new)
                inFlight.append(new)
            case 4..<7:
                let count = Int.random(in: 0...inFlight.count, using: &random)
                take(feed.received(Array(inFlight.prefix(count))))
                inFlight.removeFirst(count)
            case 7:
                if !reads.isEmpty { answer(reads.removeFirst()) }
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
        feed.linkLost()
        reads = []
        take(feed.subscribed())
        while !reads.isEmpty { answer(reads.removeFirst()) }
        let expected = history.dropFirst(started ?? 0).map(\.id)
        #expect(delivered == Array(expected), "seed \(seed)")
    }
}
