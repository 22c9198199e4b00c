import ChatBroker
import ChatWire
import NIOCore

// Subscriptions, presence, nodes.
extension BrokerContract {
    func aSubscriberHearsWhatFollows(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await a.publish("before", in: room)
        try await b.call { $0.subscribe(to: room) }
        // A second subscription of a node doubles nothing.
        try await b.call { $0.subscribe(to: room) }
        for number in 0..<50 { try await a.publish("\(number)", in: room) }
        try await eventually("all is heard") { b.entries(in: room).count >= 50 }
        try demand(b.entries(in: room).map(\.text), is: (0..<50).map(String.init), "heard")
        try demand(a.entries(in: room).isEmpty, "who has not subscribed hears it")
    }

    func unsubscribingEndsIt(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        for node in [a, b] { try await node.call { $0.subscribe(to: room) } }
        try await a.publish("1", in: room)
        try await eventually("the first is heard") { b.entries(in: room).count == 1 }
        try await b.call { broker in
            broker.unsubscribe(from: room)
            return broker.eventLoop.makeSucceededVoidFuture()
        }
        // What another room says later comes after anything still on its way.
        let other = try RoomName.random()
        try await b.call { $0.subscribe(to: other) }
        try await a.publish("2", in: room)
        try await a.publish("3", in: other)
        try await eventually("the other room is heard") { b.entries(in: other).count == 1 }
        try demand(b.entries(in: room).map(\.text), is: ["1"], "heard after unsubscribing")
        try await b.call { $0.subscribe(to: room) }
        try await a.publish("4", in: room)
        try await eventually("subscribed again it is heard") { b.entries(in: room).map(\.text) == ["1", "4"] }
    }

    func roomsAreApart(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let other = try RoomName.random()
        for room in [room, other] { try await b.call { $0.subscribe(to: room) } }
        try await a.publish("here", in: room)
        try await a.publish("there", in: other)
        try await eventually("both are heard") { b.entries(in: room).count + b.entries(in: other).count == 2 }
        try demand(b.entries(in: room).map(\.text), is: ["here"], "of the one room")
        try demand(b.entries(in: other).map(\.text), is: ["there"], "of the other room")
    }

    func typingIsTold(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let ann = try a.occupant("ann", session: "s1")
        a.broker.eventLoop.execute { a.broker.typing(ann.user, session: ann.session, in: room) }
        try await eventually("the typing is heard") { b.typings(in: room) == [ann.user] }
        try demand(try await b.page(.newest(limit: 5), of: room).entries.isEmpty, "a typing is stored")
    }

    func enteringIsAnnouncedOnce(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let ann = try a.occupant("Zoë", session: "s1")
        let stored = try await a.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try demand(stored.since > 0, "a stored member has no time")
        let again = try await a.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try demand(again, is: stored, "entering again")
        try await barrier(a, b, room)
        try demand(b.changes(in: room), is: [PresenceChange(joined: [stored])], "announced")
        try demand(try await b.call { $0.occupants(of: room) }, is: [stored], "occupants")
    }

    func leavingIsAnnouncedOnce(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let ann = try a.occupant("ann", session: "s1")
        let stored = try await a.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try demand(try await a.call { $0.leave(ann, room: room, reason: .lost) }, "there was one")
        try demand(!(try await a.call { $0.leave(ann, room: room, reason: .left) }), "there was none any more")
        try await barrier(a, b, room)
        try demand(
            b.changes(in: room),
            is: [PresenceChange(joined: [stored]), PresenceChange(left: [.init(occupant: stored, reason: .lost)])],
            "announced")
        try demand(try await b.call { $0.occupants(of: room) }.isEmpty, "somebody is left")
    }

    func aTakeoverIsAMove(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        for node in [a, b] { try await node.call { $0.subscribe(to: room) } }
        let there = try a.occupant("ann", session: "s1")
        let stored = try await a.call { $0.enter(there, room: room, takingOverFrom: nil) }
        let here = try b.occupant("ann", session: "s1")
        let moved = try await b.call { $0.enter(here, room: room, takingOverFrom: a.id) }
        try demand(moved.since, is: stored.since, "since of a session that moved")
        // The old node's late departure finds nothing.
        try demand(!(try await a.call { $0.leave(there, room: room, reason: .lost) }), "the old record is still there")
        try await barrier(a, b, room)
        try demand(
            b.changes(in: room),
            is: [PresenceChange(joined: [stored]), PresenceChange(moved: [.init(occupant: moved, from: a.id)])],
            "announced")
        try demand(try await a.call { $0.occupants(of: room) }, is: [moved], "occupants")
    }

