import ChatWire
import Testing

@testable import ChatClient

@Suite struct RoomLinesTests {
    @Test func entriesStandInTheirOrderWheneverTheyCome() {
        var log = RoomLines()
        for number in [5, 2, 9, 7, 1] { log.append(line(number)) }
        let isNew = log.insert(line(7), at: position(7))
        #expect(!isNew)
        #expect(ids(log) == ["1", "2", "5", "7", "9"])
        #expect(log.newestEntry == position(9))
        #expect(log.oldestEntry == position(1))
    }

    @Test func otherLinesStayBehindTheEntryTheyFollowed() {
        var log = RoomLines()
        log.append(local(1))
        log.append(line(5))
        log.append(local(2))
        log.append(line(9))
        log.append(line(7))
        log.add(local(3), behind: position(5))
        log.append(line(3))
        #expect(ids(log) == ["l1", "3", "5", "l2", "l3", "7", "9"])
        for (index, line) in log.lines.enumerated() { #expect(log.index(of: line.id) == index) }
    }

    /// An array that doubles would keep room for 40,000 lines, and hold two logs at once while it grows.
    @Test func aFullLogHasRoomForLittleMore() {
        var log = RoomLines()
        for number in 1...(RoomLines.limit + 2 * RoomLines.slack) { log.append(line(number)) }
        #expect(log.lines.count >= RoomLines.limit)
        #expect(log.lines.capacity < RoomLines.limit * 5 / 4)
    }

    @Test func waitingMessagesComeLast() {
        var log = RoomLines()
        log.append(own("a"))
        log.append(own("b"))
        log.append(line(1))
        log.append(local(1))
        #expect(ids(log) == ["1", "l1", "a", "b"])
        #expect(log.index(of: .own(key: "b")) == 3)
        _ = log.remove(.own(key: "a"))
        #expect(log.waiting == 1)
        log.append(line(2))
        #expect(ids(log) == ["1", "l1", "2", "b"])
    }

    @Test func theOldestAreDroppedAboveTheLimit() {
        var log = RoomLines()
        log.append(own("a"))
        for number in 1...(RoomLines.limit * 2) { log.append(line(number)) }
        #expect(log.lines.count <= RoomLines.limit + RoomLines.slack)
        #expect(log.lines.count >= RoomLines.limit)
        #expect(log.lines.last?.id == .own(key: "a"))
        let middle = RoomLines.limit * 3 / 2
        #expect(log.index(of: .entry(position(middle))).map { log.lines[$0].id } == .entry(position(middle)))
        #expect(log.index(of: .entry(position(1))) == nil)
    }

    @Test func olderPagesComeBefore() {
        var log = RoomLines()
        log.append(line(10))
        log.prepend([(line(1), position(1)), (line(2), position(2))])
        log.prepend([])
        #expect(ids(log) == ["1", "2", "10"])
        #expect(log.firstIndex(after: position(1)) == 1)
        #expect(log.firstIndex(notBefore: position(3)) == 2)
    }

    private func line(_ number: Int) -> LogLine {
        LogLine(id: .entry(position(number)), time: UInt64(number), content: .notice("\(number)"))
    }

    private func local(_ number: Int) -> LogLine { LogLine(id: .local(number), time: 0, content: .notice("")) }

    private func own(_ key: String) -> LogLine {
        LogLine(id: .own(key: key), time: 0, content: .notice(""), delivery: .sending)
    }

    private func ids(_ log: RoomLines) -> [String] {
        log.lines.map { line in
            switch line.id {
            case .entry(let position): "\(position.milliseconds)"
            case .own(let key): key
            case .local(let number): "l\(number)"
            }
        }
    }
}
