import ChatWire
import NIOCore
import Testing

@testable import ChatClient

/// Read markers, topics, searches and direct rooms of a session.
@Suite struct CompanionTests {
    let first = LinkID(number: 1)
    let second = LinkID(number: 2)

    @Test func readIsToldAtOnceAndThenOncePerInterval() {
        var session = Session(joined: 3, features: ["read"])
        session.note(session.machine.markRead(lobby, upTo: position(1), at: at(0)))
        session.note(session.machine.markRead(lobby, upTo: position(2), at: at(1)))
        session.note(session.machine.markRead(lobby, upTo: position(3), at: at(2)))
        #expect(session.reads(on: first) == [position(1)])
        #expect(session.machine.readDeadline == at(1000))
        session.fire(at: 999)
        #expect(session.reads(on: first) == [position(1)])
        session.fire(at: 1000)
        #expect(session.reads(on: first) == [position(1), position(3)])
        #expect(session.machine.readDeadline == nil)
    }

    @Test func goingBackIsNotTold() {
        var session = Session(joined: 3, features: ["read"], read: position(2))
        session.note(session.machine.markRead(lobby, upTo: position(2), at: at(0)))
        session.note(session.machine.markRead(lobby, upTo: position(1), at: at(5000)))
        #expect(session.reads(on: first) == [])
    }

    @Test func whatWaitsIsToldBeforeTheSessionCloses() {
        var session = Session(joined: 3, features: ["read"])
        session.note(session.machine.markRead(lobby, upTo: position(1), at: at(0)))
        session.note(session.machine.markRead(lobby, upTo: position(3), at: at(1)))
        session.note(session.machine.close(at: at(2)))
        #expect(session.reads(on: first) == [position(1), position(3)])
    }

    @Test func whatTheEdgeDoesNotHaveIsToldAfterAReconnect() {
        var session = Session(joined: 3, features: ["read"])
        session.note(session.machine.markRead(lobby, upTo: position(3), at: at(0)))
        session.lose(first)
        session.reconnect(to: second)
        session.receive(.joined(joinedFrame([], at: 3, ref: Ref(2), read: position(2))), on: second)
        session.fire(at: 5000)
        #expect(session.reads(on: second) == [position(3)])
    }

    @Test func anOlderEdgeIsNotTold() {
        var session = Session(joined: 3)
        session.note(session.machine.markRead(lobby, upTo: position(3), at: at(0)))
        session.note(session.machine.close(at: at(2000)))
        #expect(session.reads(on: first) == [])
        #expect(session.machine.readDeadline == nil)
    }

    @Test func readElsewhereIsToldTheApplicationWhereItIsNews() {
        var session = Session(joined: 3, features: ["read"])
        let news = session.receive(.read(room: lobby, position: position(2)), on: first)
        #expect(news == [.tell(.read(lobby, position(2)))])
        #expect(session.receive(.read(room: lobby, position: position(2)), on: first) == [])
        session.note(session.machine.markRead(lobby, upTo: position(2), at: at(0)))
        #expect(session.reads(on: first) == [])
    }

    @Test func joinedHasMarkerAndTopic() {
        var session = Session()
        _ = session.machine.join(lobby, since: nil, limit: 0, at: at(0))
        session.welcome(first)
        let topic = Topic(text: "tea", user: "bo", time: 7)
        let joined = joinedFrame([], at: 3, ref: Ref(1), read: position(2), topic: topic)
        let expected = SessionEvent.Joined(
            room: lobby, members: [], count: 0, isAgain: false, read: position(2), topic: topic,
            position: joined.position)
        #expect(session.receive(.joined(joined), on: first).first == .tell(.joined(expected)))
    }

    @Test func aTopicIsToldAndAnswersItsRequest() {
        var session = Session(joined: 3)
        let topic = Topic(text: "tea", user: "ann", time: 7)
        session.note(session.machine.request(RequestID(number: 1), .topic(lobby, "tea"), at: at(0)) ?? [])
        #expect(session.frames(on: first).last == .topic(ref: Ref(2), room: lobby, text: "tea"))
        let actions = session.receive(.topic(ref: Ref(2), room: lobby, topic), on: first)
        #expect(actions == [.tell(.topic(lobby, topic)), .answer(RequestID(number: 1), .success(.topic(topic)))])
        #expect(session.receive(.topic(ref: nil, room: lobby, topic), on: first) == [])
        let later = Topic(text: "cake", user: "bo", time: 8)
        #expect(session.receive(.topic(ref: nil, room: lobby, later), on: first) == [.tell(.topic(lobby, later))])
    }

    @Test func aSearchIsAnswered() {
        var session = Session(joined: 3)
        let id = RequestID(number: 1)
        let kind = Request.Kind.search(lobby, text: "tea", before: position(9), limit: 5)
        session.note(session.machine.request(id, kind, at: at(0)) ?? [])
        let search = ClientFrame.Search(ref: Ref(2), room: lobby, text: "tea", before: position(9), limit: 5)
        #expect(session.frames(on: first).last == .search(search))
        let found = ServerFrame.Found(ref: Ref(2), room: lobby, messages: [entry(2)], more: true, before: position(2))
        let answer = Answer.found([entry(2)], more: true, before: position(2))
        #expect(session.receive(.found(found), on: first) == [.answer(id, .success(answer))])
    }

    @Test func aDirectRoomIsAnAnswerOrAnOffer() throws {
        var session = Session(joined: 3)
        let (id, bo) = (RequestID(number: 1), try UserName("bo"))
        session.note(session.machine.request(id, .direct(bo, isGuest: false), at: at(0)) ?? [])
        #expect(session.frames(on: first).last == .direct(.init(ref: Ref(2), user: bo)))
        let answer = session.receive(.direct(ref: Ref(2), room: room("dm-1"), user: "bo"), on: first)
        #expect(answer == [.answer(id, .success(.direct(room("dm-1"), isGuest: false)))])
        let offer = session.receive(.direct(ref: nil, room: room("dm-1"), user: "bo"), on: first)
        #expect(offer == [.tell(.direct(room("dm-1"), user: "bo"))])
    }

    @Test func directRoomsAreListed() {
        var session = Session(joined: 3)
        let id = RequestID(number: 1)
        session.note(session.machine.request(id, .directs(limit: 5), at: at(0)) ?? [])
        #expect(session.frames(on: first).last == .directs(ref: Ref(2), limit: 5))
        let directs = [DirectListing(room: room("dm-1"), user: "bo", lastActivity: 7)]
        let answer = session.receive(.directs(ref: Ref(2), directs: directs), on: first)
        #expect(answer == [.answer(id, .success(.directs(directs)))])
    }

    @Test func anEdgeThatDoesNotKnowTheFrameRefuses() {
        var session = Session(joined: 3)
        let id = RequestID(number: 1)
        session.note(session.machine.request(id, .directs(limit: 5), at: at(0)) ?? [])
        var error = errorFrame(.unsupported)
        error.ref = Ref(2)
        #expect(session.receive(.error(error), on: first) == [.answer(id, .failure(.refused(error)))])
    }
}
