import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct RoomQueuesTests {
    struct Write: RoomWrite, Equatable {
        var number: Int
        var byteCount = 10
        var exclusion: String?
        var survivesOutage = false
    }

    let room = try! RoomName("a")
    let other = try! RoomName("b")
    let start = NIODeadline.uptimeNanoseconds(1)

    func queues(items: Int = 400, bytes: Int = 4000) -> RoomQueues<Write> {
        RoomQueues(
            limits: QueueLimits(batchItems: 3, batchBytes: 100, items: items, bytes: bytes), retryFor: .seconds(240))
    }

    @Test func whatArrivesInOneTickGoesAsOneBatch() {
        var queues = queues()
        #expect(queues.offer(Write(number: 1), to: room) == .due)
        #expect(queues.offer(Write(number: 2), to: room) == .due)
        let batches = queues.takeDue(at: start)
        #expect(batches.map { $0.writes.map(\.number) } == [[1, 2]])
        #expect(queues.takeDue(at: start).isEmpty)
    }

    @Test func oneBatchOfARoomIsUnderWay() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        #expect(queues.offer(Write(number: 2), to: room) == .waits)
        #expect(queues.offer(Write(number: 3), to: other) == .due)
        #expect(queues.takeDue(at: start).map(\.room) == [other])
        let (done, next) = queues.finished(room, at: start)
        #expect(done.map(\.number) == [1])
        #expect(next?.writes.map(\.number) == [2])
        _ = queues.finished(room, at: start)
        _ = queues.finished(other, at: start)
        #expect(queues.isEmpty)
    }

    @Test func aBatchIsBoundedByItemsAndBytes() {
        var queues = queues()
        for number in 0..<4 { _ = queues.offer(Write(number: number), to: room) }
        for number in 0..<2 { _ = queues.offer(Write(number: number, byteCount: 60), to: other) }
        #expect(queues.takeDue(at: start).map(\.writes.count) == [3, 1])
    }

    @Test func aWriteAboveTheBatchLimitStillGoes() {
        var queues = queues()
        _ = queues.offer(Write(number: 1, byteCount: 500), to: room)
        #expect(queues.takeDue(at: start).count == 1)
    }

    @Test func writesThatExcludeEachOtherGoOneAfterTheOther() {
        var queues = queues()
        for (number, session) in ["s1", "s2", "s1"].enumerated() {
            _ = queues.offer(Write(number: number, exclusion: session), to: room)
        }
        #expect(queues.takeDue(at: start).map { $0.writes.map(\.number) } == [[0, 1]])
        #expect(queues.finished(room, at: start).next?.writes.map(\.number) == [2])
    }

    @Test func theLimitsOfARoomAndOfAllRefuse() throws {
        var queues = queues(items: 8)
        #expect(queues.offer(Write(number: 1), to: room) == .due)
        #expect(queues.offer(Write(number: 2), to: room) == .due)
        #expect(queues.offer(Write(number: 3), to: room) == .refused)
        for number in 0..<6 { #expect(queues.offer(Write(number: number), to: try RoomName("r\(number)")) == .due) }
        #expect(queues.offer(Write(number: 9), to: other) == .refused)
        _ = queues.takeDue(at: start)
        _ = queues.finished(room, at: start)
        #expect(queues.offer(Write(number: 9), to: other) == .due)
    }

    @Test func aLostBatchGoesAgainBeforeWhatIsNewer() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        _ = queues.offer(Write(number: 2), to: room)
        queues.lost(room)
        #expect(queues.takeDue(at: start).isEmpty)
        let retried = queues.retry(at: start + .seconds(1))
        #expect(retried.batches.map { $0.writes.map(\.number) } == [[1]])
        #expect(queues.retry(at: start + .seconds(1)).batches.isEmpty)
        #expect(queues.finished(room, at: start + .seconds(1)).next?.writes.map(\.number) == [2])
    }

    @Test func aRefusalFailsWhatWasNeverSentAndHoldsTheRest() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        guard case .failed(let writes) = queues.refused(room, at: start) else { return #expect(Bool(false)) }
        #expect(writes.map(\.number) == [1])
        #expect(queues.isEmpty)

        _ = queues.offer(Write(number: 2), to: room)
        _ = queues.takeDue(at: start)
        queues.lost(room)
        _ = queues.retry(at: start)
        guard case .held = queues.refused(room, at: start) else { return #expect(Bool(false)) }
        #expect(queues.retry(at: start).batches.count == 1)
    }

    @Test func whatSurvivesOutlastsARefusalAndTheRestIsToldAtOnce() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.offer(Write(number: 2, survivesOutage: true), to: room)
        _ = queues.takeDue(at: start)
        _ = queues.offer(Write(number: 3), to: room)
        _ = queues.offer(Write(number: 4, survivesOutage: true), to: room)
        guard case .failed(let writes) = queues.refused(room, at: start) else { return #expect(Bool(false)) }
        #expect(writes.map(\.number) == [1, 3])
        #expect(queues.offer(Write(number: 5), to: room) == .unavailable)
        #expect(queues.retry(at: start).batches.isEmpty)
        let retried = queues.retry(at: start + .seconds(1)).batches
        #expect(retried.map { $0.writes.map(\.number) } == [[2]])
        #expect(queues.offer(Write(number: 6), to: room) == .waits)
        #expect(queues.finished(room, at: start).next?.writes.map(\.number) == [4, 6])
    }

    @Test func aNewLinkIsAskedAtOnce() {
        var queues = queues()
        _ = queues.offer(Write(number: 1, survivesOutage: true), to: room)
        _ = queues.takeDue(at: start)
        _ = queues.refused(room, at: start)
        #expect(queues.retry(at: start, isLinkNew: true).batches.map { $0.writes.map(\.number) } == [[1]])
    }

    @Test func soManyBatchesAreUnderWayAndRoomsTakeTurns() throws {
        var limits = QueueLimits(batchItems: 1, batchBytes: 100, items: 400, bytes: 4000)
        limits.batches = 2
        var queues = RoomQueues<Write>(limits: limits, retryFor: .seconds(240))
        let rooms = try (0..<3).map { try RoomName("r\($0)") }
        for room in rooms {
            for number in 0..<2 { _ = queues.offer(Write(number: number), to: room) }
        }
        var order = queues.takeDue(at: start).map(\.room)
        #expect(order == Array(rooms[...1]))
        for _ in 0..<6 {
            let next = queues.finished(order[order.count - 2], at: start).next
            if let next { order.append(next.room) }
        }
        #expect(order == [rooms[0], rooms[1], rooms[2], rooms[0], rooms[1], rooms[2]])
    }

    @Test func whatWasSentMayBeStoredAtTheEnd() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        _ = queues.offer(Write(number: 2), to: room)
        _ = queues.offer(Write(number: 3, survivesOutage: true), to: other)
        _ = queues.takeDue(at: start)
        _ = queues.refused(other, at: start)
        let (maybeStored, unsent) = queues.takeAll()
        #expect(maybeStored.map(\.number) == [1])
        #expect(Set(unsent.map(\.number)) == [2, 3])
    }

    @Test func aBatchHeldTooLongIsGivenUp() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        queues.lost(room)
        _ = queues.offer(Write(number: 2), to: room)
        let retried = queues.retry(at: start + .seconds(240))
        #expect(retried.givenUp.map(\.number) == [1])
        #expect(retried.batches.map { $0.writes.map(\.number) } == [[2]])
    }

    @Test func anOutageTakesBackWhatWaitsAndDoesNotSurvive() {
        var queues = queues()
        _ = queues.offer(Write(number: 1), to: room)
        _ = queues.takeDue(at: start)
        _ = queues.offer(Write(number: 2), to: room)
        _ = queues.offer(Write(number: 3, survivesOutage: true), to: room)
        _ = queues.offer(Write(number: 4), to: other)
        #expect(Set(queues.takeWaiting().map(\.number)) == [2, 4])
        #expect(queues.takeDue(at: start).isEmpty)
        #expect(queues.finished(room, at: start).next?.writes.map(\.number) == [3])
        #expect(queues.offer(Write(number: 5), to: other) == .due)
        #expect(queues.takeDue(at: start).map { $0.writes.map(\.number) } == [[5]])
    }

    /// Random events against a plain model: every write is done, given back or still there, once, and in its room's order.
    @Test(arguments: 0..<50) func everyWriteEndsOnceAndInOrder(_ seed: UInt64) {
        var generator = SplitMix(state: seed)
        var queues = queues(items: 40, bytes: 1000)
        let rooms = [room, other]
        var ended: [RoomName: [Int]] = [:]
        var taken: Set<Int> = []
        var owner: [Int: RoomName] = [:]
        var underWay: [RoomName: [Int]] = [:]
        func sent(_ batches: [RoomQueues<Write>.Batch]) {
            for batch in batches {
                #expect(underWay[batch.room] == nil, "seed \(seed)")
                underWay[batch.room] = batch.writes.map(\.number)
            }
        }
        for number in 0..<400 {
            let room = rooms[Int(generator.next() % 2)]
            switch generator.next() % 8 {
            case 0...3:
                if queues.offer(Write(number: number), to: room) != .refused { owner[number] = room }
            case 4:
                sent(queues.takeDue(at: start))
            case 5:
                guard underWay.removeValue(forKey: room) != nil else { continue }
                let (done, next) = queues.finished(room, at: start)
                ended[room, default: []] += done.map(\.number)
                if let next { sent([next]) }
            case 6:
                guard underWay.removeValue(forKey: room) != nil else { continue }
                queues.lost(room)
            default:
                if generator.next() % 8 == 0 {
                    taken.formUnion(queues.takeWaiting().map(\.number))
                } else {
                    sent(queues.retry(at: start).batches)
                }
            }
        }
        let (maybeStored, unsent) = queues.takeAll()
        let left = (maybeStored + unsent).map(\.number)
        #expect(queues.isEmpty)
        for room in rooms { #expect(ended[room, default: []] == ended[room, default: []].sorted(), "seed \(seed)") }
        let all = ended.values.flatMap { $0 } + taken + left
        #expect(all.sorted() == owner.keys.sorted(), "seed \(seed)")
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
