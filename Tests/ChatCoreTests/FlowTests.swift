import ChatCore
import ChatWire
import NIOCore
import Testing

@Suite struct FlowTests {
    @Test func aConnectionThatKeepsUpIsMeasuredSeldom() {
        var flow = OutboundFlow(entriesMax: 10, bytesMax: 10_000)
        for _ in 0..<10 { #expect(flow.admit(entries: 1, bytes: 100) == .write) }
        #expect(flow.admit(entries: 1, bytes: 100) == .measure)
        flow.measured(waitingBytes: 0)
        #expect(flow.admit(entries: 1, bytes: 100) == .write)
    }

    @Test func entriesThatWaitAreOverTheMark() {
        var flow = OutboundFlow(entriesMax: 10, bytesMax: 10_000)
        for _ in 0..<10 { _ = flow.admit(entries: 1, bytes: 100) }
        flow.measured(waitingBytes: 1000)
        #expect(flow.admit(entries: 1, bytes: 100) == .overMark)
        flow.measured(waitingBytes: 500)
        #expect(flow.admit(entries: 5, bytes: 500) == .write)
    }

    @Test func bytesThatWaitAreOverTheMark() {
        var flow = OutboundFlow(entriesMax: 1000, bytesMax: 1000)
        #expect(flow.admit(entries: 1, bytes: 900) == .write)
        flow.measured(waitingBytes: 900)
        #expect(flow.admit(entries: 1, bytes: 200) == .overMark)
    }

    @Test func anEmptyQueueTakesABatchLargerThanTheMark() {
        var flow = OutboundFlow(entriesMax: 2, bytesMax: 100)
        #expect(flow.admit(entries: 64, bytes: 5000) == .write)
        flow.measured(waitingBytes: 5000)
        #expect(flow.admit(entries: 1, bytes: 10) == .overMark)
    }

    @Test func answersComeInTheOrderOfTheFrames() {
        var queue = AnswerQueue()
        let (first, second, third) = (queue.open(), queue.open(), queue.open())
        #expect(queue.answer(second, with: ByteBuffer(string: "2")).isEmpty)
        #expect(queue.answer(first, with: ByteBuffer(string: "1")).map { String(buffer: $0) } == ["1", "2"])
        #expect(queue.answer(first, with: ByteBuffer(string: "again")).isEmpty)
        #expect(queue.count == 1)
        #expect(queue.answer(third, with: ByteBuffer(string: "3")).count == 1)
        #expect(queue.isEmpty)
    }

    @Test func aLargeAnswerCountsUntilItIsWritten() {
        var queue = AnswerQueue()
        let (small, large) = (queue.open(), queue.open(isDear: true))
        #expect(queue.answer(large, with: ByteBuffer(string: "large")).isEmpty)
        #expect(queue.dearCount == 1)
        #expect(queue.answer(small, with: ByteBuffer(string: "small")).count == 2)
        #expect(queue.dearCount == 0)
    }

    @Test func aDearRequestTakesMoreOfTheRateAndNeverMoreThanTheBurst() {
        var bucket = TokenBucket(perSecond: 10, burst: 20, now: start)
        #expect(bucket.take(11, now: start) == nil)
        #expect(bucket.take(11, now: start) == 200)
        #expect(bucket.take(500, now: start + .seconds(1)) == 100)
        #expect(bucket.take(500, now: start + .milliseconds(1100)) == nil)
    }

    @Test func readsStartWhileTheirWeightsFitAndInOrder() {
        var gate = ReadGate<String>(weightMax: 10, waitingMax: 2)
        #expect(gate.enter("a", weight: 6) == .start)
        #expect(gate.enter("b", weight: 6) == .wait)
        #expect(gate.enter("c", weight: 1) == .wait)
        #expect(gate.enter("d", weight: 1) == .refuse)
        #expect(gate.finished(weight: 6) == ["b", "c"])
        #expect(gate.finished(weight: 6).isEmpty)
        #expect(gate.finished(weight: 1).isEmpty)
        #expect(gate.enter("heavier than all", weight: 100) == .start)
        #expect(gate.enter("e", weight: 1) == .wait)
        #expect(gate.takeWaiting() == ["e"])
    }

    @Test func aBurstThenTheRate() {
        var bucket = TokenBucket(perSecond: 2, burst: 3, now: start)
        for _ in 0..<3 { #expect(bucket.take(now: start) == nil) }
        #expect(bucket.take(now: start) == 500)
        #expect(bucket.take(now: start + .milliseconds(500)) == nil)
        #expect(bucket.take(now: start + .milliseconds(600)) == 400)
    }

    @Test func drainSlotsCoverTheWholeTime() {
        var schedule = DrainSchedule(connections: 4, over: .seconds(8))
        #expect((0..<4).map { _ in schedule.slot() } == [.zero, .seconds(2), .seconds(4), .seconds(6)])
    }

    @Test func theTailAnswersWhatItCanKnow() {
        var tail = HistoryTail(entriesMax: 4, bytesMax: 1000)
        for number in 1...6 {
            tail.append(
                .init(id: position(number), previous: position(number - 1), json: ByteBuffer(string: "\(number)")))
        }
        #expect(tail.page(after: position(4), limit: 10)?.entries.map(\.id) == [position(5), position(6)])
        #expect(tail.page(after: position(2), limit: 2)?.more == true)
        #expect(tail.page(after: position(1), limit: 2) == nil)
        #expect(tail.newest(limit: 4)?.entries.count == 4)
        #expect(tail.newest(limit: 5) == nil)
        tail.append(.init(id: position(9), previous: position(8), json: ByteBuffer(string: "9")))
        #expect(tail.page(after: position(5), limit: 2) == nil)
        #expect(tail.page(after: position(8), limit: 2)?.entries.count == 1)
    }

    @Test func aYoungRoomsTailIsItsWholeHistory() {
        var tail = HistoryTail()
        tail.append(.init(id: position(1), previous: .zero, json: ByteBuffer(string: "1")))
        #expect(tail.newest(limit: 50)?.more == false)
    }
}
