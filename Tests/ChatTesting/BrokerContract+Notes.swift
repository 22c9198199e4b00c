import ChatBroker
import ChatWire
import NIOCore

// Topics, read markers, direct rooms.
extension BrokerContract {
    func aTopicIsStoredAndTold(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        try demand(try await b.call { $0.topic(of: room) } == nil, "a new room has a topic")
        let zoe = try a.occupant("Zoë", session: "s1")
        let set = try await a.call { $0.setTopic("ship it 🚢 now", by: zoe.user, session: zoe.session, in: room) }
        try demand(set.text == "ship it 🚢 now" && set.user == "Zoë" && set.time > 0, "\(set)")
        try demand(try await b.call { $0.topic(of: room) }, is: set, "stored")
        let cleared = try await a.call { $0.setTopic("", by: zoe.user, session: zoe.session, in: room) }
        try demand(cleared.text, is: "", "a topic that was taken away")
        try demand(try await b.call { $0.topic(of: room) }, is: cleared, "stored")
        try await barrier(a, b, room)
        try demand(b.topics(in: room), is: [set, cleared], "told")
    }

    func topicsHaveOneOrder(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let ann = try a.occupant("ann", session: "s1")
        for number in 0..<20 {
            _ = try await (number % 2 == 0 ? a : b).call {
                $0.setTopic("\(number)", by: ann.user, session: ann.session, in: room)
            }
        }
        try await barrier(a, b, room)
        let topics = b.topics(in: room)
        try demand(topics.map(\.text), is: (0..<20).map(String.init), "told")
        try demand(zip(topics, topics.dropFirst()).allSatisfy { $0.time < $1.time }, "two topics of one time")
    }

    func aMarkerMovesForwardOnly(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let ann = Principal(try UserName("ann"), isGuest: false)
        try demand(try await b.call { $0.readMarker(of: ann, in: room) } == nil, "a marker that nobody set")
        // As text, 10 is before 9; the largest positions are beyond what a double holds.
        for (mark, expected) in [
            ("9-5", "9-5"), ("10-0", "10-0"), ("9-9", "10-0"), ("10-11", "10-11"), ("10-2", "10-11"),
            ("18446744073709551614-18446744073709551614", "18446744073709551614-18446744073709551614"),
            ("18446744073709551614-18446744073709551615", "18446744073709551614-18446744073709551615"),
            ("18446744073709551614-18446744073709551614", "18446744073709551614-18446744073709551615"),
        ] {
            try await self.mark(ann, mark, in: room, by: a)
            let found = try await b.call { $0.readMarker(of: ann, in: room) }
            try demand(found?.description, is: expected, "the marker after \(mark)")
        }
    }

    func markersAreThePrincipalsOwn(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let name = try UserName("ann")
        let (user, guest) = (Principal(name, isGuest: false), Principal(name, isGuest: true))
        let other = try RoomName.random()
        try await mark(user, "2-0", in: room, by: a)
        try await mark(guest, "1-0", in: room, by: a)
        try demand(try await b.call { $0.readMarker(of: user, in: room) }, is: Position("2-0"), "the user's")
        try demand(try await b.call { $0.readMarker(of: guest, in: room) }, is: Position("1-0"), "the guest's")
        try demand(try await b.call { $0.readMarker(of: user, in: other) } == nil, "that of another room")
    }

    func aMarkerIsTold(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let ann = Principal(try UserName("Zoë"), isGuest: true)
        try await mark(ann, "1-0", in: room, by: a)
        let told = try await mark(ann, "2-0", in: room, by: a, isTold: true)
        try await mark(ann, "2-0", in: room, by: a, isTold: true)
        try await barrier(a, b, room)
        try demand(b.marks(in: room), is: [told], "told")
    }

    func aDirectRoomIsForItsTwo(_ a: TestNode, _ b: TestNode) async throws {
        let pair = try Self.randomPair()
        let room = try pair.room
        try demand(try await b.call { $0.directPair(of: room) } == nil, "a room that nobody asked for")
        try await a.call { $0.noteDirect(pair) }
        try await b.call { $0.noteDirect(pair) }
        try demand(try await b.call { $0.directPair(of: room) }, is: pair, "whose it is")
        try await a.publish("x", in: room)
        let (seen, other) = (try RoomName.random(), try a.occupant("ann", session: "s1"))
        _ = try await a.call { $0.enter(other, room: seen, takingOverFrom: nil) }
        try await eventually("another room is listed") {
            try await b.call { $0.rooms(limit: 99) }.contains { $0.room == seen }
        }
        try demand(!(try await b.call { $0.rooms(limit: 99) }.contains { $0.room == room }), "it is listed among rooms")
    }

    func directRoomsAreListedByActivity(_ a: TestNode, _ b: TestNode) async throws {
        let first = try Self.randomPair()
        guard let second = DirectPair(first.first, try Self.randomPair().second) else { throw WireFailure("no pair") }
        try demand(try await b.call { $0.directs(of: first.first, limit: 9) }.isEmpty, "who has none has some")
        for pair in [first, second] {
            try await eventually("it is listed first") {
                try await a.call { $0.noteDirect(pair) }
                return try await b.call { $0.directs(of: first.first, limit: 9) }.first?.room == (try pair.room)
            }
        }
        let listed = try await b.call { $0.directs(of: first.first, limit: 9) }
        try demand(listed.map(\.room), is: [try second.room, try first.room], "listed")
        try demand(listed.map(\.partner), is: [second.second, first.second], "partners")
        try demand(listed.allSatisfy { $0.lastActivity > 0 }, "no activity")
        try demand(try await b.call { $0.directs(of: first.second, limit: 9) }.count, is: 1, "the other's")
        try demand(try await b.call { $0.directs(of: first.first, limit: 1) }.count, is: 1, "one room")
    }

    /// The first one is a user, the second one a guest.
    private static func randomPair() throws -> DirectPair {
        let number = UInt32.random(in: .min ... .max)
        let user = Principal(try UserName("a\(number)"), isGuest: false)
        guard let pair = DirectPair(user, Principal(try UserName("Zoë\(number)"), isGuest: true)) else {
            throw WireFailure("no pair")
        }
        return pair
    }

    @discardableResult
    private func mark(
        _ principal: Principal, _ text: String, in room: RoomName, by node: TestNode, isTold: Bool = false
    ) async throws -> ReadMark {
        guard let position = Position(text), let session = SessionID("s1") else { throw WireFailure("no position") }
        let mark = ReadMark(principal: principal, session: session, position: position)
        try await node.call { $0.markRead(mark, in: room, isTold: isTold) }
        return mark
    }
}
