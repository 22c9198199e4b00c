import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import Testing

@Suite struct RoomSearchTests {
    /// A room of so many entries; those whose numbers are multiples of `every` say `tea`.
    private struct History {
        var count: Int
        var every: Int

        func page(_ query: HistoryQuery) -> HistoryPage {
            let (end, limit) =
                switch query {
                case .newest(let limit): (count, limit)
                case .before(let position, let limit): (Int(position.milliseconds) - 1, limit)
                case .after: (0, 0)
                }
            let first = max(1, end - limit + 1)
            let entries = end < first ? [] : (first...end).map(entry)
            return HistoryPage(
                entries: entries, more: first > 1, isComplete: true, last: position(count))
        }

        private func entry(_ number: Int) -> Entry {
            let body = number.isMultiple(of: every) ? "some Tea" : "nothing"
            return Entry(
                kind: .message, id: position(number), previous: position(number - 1),
                tail: ByteBuffer(string: #""user":"ada","session":"s","key":"k","body":"\#(body)"}"#))
        }
    }

    private func search(
        _ history: History, before: Position? = nil, limit: Int = 20,
        _ change: (inout RoomSearch.Bounds) -> Void = { _ in }
    ) throws -> (found: ServerFrame.Found, reads: Int) {
        var bounds = RoomSearch.Bounds()
        bounds.page = 10
        change(&bounds)
        let frame = ClientFrame.Search(ref: Ref(1), room: try room(), text: "TEA", before: before, limit: limit)
        var search = try RoomSearch(frame, bounds: bounds)
        for reads in 1...10_000 {
            if let found = search.received(history.page(search.query)) { return (found, reads) }
        }
        throw WireError(.internal, "the search does not end")
    }

    @Test func theNewestComeFirst() throws {
        let (found, reads) = try search(History(count: 25, every: 7))
        #expect(found.messages.map(\.id) == [21, 14, 7].map(position))
        #expect(!found.more && found.before == nil && found.ref == Ref(1) && reads == 3)
    }

    @Test func anEmptyRoomHasNothing() throws {
        let (found, reads) = try search(History(count: 0, every: 1))
        #expect(found.messages.isEmpty && !found.more && found.before == nil && reads == 1)
    }

    @Test func aFullAnswerSaysWhereToGoOn() throws {
        let history = History(count: 100, every: 3)
        var all: [Position] = []
        var before: Position?
        repeat {
            let (found, _) = try search(history, before: before, limit: 4)
            #expect(found.messages.count <= 4 && found.more == (found.before != nil))
            all += found.messages.map(\.id)
            before = found.before
        } while before != nil
        #expect(all == stride(from: 99, to: 0, by: -3).map(position))
    }

    @Test func theFirstEntryEverEndsIt() throws {
        let (found, _) = try search(History(count: 4, every: 1), limit: 4)
        #expect(found.messages.count == 4 && !found.more)
    }

    @Test func enoughLookedAtEndsIt() throws {
        let (found, _) = try search(History(count: 100, every: 1000)) { $0.entries = 35 }
        #expect(found.messages.isEmpty && found.more && found.before == position(66))
        let (last, _) = try search(History(count: 35, every: 1000)) { $0.entries = 35 }
        #expect(!last.more)
        let (bytes, _) = try search(History(count: 100, every: 1000)) { $0.bytes = 100 }
        #expect(bytes.more && bytes.before == position(99))
    }

    @Test func aLargeAnswerIsCutBeforeTheEntryThatWouldNotFit() throws {
        let (found, _) = try search(History(count: 10, every: 1)) { $0.answerBytes = 1 }
        #expect(found.messages.map(\.id) == [position(10)])
        #expect(found.more && found.before == position(10))
    }
}
