import ChatBroker
import ChatWire

// Publishing and reading back.
extension BrokerContract {
    func everyoneHearsOneOrder(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        for node in [a, b] { try await node.call { $0.subscribe(to: room) } }
        let writers = 4
        let each = 25
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for number in 0..<each {
                        try await (writer % 2 == 0 ? a : b).publish("\(writer)/\(number)", in: room)
                    }
                }
            }
            try await group.waitForAll()
        }
        let total = writers * each
        for node in [a, b] {
            try await eventually("\(node.id) hears all") { node.entries(in: room).count >= total }
        }
        let heard = a.entries(in: room)
        try demand(heard.count, is: total, "entries heard")
        try demand(b.entries(in: room) == heard, "two nodes hear different orders")
        try demand(heard.first?.previous, is: .zero, "the first entry's previous")
        try demand(
            zip(heard, heard.dropFirst()).allSatisfy { $1.previous == $0.id && $0.id < $1.id }, "the chain is broken")
        try demand(try await a.page(.newest(limit: 1000), of: room).entries == heard, "the history differs")
        for writer in 0..<writers {
            let own = heard.map(\.text).filter { $0.hasPrefix("\(writer)/") }
            try demand(own, is: (0..<each).map { "\(writer)/\($0)" }, "a writer's own order")
        }
    }

    func aReceiptIsInTheHistory(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        for number in 0..<20 {
            let receipt = try await a.publish("\(number)", in: room)
            let page = try await b.page(.newest(limit: 1), of: room)
            try demand(page.entries.map(\.id), is: [receipt.id], "the newest entry")
            try demand(page.entries.map(\.text), is: ["\(number)"], "its text")
            try demand(page.last, is: receipt.id, "the room's last")
            try demand(!receipt.isDuplicate, "a new key is called a duplicate")
        }
    }

    func aKeyIsStoredOnce(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let first = try await a.publish("one", key: "same", in: room)
        let between = try await a.publish("two", in: room)
        for node in [a, b] {
            let again = try await node.publish("other text", key: "same", in: room)
            try demand(again, is: Receipt(id: first.id, isDuplicate: true), "the receipt of a key used before")
        }
        let last = try await a.publish("three", in: room)
        try await eventually("the last is heard") { b.entries(in: room).last?.id == last.id }
        try demand(b.entries(in: room).map(\.text), is: ["one", "two", "three"], "heard")
        let stored = try await a.page(.newest(limit: 10), of: room).entries
        try demand(stored.map(\.id), is: [first.id, between.id, last.id], "stored")
    }

    func aKeyAtOnceFromTwoNodesIsStoredOnce(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
            for number in 0..<16 {
                group.addTask { try await (number % 2 == 0 ? a : b).publish("text", key: "same", in: room) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try demand(Set(receipts.map(\.id)).count, is: 1, "ids of one key")
        try demand(receipts.count { !$0.isDuplicate }, is: 1, "receipts that are no duplicate")
        try demand(try await a.page(.newest(limit: 10), of: room).entries.count, is: 1, "entries")
    }

    func keysAreTheUsersOwn(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let elsewhere = try RoomName.random()
        let receipts = [
            try await a.publish("x", by: "ann", key: "same", in: room),
            try await b.publish("x", by: "bob", key: "same", in: room),
            try await b.publish("x", by: "ann", key: "same", in: elsewhere),
        ]
        try demand(receipts.allSatisfy { !$0.isDuplicate }, "another user's or room's key counts")
        // A user's name and a key may not run into each other.
        let first = try await a.publish("x", by: "eve", key: "1k", in: room)
        let second = try await a.publish("x", by: "eve1", key: "k", in: room)
        try demand(first.id != second.id && !second.isDuplicate, "names and keys run together")
    }

    func pagesMeet(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        var ids: [Position] = []
        for number in 0..<10 { ids.append(try await a.publish("\(number)", in: room).id) }
        let newest = try await b.page(.newest(limit: 3), of: room)
        try demand(newest.entries.map(\.id), is: Array(ids[7...]), "newest")
        try demand(newest.more && newest.isComplete, "newest: more, complete")
        try demand(newest.last, is: ids[9], "newest: last")
        let older = try await b.page(.before(ids[7], limit: 3), of: room)
        try demand(older.entries.map(\.id), is: Array(ids[4...6]), "before")
        try demand(older.more, "before: more")
        let oldest = try await b.page(.before(ids[3], limit: 3), of: room)
        try demand(oldest.entries.map(\.id), is: Array(ids[...2]), "the oldest page")
        try demand(!oldest.more, "the oldest page says that there is more")
        let after = try await b.page(.after(ids[2], limit: 3), of: room)
        try demand(after.entries.map(\.id), is: Array(ids[3...5]), "after")
        try demand(after.more && after.isComplete, "after: more, complete")
        let rest = try await b.page(.after(ids[6], limit: 3), of: room)
        try demand(rest.entries.map(\.id), is: Array(ids[7...]), "the last page after")
        try demand(!rest.more && rest.isComplete, "the last page after: more, complete")
        let exact = try await b.page(.newest(limit: 10), of: room)
        try demand(exact.entries.count == 10 && !exact.more, "all of them fit")
    }

    func sinceIsComplete(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let first = try await a.publish("1", in: room).id
        let second = try await a.publish("2", in: room).id
        try demand(
            try await b.page(.after(.zero, limit: 9), of: room).isComplete, "after nothing, with the first there")
        try demand(try await b.page(.after(first, limit: 9), of: room).isComplete, "after an entry that is there")
        let end = try await b.page(.after(second, limit: 9), of: room)
        try demand(end.isComplete && end.entries.isEmpty, "after the last")
        let unknown = Position(milliseconds: first.milliseconds - 1000, sequence: 7)
        try demand(!(try await b.page(.after(unknown, limit: 9), of: room).isComplete), "after an entry never heard of")
        let ahead = Position(milliseconds: second.milliseconds + 1_000_000, sequence: 0)
        let fork = try await b.page(.after(ahead, limit: 9), of: room)
        try demand(!fork.isComplete && fork.entries.isEmpty, "after an entry that this history never had")
        try demand(fork.last, is: second, "the last of a history that is behind")
    }

    func theHistoryIsBounded(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        var ids: [Position] = []
        let total = Self.history.entries + 2 * Self.historySlack
        for number in 0..<total { ids.append(try await a.publish("\(number)", in: room).id) }
        let page = try await b.page(.newest(limit: 1000), of: room)
        let allowed = Self.history.entries...(Self.history.entries + Self.historySlack)
        try demand(allowed.contains(page.entries.count), "\(page.entries.count) entries are kept")
        try demand(page.entries.map(\.id) == Array(ids.suffix(page.entries.count)), "not the newest are kept")
        let kept = ids[total - page.entries.count - 1]
        try demand(try await b.page(.after(kept, limit: 1), of: room).isComplete, "after the newest that was trimmed")
        try demand(!(try await b.page(.after(ids[0], limit: 1), of: room).isComplete), "after one trimmed long ago")
        try demand(
            !(try await b.page(.after(.zero, limit: 1), of: room).isComplete), "after nothing, with some trimmed")
    }

    func theEndsOfTimeArePositions(_ a: TestNode, _ room: RoomName) async throws {
        let last = try await a.publish("1", in: room).id
        let start = try await a.page(.before(.zero, limit: 5), of: room)
        try demand(start.entries.isEmpty && !start.more && start.last == last, "before the first: \(start)")
        let end = Position(milliseconds: .max, sequence: .max)
        let after = try await a.page(.after(end, limit: 5), of: room)
        try demand(after.entries.isEmpty && !after.more && !after.isComplete, "after the last: \(after)")
        let all = try await a.page(.before(end, limit: 5), of: room)
        try demand(all.entries.map(\.id), is: [last], "before the last")
    }

    func anEmptyRoomHasNoPosition(_ a: TestNode, _ room: RoomName) async throws {
        for query in [
            HistoryQuery.newest(limit: 5), .after(.zero, limit: 5),
            .before(Position(milliseconds: 9, sequence: 0), limit: 5),
        ] {
            let page = try await a.page(query, of: room)
            try demand(page.entries.isEmpty && !page.more && page.isComplete, "\(query): \(page)")
            try demand(page.last, is: .zero, "\(query): last")
        }
        let since = Position(milliseconds: 9, sequence: 0)
        try demand(!(try await a.page(.after(since, limit: 5), of: room).isComplete), "an empty room had no such entry")
    }
}
