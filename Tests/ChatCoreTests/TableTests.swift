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
        table.open(id, user: try UserName("ada"), secret: secret, previousNode: nil, now: start)
        for name in rooms { table.entered(try room(name), id) }
        return (table, id)
    }

    @Test func aLostSessionLeavesAfterTheGrace() throws {
        var (table, id) = try table(in: "a")
        table.detached(id, now: start)
        #expect(table.expired(now: start + .seconds(9)).isEmpty)
        let over = table.expired(now: start + .seconds(10))
        #expect(over.map(\.room) == [try room("a")])
        #expect(over.map(\.reason) == [.lost])
        #expect(table.count == 0)
    }

    @Test func aSessionWithoutRoomsWaitsToo() throws {
        var (table, id) = try table()
        table.detached(id, now: start)
        #expect(table.expired(now: start + .seconds(9)).isEmpty)
        #expect(
            table.claim(id, secret: secret, user: nil, stays: true, now: start + .seconds(9)) == .granted(rooms: []))
        _ = table.expired(now: start + .seconds(19))
        #expect(table.count == 1)
        table.detached(id, now: start + .seconds(20))
        _ = table.expired(now: start + .seconds(30))
        #expect(table.count == 0)
    }

    @Test func afterAnotherNodeGotTheSessionItsSecretIsWorthNothing() throws {
        var (table, id) = try table(in: "a")
        #expect(
            table.claim(id, secret: secret, user: nil, stays: false, now: start) == .granted(rooms: [try room("a")]))
        #expect(table.claim(id, secret: secret, user: nil, stays: true, now: start) == .refused)
        #expect(table.claim(id, secret: secret, user: nil, stays: false, now: start) == .refused)
    }

    @Test func aSessionFromAnotherNodeIsInItsRoomsAndKnowsTheSecretThatBroughtIt() throws {
        var table = SessionTable(grace: .seconds(10))
        let id = try session("s1")
        table.open(
            id, user: try UserName("ada"), secret: [9], formerSecret: secret, previousNode: try node("elsewhere"),
            rooms: [try room("a")], now: start)
        #expect(table.memberships().count == 1)
        let claim = table.claim(id, secret: secret, user: nil, stays: true, now: start + .seconds(1))
        #expect(claim == .granted(rooms: [try room("a")]))
        #expect(table.expired(now: start + .seconds(10)).isEmpty)
        #expect(table.expired(now: start + .seconds(11)).map(\.reason) == [.left])
        #expect(table.count == 1)
    }

    @Test func aResumedSessionKeepsTheRoomsItJoinsAgain() throws {
        var (table, id) = try table(in: "a", "b")
        table.detached(id, now: start)
        let claim = table.claim(id, secret: secret, user: nil, stays: true, now: start + .seconds(5))
        guard case .granted(let rooms) = claim else { return #expect(Bool(false)) }
        #expect(Set(rooms) == [try room("a"), try room("b")])
        table.entered(try room("a"), id)
        // It has the whole grace again to join them.
        #expect(table.expired(now: start + .seconds(14)).isEmpty)
        let over = table.expired(now: start + .seconds(16))
        #expect(over.map(\.room) == [try room("b")])
        #expect(over.map(\.reason) == [.left])
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
        #expect(table.moved(try room("a"), id))
        #expect(table[id]?.rooms.keys.count == 1)
        #expect(table.moved(try room("b"), id))
        #expect(table.count == 0)
        #expect(table.expired(now: start + .seconds(60)).isEmpty)
    }

    @Test func aSessionThatComesBackFromAnotherNodeLeavesTheRoomsThatItDoesNotJoinAgain() throws {
        var (table, id) = try table(in: "a", "b")
        _ = table.claim(id, secret: secret, user: nil, stays: false, now: start)
        table.open(id, user: try UserName("ada"), secret: [9], previousNode: try node("elsewhere"), now: start)
        #expect(table[id]?.rooms[try room("a")] == .claimed(until: start + .seconds(10)))
        table.entered(try room("a"), id)
        #expect(!table.moved(try room("a"), id))
        #expect(table.expired(now: start + .seconds(10)).map(\.room) == [try room("b")])
        #expect(table[id]?.rooms.keys.map(\.self) == [try room("a")])
    }

    @Test func onlyWhatThisNodeAnswersForIsPutBack() throws {
        var (table, id) = try table(in: "a")
        table.detached(id, now: start)
        #expect(table.memberships().count == 1)
        _ = table.claim(id, secret: secret, user: nil, stays: false, now: start)
        #expect(table.memberships().isEmpty)
        #expect(table.expired(now: start + .seconds(10)).map(\.room) == [try room("a")])
    }

    @Test func aFailedJoinOfAResumedSessionWaitsForAnother() throws {
        var (table, id) = try table(in: "a")
        table.detached(id, now: start)
        _ = table.claim(id, secret: secret, user: nil, stays: true, now: start + .seconds(1))
        table.entered(try room("a"), id)
        table.awaitsAgain(try room("a"), id, now: start + .seconds(2))
        #expect(table.expired(now: start + .seconds(11)).isEmpty)
        #expect(table.expired(now: start + .seconds(12)).count == 1)
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

    /// Takes a snapshot to which nothing happened on its way.
    private func replace(_ roster: inout Roster, with occupants: [Occupant]) -> Roster.Change {
        let read = roster.snapshotAsked()
        return roster.replace(with: occupants, from: read) { _ in false }
    }

    @Test func aChangeThatTheSnapshotHoldsIsNotSeenAgain() throws {
        var roster = Roster()
        _ = replace(&roster, with: [try occupant("s1", "ada")])
        #expect(roster.apply(.init(joined: [try occupant("s1", "ada")])).isEmpty)
    }

    @Test func aMoveIsNotSeenAndTheOldNodesDepartureMeansNothing() throws {
        var roster = Roster()
        _ = replace(&roster, with: [try occupant("s1", "ada", on: "a")])
        let moved = try occupant("s1", "ada", on: "b")
        #expect(roster.apply(.init(moved: [.init(occupant: moved, from: try node("a"))])).isEmpty)
        let late = PresenceChange(left: [.init(occupant: try occupant("s1", "ada", on: "a"), reason: .nodeLost)])
        #expect(roster.apply(late).isEmpty)
        #expect(roster.contains(try session("s1")))
    }

    @Test func aSnapshotTellsWhoIsGone() throws {
        var roster = Roster()
        _ = replace(&roster, with: [try occupant("s1", "ada"), try occupant("s2", "bob")])
        let change = replace(&roster, with: [try occupant("s2", "bob"), try occupant("s3", "eve")])
        #expect(change.left.map(\.reason) == [.lost])
        #expect(change.joined.map(\.session) == [try session("s3")])
    }

    @Test func whoCameOrLeftWhileTheSnapshotWasReadIsNotForgotten() throws {
        var roster = Roster()
        let (ada, bob, eve) = (try occupant("s1", "ada"), try occupant("s2", "bob"), try occupant("s3", "eve"))
        _ = replace(&roster, with: [ada, bob])
        let read = roster.snapshotAsked()
        #expect(roster.apply(.init(joined: [eve])).joined == [eve])
        #expect(roster.apply(.init(left: [.init(occupant: bob, reason: .left)])).left.count == 1)
        // Of a moment before both.
        #expect(roster.replace(with: [ada, bob], from: read, keeping: { _ in false }).isEmpty)
        #expect(roster.contains(eve.session) && !roster.contains(bob.session))
        #expect(roster.apply(.init(joined: [eve])).isEmpty)
    }

    @Test func anOlderSnapshotIsIgnored() throws {
        var roster = Roster()
        let older = roster.snapshotAsked()
        let newer = roster.snapshotAsked()
        let ada = try occupant("s1", "ada")
        #expect(roster.replace(with: [ada], from: newer, keeping: { _ in false }).joined == [ada])
        #expect(roster.replace(with: [], from: older, keeping: { _ in false }).isEmpty)
        #expect(roster.contains(ada.session))
    }

    @Test func whoIsBeingPutBackIsNotLost() throws {
        var roster = Roster()
        let (ada, bob) = (try occupant("s1", "ada"), try occupant("s2", "bob"))
        _ = replace(&roster, with: [ada])
        roster.stored(bob)
        let read = roster.snapshotAsked()
        #expect(roster.replace(with: [], from: read, keeping: { _ in true }).isEmpty)
        #expect(roster.members().count == 2)
        #expect(roster.apply(.init(joined: [ada, bob])).joined == [bob])
        let again = roster.snapshotAsked()
        #expect(roster.replace(with: [], from: again, keeping: { _ in false }).left.count == 2)
        #expect(roster.members().count == 0)
    }

    @Test func theSnapshotAnnouncesWhoWasStoredAndItsChangeDoesNot() throws {
        var roster = Roster()
        let ada = try occupant("s1", "ada")
        roster.stored(ada)
        #expect(replace(&roster, with: [ada]).joined == [ada])
        #expect(roster.apply(.init(joined: [ada])).isEmpty)
    }

    @Test func theJoinerIsListedBeforeItsChangeCameBackAndAnnouncedByIt() throws {
        var roster = Roster()
        let ada = try occupant("s1", "ada")
        roster.stored(ada)
        #expect(roster.members().members.map(\.user) == ["ada"])
        #expect(roster.members().count == 1)
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

    @Test func theNextSessionIsTheFirstWhenTheFirstLeaves() throws {
        var roster = Roster()
        let (first, second, third) = (
            try occupant("s1", "ada", on: "a", since: 5), try occupant("s2", "ada", on: "b", since: 9),
            try occupant("s3", "ada", on: "c", since: 7)
        )
        _ = roster.apply(.init(joined: [second, first, third]))
        _ = roster.apply(.init(left: [.init(occupant: first, reason: .left)]))
        #expect(roster.members().members == [Member(user: "ada", sessions: 2, node: "c", since: 7)])
        #expect(roster.sessionCount == 2)
    }

    @Test func aGuestsNameIsComparedWithThoseThatLookLikeIt() throws {
        var roster = Roster()
        let latin = try occupant("u1", "paul")
        _ = roster.apply(.init(joined: [latin, try occupant("u2", "paul")]))
        // One guest on two terminals.
        #expect(!roster.refusesGuest(try UserName("paul")))
        #expect(roster.refusesGuest(try UserName("PauI")))
        #expect(!roster.refusesGuest(try UserName("paula")))
        _ = roster.apply(.init(left: [.init(occupant: latin, reason: .left)]))
        #expect(roster.refusesGuest(try UserName("pau1")))
        _ = replace(&roster, with: [])
        #expect(!roster.refusesGuest(try UserName("pau1")))
    }

    @Test func aGuestGetsNoNameOfAUserWithAToken() throws {
        var roster = Roster()
        let proved = try occupant("s1", "paul")
        _ = roster.apply(.init(joined: [try occupant("u1", "pau1"), proved]))
        #expect(roster.refusesGuest(try UserName("paul")))
        #expect(roster.refusesGuest(try UserName("pau1")))
        _ = roster.apply(.init(left: [.init(occupant: proved, reason: .left)]))
        #expect(!roster.refusesGuest(try UserName("pau1")))
    }

    @Test func aGuestsSessionIsKnownByItsId() {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        #expect(SessionID.randomGuest(using: &random).isGuest)
        for _ in 0..<200 { #expect(!SessionID.random(using: &random).isGuest) }
        #expect(SessionID(SessionID.randomGuest(using: &random).value) != nil)
    }
}
