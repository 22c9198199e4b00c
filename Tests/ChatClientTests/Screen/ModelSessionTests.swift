import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// What the session tells, and what becomes of it in the model.
@Suite struct ModelSessionTests {
    @Test func theFirstRoomIsShownAndAllAreJoined() {
        var chat = ModelFixture(started: false)
        let waiting = OutgoingMessage(room: room("dev"), key: "old", body: "from yesterday")
        chat.send(.started(rooms: [lobby, ops], drafts: [lobby: "hel"], restored: [waiting]))
        var kept = KeptRooms()
        (kept.joined, kept.shown) = ([lobby, ops, room("dev")], lobby)
        #expect(
            chat.actions == [
                .join(lobby), .join(ops), .join(room("dev")), .saveRooms(kept), .setTitle("#lobby — TermChat"),
            ])
        #expect(chat.model.order == [lobby, ops, room("dev")])
        #expect(chat.model.editor.text == "hel")
        #expect(chat.texts(room("dev")) == ["ann: from yesterday …"])
    }

    @Test func ownLinesTurnFromSendingToStoredAtTheirPlace() {
        var chat = ModelFixture()
        #expect(chat.enter("one").contains(.send(.init(room: lobby, key: "k-1", body: "one"))))
        chat.enter("two")
        chat.say(4, "between")
        #expect(chat.texts().suffix(3) == ["bob: between", "ann: one …", "ann: two …"])
        chat.session(.stored(.init(room: lobby, key: "k-1", body: "one"), id: position(6), duplicate: false))
        chat.say(5, "late")
        chat.session(.entry(lobby, message(6, "one", by: "ann", key: "k-1")))
        #expect(chat.texts().suffix(4) == ["bob: between", "bob: late", "ann: one ✓", "ann: two …"])
        // The entry comes before its acknowledgement.
        chat.session(.entry(lobby, message(7, "two", by: "ann", key: "k-2")))
        #expect(chat.texts().last == "ann: two ✓")
        chat.session(.stored(.init(room: lobby, key: "k-2", body: "two"), id: position(7), duplicate: true))
        #expect(chat.texts().suffix(2) == ["ann: one ✓", "ann: two ✓"])
        #expect(chat.model.unsent() == 0)
    }

    @Test func refusedLinesStayAndCanBeSentAgainOrForgotten() {
        var chat = ModelFixture()
        chat.enter("no")
        chat.enter("yes")
        let refused = OutgoingMessage(room: lobby, key: "k-1", body: "no")
        chat.session(.refused(refused, errorFrame(.forbidden)))
        #expect(chat.texts().suffix(2) == ["ann: no !", "ann: yes …"])
        #expect(chat.enter("/resend").contains(.send(refused)))
        #expect(chat.texts().suffix(2) == ["ann: yes …", "ann: no …"])
        chat.session(.kept(refused, .perhapsStored))
        chat.say(4)
        #expect(chat.texts().suffix(3) == ["ann: no !", "bob: hi", "ann: yes …"])
        #expect(chat.enter("/discard").contains(.discard(refused)))
        #expect(!chat.texts().contains("ann: no !"))
        chat.send(.sendFailed(.init(room: lobby, key: "k-2", body: "yes"), reason: "full"))
        #expect(chat.texts().last == "ann: yes !")
    }

    @Test func whatIsOnlyToldGivesWayToALossAndToTime() {
        var chat = ModelFixture()
        chat.model.inform("p.png is in #lobby")
        chat.disconnect()
        #expect(chat.model.hint == nil)
        chat.model.warn("no such command")
        chat.connect()
        chat.disconnect()
        #expect(chat.model.hint?.text == "no such command")
        chat.connect()
        chat.model.inform("p.png is in #lobby")
        chat.pass(milliseconds: 0)
        #expect(chat.model.nextTick ?? .distantFuture <= chat.model.now + ScreenLimits.hintShownFor)
        chat.pass(milliseconds: 10_000)
        #expect(chat.model.hint == nil)
    }

    @Test func aLossAndItsEndAreSaid() {
        var chat = ModelFixture()
        chat.disconnect()
        chat.disconnect(attempt: 2)
        #expect(chat.texts().last == "-- lost")
        guard case .offline(_, _, 2, let since) = chat.model.connection else { return #expect(Bool(false)) }
        #expect(since == at(0))
        chat.connect(node: "edge-b")
        chat.say(4)
        chat.session(.caughtUp(lobby, missed: 1))
        #expect(chat.texts().suffix(3) == ["-- lost", "bob: hi", "-- caught up 1"])
        // Losses that bring nothing new leave one line.
        for _ in 0..<3 {
            chat.disconnect()
            chat.connect()
            chat.session(.caughtUp(lobby, missed: 0))
        }
        #expect(chat.texts().suffix(3) == ["bob: hi", "-- caught up 1", "-- caught up 0"])
        #expect(chat.texts(ops).suffix(1) == ["-- lost"], "what is not made good stays")
    }

    @Test func theCountdownTicksEachSecond() {
        var chat = ModelFixture()
        #expect(chat.model.nextTick == nil)
        chat.disconnect(retryAfter: 2500)
        #expect(chat.model.nextTick == at(500))
        chat.pass(milliseconds: 500)
        #expect(chat.model.nextTick == at(1500))
        #expect(chat.enter("/reconnect").contains(.reconnect))
        #expect(chat.send(.continued) == [.redraw, .reconnect])
    }

    @Test func gapsStandWhereTheyAre() {
        var chat = ModelFixture()
        chat.session(.gap(lobby, after: position(3), before: position(9)))
        chat.say(9)
        #expect(chat.texts().suffix(2) == ["-- gap", "bob: hi"])
    }

    @Test func presenceIsFoldedAndQuietInBigRooms() {
        var chat = ModelFixture()
        chat.presence(came: ["eve"], count: 3)
        chat.presence(came: ["fay"], went: ["bob"], count: 3)
        #expect(chat.texts().suffix(2) == ["ann: text 3", "-- eve, fay joined · bob left"])
        #expect(chat[lobby].members.map(\.user) == ["ann", "eve", "fay"])
        // Another session of somebody who is there.
        chat.presence(came: ["eve"], count: 3)
        chat.presence(went: ["eve"], count: 3)
        #expect(chat.texts().last == "-- eve, fay joined · bob left")
        chat.say(4)
        chat.presence(went: ["eve"], count: 200)
        #expect(chat.texts().last == "bob: hi")
        #expect(chat[lobby].count == 200)
    }

    @Test func typingIsShownForAWhile() {
        var chat = ModelFixture()
        chat.session(.typing(lobby, user: "bob"))
        chat.session(.typing(lobby, user: "ann"))
        #expect(chat[lobby].typing.keys.sorted() == ["bob"])
        #expect(chat.model.nextTick == at(6000))
        chat.say(4)
        #expect(chat[lobby].typing.isEmpty)
        chat.session(.typing(lobby, user: "bob"))
        chat.pass(milliseconds: 6000)
        #expect(chat[lobby].typing.isEmpty)
    }

    @Test func refusedRoomsKeepWhatWasWritten() {
        var chat = ModelFixture(started: false)
        chat.send(.started(rooms: [lobby], drafts: [:], restored: [.init(room: lobby, key: "x", body: "old")]))
        chat.session(.roomRefused(lobby, errorFrame(.forbidden)))
        #expect(chat.texts().contains("-- 1 unsent, kept; /join lobby sends them"))
        chat.enter("hello")
        #expect(chat.model.editor.text == "hello")
        #expect(chat.hint.contains("not joined"))
    }

    @Test func topicsAndNoticesAreShown() {
        var chat = ModelFixture()
        chat.session(.topic(lobby, Topic(text: "ship it", user: "bob", time: 0)))
        chat.session(.notice(.info, .announcement, text: "maintenance"))
        #expect(chat[lobby].topic == "ship it")
        #expect(chat.texts().suffix(2) == ["-- bob set the topic: ship it", "-- maintenance"])
    }

    @Test func eventsOfUnknownRoomsChangeNothing() {
        var chat = ModelFixture()
        let other = room("other")
        chat.session(.entry(other, entry(1)))
        chat.session(.gap(other, after: position(1), before: position(4)))
        chat.session(.caughtUp(other, missed: 2))
        chat.session(.joined(.init(room: other, members: [], count: 0, isAgain: false)))
        chat.send(.older(other, entries(1...3), more: true))
        chat.send(.files(other, [fileLine("a")]))
        #expect(chat.model.rooms[other] == nil)
    }
}

extension ModelFixture {
    mutating func presence(came: [String] = [], went: [String] = [], count: Int) {
        guard let session = SessionID("s1") else { return }
        self.session(
            .presence(
                .init(
                    room: lobby, joined: came.map { Arrival(user: $0, session: session, node: "n") },
                    left: went.map { Departure(user: $0, session: session, node: "n", reason: .left) }, count: count)))
    }
}