    func reassertingAnnouncesTheMissing(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await b.call { $0.subscribe(to: room) }
        let (ann, bob) = (try a.occupant("ann", session: "s1"), try a.occupant("bob", session: "s2"))
        let stored = try await a.call { $0.enter(ann, room: room, takingOverFrom: nil) }
        try await a.call { $0.reassert([ann, bob], room: room) }
        try await a.call { $0.reassert([ann, bob], room: room) }
        try await barrier(a, b, room)
        let joined = b.changes(in: room).flatMap(\.joined)
        try demand(joined.map(\.session), is: [ann.session, bob.session], "announced")
        try demand(joined.first, is: stored, "the one who was there")
        try demand(b.changes(in: room).allSatisfy { $0.left.isEmpty && $0.moved.isEmpty }, "more was announced")
        try demand(Set(try await b.call { $0.occupants(of: room) }.map(\.session)).count, is: 2, "occupants")
    }

    func presenceAndEntriesHaveOneOrder(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        for node in [a, b] { try await node.call { $0.subscribe(to: room) } }
        for number in 0..<10 {
            let member = try a.occupant("u\(number)", session: "s\(number)")
            try await a.call { $0.enter(member, room: room, takingOverFrom: nil) }
            try await b.publish("\(number)", in: room)
        }
        for node in [a, b] {
            try await eventually("all is heard") { node.events(in: room).count == 20 }
            let kinds = node.events(in: room).map { event in
                switch event {
                case .entry(let entry): entry.text
                case .presence(let change): change.joined.map { "+\($0.user)" }.joined()
                case .typing: "typing"
                case .topic: "topic"
                case .read: "read"
                }
            }
            try demand(kinds, is: (0..<10).flatMap { ["+u\($0)", "\($0)"] }, "the order of \(node.id)")
        }
    }

    func roomsAreListedByActivity(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let later = try RoomName.random()
        for (node, user, session) in [(a, "ann", "s1"), (a, "ann", "s2"), (b, "bob", "s3")] {
            let member = try node.occupant(user, session: session)
            try await node.call { $0.enter(member, room: room, takingOverFrom: nil) }
        }
        for number in 0..<3 { try await a.publish("\(number)", in: room) }
        try await eventually("the room is listed") {
            try await b.call { $0.rooms(limit: 9) }.contains { $0.room == room }
        }
        try await eventually("the later one is listed first") {
            try await a.publish("x", in: later)
            return try await b.call { $0.rooms(limit: 9) }.first?.room == later
        }
        let rooms = try await b.call { $0.rooms(limit: 9) }
        guard let listed = rooms.first(where: { $0.room == room }) else { throw WireFailure("the room is gone") }
        try demand(listed.members, is: 2, "members, users whatever their sessions")
        try demand(listed.nodes, is: 2, "nodes")
        try demand(listed.messages, is: 3, "messages")
        try demand(listed.lastActivity > 0, "no activity")
        try demand(try await b.call { $0.rooms(limit: 1) }.map(\.room), is: [later], "one room")
        try demand(try await b.call { $0.rooms(limit: 0) }.isEmpty, "no room")
    }

    func aMessageReachesItsNode(_ a: TestNode, _ b: TestNode) async throws {
        for node in [a, b] { try await node.register() }
        try demand(try await a.call { $0.send(.kick(user: "ann"), to: b.id) }, is: 1, "listeners of one node")
        try await eventually("it is heard") { b.messages == [.kick(user: "ann")] }
        try demand(try await a.call { $0.send(.announce(text: "tea"), to: nil) }, is: 2, "listeners of all")
        try await eventually("all hear it") { a.messages == [.announce(text: "tea")] && b.messages.count == 2 }
        let nobody = try NodeID.test("nobody")
        try demand(try await a.call { $0.send(.kick(user: "ann"), to: nobody) }, is: 0, "listeners of nobody")
    }

    func nodesAreListedUntilTheyWithdraw(_ a: TestNode, _ b: TestNode) async throws {
        for node in [a, b] { try await node.register() }
        let listed = try await a.call { $0.nodes() }
        try demand(Set(listed.map(\.id)), is: [a.id.value, b.id.value], "nodes")
        try demand(listed.allSatisfy { $0.state == .up && $0.version == "test" && $0.connections == 1 }, "\(listed)")
        try await b.call { $0.withdraw() }
        try demand(try await a.call { $0.nodes() }.map(\.id), is: [a.id.value], "nodes after one withdrew")
    }

    func aStoppedBrokerRefuses(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        try await a.publish("1", in: room)
        try await a.call { $0.stop() }
        for attempt in 1...2 {
            do {
                try await a.publish("\(attempt)", in: room)
                throw WireFailure("a stopped broker stored something")
            } catch let error as BrokerError {
                try demand(error.code, is: .stopped, "the error of a stopped broker")
            }
        }
        try demand(try await b.page(.newest(limit: 9), of: room).entries.map(\.text), is: ["1"], "stored")
    }

    /// Both nodes have heard what was said in the room until now.
    func barrier(_ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        let mark = try await a.publish("mark", in: room)
        try await eventually("the mark is heard") { b.entries(in: room).contains { $0.id == mark.id } }
    }
}
