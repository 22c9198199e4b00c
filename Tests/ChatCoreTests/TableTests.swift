import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import Testing

@Suite struct SessionTableTests {
    private let secret = [UInt8](repeating: 7, count: 16)

    private func table(in rooms: String...) throws -> (SessionTable, SessionID) {
        var table = SessionTable(grace: .seconds(10))
        let id = try session("s1")
        table.open(id, user: try UserName("ada"), secret: secret, previousNode: nil)
        for name in rooms { table.entered(try room(name), id) }
        return (table, id)
    }

    @Test func aLostSessionLeavesAfterTheGrace() throws {
        var (table, id) = try table(in: "a")
        table.detached(id, now: start)
        #expect(table.expired(now: start + .seconds(9)).isEmpty)
        let over = table.expired(now: start + .seconds(10))
        #expect(over.map(\.reason) == [.lost])
        #expect(table.count == 0)
    }

    @Test func aResumedSessionKeepsTheRoomsItJoinsAgain() throws {
        var (table, id) = try table(in: "a", "b")
        table.detached(id, now: start)
        let claim = table.claim(id, secret: secret, user: nil, stays: true, now: start + .seconds(5))
        guard case .granted(let rooms, wasAttached: false) = claim else { return #expect(Bool(false)) }
        #expect(Set(rooms) == [try room("a"), try room("b")])
        table.entered(try room("a"), id)
        #expect(table.expired(now: start + .seconds(16)).map(\.room) == [try room("b")])
        #expect(table[id]?.rooms[try room("a")] == .present)
    }

    @Test func aWrongSecretOrUserIsRefused() throws {
        var (table, id) = try table(in: "a")
        #expect(table.claim(id, secret: [1], user: nil, stays: true, now: start) == .refused)
        #expect(table.claim(id, secret: secret, user: try UserName("eve"), stays: true, now: start) == .refused)
        #expect(table.claim(try session("s2"), secret: secret, user: nil, stays: true, now: start) == .refused)
    }

    @Test func aSessionClaimedByAnotherNodeGoesRoomByRoom() throws {
        var (table, id) = try table(in: "a", "b")
        #expect(
            table.claim(id, secret: secret, user: try UserName("ada"), stays: false, now: start) != .refused)
        table.moved(try room("a"), id)
        #expect(table[id]?.rooms.keys.count == 1)
        table.moved(try room("b"), id)
        #expect(table.count == 0)
        #expect(table.expired(now: start + .seconds(60)).isEmpty)
    }

    @Test func closingReturnsTheRooms() throws {
        var (table, id) = try table(in: "a", "b")
        #expect(Set(table.closed(id)) == [try room("a"), try room("b")])
        #expect(table.count == 0)
    }
}

@Suite struct RoomTableTests {
    @Test func aRoomGoesAMomentAfterTheLastSession() throws {
        var table = RoomTable(linger: .seconds(1))
        #expect(table.entered(try room(), try session("s1")))
        #expect(!table.entered(try room(), try session("s2")))
        table.left(try room(), try session("s1"), now: start)
        #expect(table.expired(now: start + .seconds(5)).isEmpty)
        table.left(try room(), try session("s2"), now: start + .seconds(5))
        #expect(table.expired(now: start + .milliseconds(5900)).isEmpty)
        #expect(table.expired(now: start + .seconds(6)) == [try room()])
        #expect(table.count == 0)
    }

    @Test func aRejoinKeepsTheRoom() throws {
        var table = RoomTable(linger: .seconds(1))
        _ = table.entered(try room(), try session("s1"))
        table.left(try room(), try session("s1"), now: start)
        #expect(!table.entered(try room(), try session("s2")))
        #expect(table.expired(now: start + .seconds(9)).isEmpty)
    }
}

@Suite struct RosterTests {
    private func occupant(_ id: String, _ user: String, on name: String = "a", since: UInt64 = 1) throws -> Occupant {
        Occupant(session: try session(id), user: try UserName(user), node: try node(name), since: since)
    }

    @Test func membersAreUsersHoweverManySessions() throws {
        var roster = Roster()
        let change = roster.apply(
            .init(joined: [try occupant("s1", "ada", since: 5), try occupant("s2", "ada", since: 9)]))
        #expect(change.joined.count == 2)
        let (members, count) = roster.members()
        #expect(count == 1)
        #expect(members == [Member(user: "ada", sessions: 2, node: "a", since: 5)])
    }

    @Test func aChangeThatTheSnapshotHoldsIsNotSeenAgain() throws {
        var roster = Roster()
        _ = roster.replace(with: [try occupant("s1", "ada")])
        #expect(roster.apply(.init(joined: [try occupant("s1", "ada")])).isEmpty)
    }

    @Test func aMoveIsNotSeenAndTheOldNodesDepartureMeansNothing() throws {
        var roster = Roster()
        _ = roster.replace(with: [try occupant("s1", "ada", on: "a")])
        let moved = try occupant("s1", "ada", on: "b")
        #expect(roster.apply(.init(moved: [.init(occupant: moved, from: try node("a"))])).isEmpty)
        let late = PresenceChange(left: [.init(occupant: try occupant("s1", "ada", on: "a"), reason: .nodeLost)])
        #expect(roster.apply(late).isEmpty)
        #expect(roster.contains(try session("s1")))
    }

    @Test func aSnapshotTellsWhoIsGone() throws {
        var roster = Roster()
        _ = roster.replace(with: [try occupant("s1", "ada"), try occupant("s2", "bob")])
        let change = roster.replace(with: [try occupant("s2", "bob"), try occupant("s3", "eve")])
        #expect(change.left.map(\.reason) == [.lost])
        #expect(change.joined.map(\.session) == [try session("s3")])
    }

    @Test func theJoinerIsListedBeforeItsChangeCameBackAndAnnouncedByIt() throws {
        var roster = Roster()
        let ada = try occupant("s1", "ada")
        roster.stored(ada)
        #expect(roster.members().members.map(\.user) == ["ada"])
        #expect(roster.members().count == 1)
        #expect(roster.count == 0)
        #expect(roster.apply(.init(joined: [ada])).joined == [ada])
        #expect(roster.members().count == 1)
        roster.stored(ada)
        #expect(roster.apply(.init(left: [.init(occupant: ada, reason: .left)])).left.count == 1)
        #expect(roster.members().count == 0)
    }

    @Test func whoWithdrawsBeforeItsChangeCameBackIsNotListed() throws {
        var roster = Roster()
        roster.stored(try occupant("s1", "ada"))
        roster.withdrawn(try session("s1"))
        #expect(roster.members().count == 0)
    }

    @Test func aNameIsComparedWithThoseThatLookLikeIt() throws {
        var roster = Roster()
        let latin = try occupant("s1", "paul")
        _ = roster.apply(.init(joined: [latin, try occupant("s2", "paul")]))
        #expect(!roster.holdsLookalike(of: try UserName("paul")))
        #expect(roster.holdsLookalike(of: try UserName("PauI")))
        #expect(!roster.holdsLookalike(of: try UserName("paula")))
        _ = roster.apply(.init(left: [.init(occupant: latin, reason: .left)]))
        #expect(roster.holdsLookalike(of: try UserName("pau1")))
        _ = roster.replace(with: [])
        #expect(!roster.holdsLookalike(of: try UserName("pau1")))
    }
}
