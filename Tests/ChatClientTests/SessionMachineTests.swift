import ChatWire
import NIOCore
import Testing

@testable import ChatClient

@Suite struct SessionMachineTests {
    let first = LinkID(number: 1)
    let second = LinkID(number: 2)

    @Test func helloCarriesTheIdentityAndNoSecretAtFirst() {
        var session = Session()
        #expect(session.machine.start(at: at(0)) == [.connect(first)])
        let hello = ClientFrame.Hello(user: "ann", token: "t", client: "test", resume: nil)
        #expect(session.machine.opened(first, at: at(0)) == [.write(.hello(hello), on: first)])
    }

    @Test func roomsAreJoinedOnceTheSessionIsWelcomed() {
        var session = Session()
        #expect(session.machine.join(lobby, since: nil, limit: 7, at: at(0)) == [])
        session.welcome(first)
        #expect(session.frames(on: first).last == .join(.init(ref: Ref(1), room: lobby, since: nil, limit: 7)))
    }

    @Test func theNextConnectionResumesAndJoinsFromTheLastShown() {
        var session = Session(joined: 3)
        session.lose(first)
        session.reconnect(to: second)
        #expect(
            session.frames(on: second) == [
                .hello(.init(user: "ann", token: "t", client: "test", resume: "secret")),
                .join(.init(ref: Ref(2), room: lobby, since: position(3), limit: ClientLimits.pageEntries)),
            ])
    }

    @Test func messagesWaitUntilTheirRoomIsCaughtUp() {
        var session = Session()
        _ = session.machine.join(lobby, since: nil, limit: 0, at: at(0))
        session.send("k1")
        session.welcome(first)
        #expect(session.sentKeys(on: first) == [])
        session.receive(.joined(joinedFrame([], at: 3, ref: Ref(1))), on: first)
        #expect(session.sentKeys(on: first) == ["k1"])
    }

    @Test func theWayToTheEdgeIsMeasuredNowAndThen() {
        var session = Session(measuresLatency: true)
        session.welcome(first)
        session.fire(at: 1000)
        #expect(session.frames(on: first).last == .ping(ref: Ref(1)))
        session.now = 1014
        #expect(session.receive(.pong(ref: Ref(1)), on: first) == [.tell(.latency(.milliseconds(14)))])
        #expect(session.machine.roundTripAt == at(16_014))
        session.fire(at: 16_014)
        session.lose(first)
        #expect(session.receive(.pong(ref: Ref(2)), on: first) == [])
        session.reconnect(to: second)
        session.fire(at: 17_014)
        #expect(session.frames(on: second).last == .ping(ref: Ref(3)))
    }

    @Test func anAckSettlesTheMessage() {
        var session = Session(joined: 3)
        let message = session.send("k1")
        let actions = session.receive(.ack(ref: Ref(2), room: lobby, id: position(4), duplicate: false), on: first)
        #expect(actions == [.settled(message), .tell(.stored(message, id: position(4), duplicate: false))])
        #expect(session.machine.outbox.count == 0)
    }

    @Test func aMessageIsSentAgainWithItsKeyAfterALoss() {
        var session = Session(joined: 3)
        session.send("k1")
        session.lose(first)
        session.reconnect(to: second)
        session.receive(.joined(joinedFrame([], at: 3, ref: Ref(3))), on: second)
        #expect(session.sentKeys(on: second) == ["k1"])
    }

    @Test func aMessageSeenInTheRoomIsNotSentAgain() {
        var session = Session(joined: 3)
        let message = session.send("k1")
        session.lose(first)
        session.reconnect(to: second)
        let actions = session.receive(.joined(joinedFrame([entry(4, key: "k1")], at: 4, ref: Ref(3))), on: second)
        #expect(actions.contains(.tell(.stored(message, id: position(4), duplicate: false))))
        #expect(session.sentKeys(on: second) == [])
    }

    /// An earlier run may have been killed between the store and the ack.
    @Test func whatAnEarlierRunLeftIsLookedForBeforeItIsSent() {
        var session = Session(keepsOutbox: true)
        let message = session.restore("k1", after: 3, firstTry: .longAgo)
        session.note(session.machine.join(lobby, since: nil, limit: 20, at: at(0)))
        session.welcome(first)
        #expect(
            session.frames(on: first).last
                == .join(.init(ref: Ref(1), room: lobby, since: position(3), limit: ClientLimits.pageEntries)))
        let actions = session.receive(.joined(joinedFrame([entry(4, key: "k1")], at: 4, ref: Ref(1))), on: first)
        #expect(actions.contains(.settled(message)))
        #expect(session.sentKeys(on: first) == [])
    }

    @Test func theWholeHistorySinceIsReadBeforeItIsSent() {
        var session = Session(keepsOutbox: true)
        session.restore("k1", after: 3, firstTry: .longAgo)
        session.note(session.machine.join(lobby, since: nil, limit: 20, at: at(0)))
        session.welcome(first)
        session.receive(.joined(joinedFrame([entry(4)], at: 6, ref: Ref(1), more: true)), on: first)
        #expect(session.sentKeys(on: first) == [])
        session.receive(
            .history(ref: Ref(2), room: lobby, messages: [entry(5, key: "k1"), entry(6)], more: false), on: first)
        #expect(session.sentKeys(on: first) == [])
        #expect(session.machine.outbox.count == 0)
    }

    @Test func whatTheHistoryDoesNotHaveIsSentWhateverItsAge() {
        var session = Session(keepsOutbox: true)
        session.restore("k1", after: 3, firstTry: .longAgo)
        session.note(session.machine.join(lobby, since: nil, limit: 20, at: at(0)))
        session.welcome(first)
        session.receive(.joined(joinedFrame([entry(4)], at: 4, ref: Ref(1))), on: first)
        #expect(session.sentKeys(on: first) == ["k1"])
    }

    @Test func whatMayBeInALostPartOfTheHistoryIsSentOnlyWhileItsKeyIsRemembered() {
        for (firstTry, isSent) in [
            (Outbox.FirstTry.at(at(0)), true), (.at(at(-300)), false), (.longAgo, false), (.none, true),
        ] {
            var session = Session(keepsOutbox: true)
            session.now = 299_800
            let message = session.restore("k1", after: 3, firstTry: firstTry)
            session.note(session.machine.join(lobby, since: position(3), limit: 20, at: at(session.now)))
            session.welcome(first)
            let actions = session.receive(
                .joined(joinedFrame([entry(8)], at: 8, ref: Ref(1), complete: false)), on: first)
            #expect(session.sentKeys(on: first) == (isSent ? ["k1"] : []), "\(firstTry)")
            #expect(actions.contains(.tell(.kept(message, .perhapsStored))) == !isSent, "\(firstTry)")
            #expect(!actions.contains(.settled(message)), "it stays in the file")
        }
    }

    @Test func aMessageThatWaitedTooLongForItsAckIsTheUsersDecision() {
        var session = Session(joined: 3)
        let message = session.send("k1")
        session.lose(first)
        session.now = 301_000
        session.reconnect(to: second)
        let actions = session.receive(
            .joined(joinedFrame([entry(8)], at: 8, ref: Ref(3), complete: false)), on: second)
        #expect(actions.contains(.tell(.kept(message, .perhapsStored))))
        #expect(session.sentKeys(on: second) == [])
    }

    @Test func aMessageIsSentOnceTheFileSaysWhereItMayBeStored() {
        var session = Session(keepsOutbox: true)
        let message = session.send("k1")
        session.note(session.machine.join(lobby, since: nil, limit: 20, at: at(0)))
        session.welcome(first)
        let actions = session.receive(.joined(joinedFrame([], at: 3, ref: Ref(1))), on: first)
        #expect(actions.contains(.place(message, Place(after: position(3), user: "ann"))))
        #expect(session.sentKeys(on: first) == [])
        session.note(session.machine.placed(message, at: at(0)))
        #expect(session.sentKeys(on: first) == ["k1"])
    }

    @Test func whatAnotherUserWroteIsNotSent() {
        var session = Session(keepsOutbox: true)
        let message = session.restore("k1", after: 3, user: "bob", firstTry: .at(at(0)))
        session.note(session.machine.join(lobby, since: nil, limit: 20, at: at(0)))
        let actions = session.welcome(first)
        #expect(actions.contains(.tell(.kept(message, .writtenBy("bob")))))
        session.receive(.joined(joinedFrame([], at: 3, ref: Ref(1))), on: first)
        #expect(session.sentKeys(on: first) == [])
    }

    @Test func anothersMessageWithTheSameKeyDoesNotCount() {
        var session = Session(joined: 3)
        session.send("k1")
        session.receive(.entry(room: lobby, entry(4, user: "eve", key: "k1")), on: first)
        #expect(session.machine.outbox.count == 1)
    }

    @Test func aRateLimitDelaysTheMessage() {
        var session = Session(joined: 3)
        session.send("k1")
        var error = errorFrame(.rateLimited, retryAfter: 500)
        error.ref = Ref(2)
        session.receive(.error(error), on: first)
        #expect(session.machine.deadline.map { $0 <= at(500) } == true)
        session.fire(at: 500)
        #expect(session.sentKeys(on: first) == ["k1", "k1"])
    }

    @Test func aRefusedMessageIsReported() {
        var session = Session(joined: 3)
        let message = session.send("k1")
        var error = errorFrame(.forbidden)
        error.ref = Ref(2)
        #expect(session.receive(.error(error), on: first) == [.settled(message), .tell(.refused(message, error))])
    }

    @Test func aBodyNoEdgeWouldTakeIsRefusedAtOnce() {
        var session = Session(joined: 3)
        #expect(throws: WireError.self) {
            try session.machine.send(OutgoingMessage(room: lobby, key: "k", body: "a\u{1b}[2J"), at: at(0))
        }
        #expect(throws: WireError.self) {
            try session.machine.send(
                OutgoingMessage(room: lobby, key: "k", body: String(repeating: "x", count: 8193)), at: at(0))
        }
    }

    @Test func drainingMovesRoomsBeforeTheOldConnectionCloses() {
        var session = Session(joined: 3)
        session.receive(.draining(reconnectAfterMilliseconds: 100), on: first)
        #expect(session.fire(at: 100).contains(.connect(second)))
        session.now = 110
        session.open(second)
        // The old connection still delivers.
        #expect(session.receive(.entry(room: lobby, entry(4)), on: first) == [.tell(.entry(lobby, entry(4)))])
        session.receive(.welcome(welcomeFrame()), on: second)
        #expect(session.receive(.entry(room: lobby, entry(5)), on: first) == [.tell(.entry(lobby, entry(5)))])
        let actions = session.receive(.joined(joinedFrame([entry(5), entry(6)], at: 6, ref: Ref(2))), on: second)
        #expect(actions.contains(.tell(.entry(lobby, entry(6)))))
        #expect(!actions.contains(.tell(.entry(lobby, entry(5)))))
        #expect(actions.contains(.close(first, .normal)))
        #expect(session.receive(.entry(room: lobby, entry(7)), on: first) == [])
    }

    @Test func beingReplacedDoesNotTakeTheSessionBack() {
        var session = Session(joined: 3)
        _ = session.machine.closed(first, .closed(.replaced, reason: ""), at: at(0))
        session.reconnect(to: second)
        guard case .hello(let hello) = session.frames(on: second).first else {
            Issue.record("no hello")
            return
        }
        #expect(hello.resume == nil)
    }

    @Test func aRoomThatIsForbiddenIsDropped() {
        var session = Session()
        _ = session.machine.join(ops, since: nil, limit: 0, at: at(0))
        session.welcome(first)
        var error = errorFrame(.forbidden)
        error.ref = Ref(1)
        #expect(session.receive(.error(error), on: first) == [.tell(.roomRefused(ops, error))])
        #expect(session.machine.rooms.isEmpty)
    }

    @Test func aJoinThatIsUnavailableIsTriedAgain() {
        var session = Session()
        _ = session.machine.join(ops, since: nil, limit: 0, at: at(0))
        session.welcome(first)
        var error = errorFrame(.unavailable, retryAfter: 300)
        error.ref = Ref(1)
        session.receive(.error(error), on: first)
        session.fire(at: 300)
        #expect(session.frames(on: first).last == .join(.init(ref: Ref(2), room: ops, since: nil, limit: 0)))
    }

    @Test func aRefusedPageIsAskedForAgainLater() {
        var session = Session(joined: 3)
        session.receive(.entry(room: lobby, entry(6)), on: first)
        var error = errorFrame(.unavailable, retryAfter: 300)
        error.ref = Ref(2)
        session.receive(.error(error), on: first)
        session.fire(at: 300)
        guard case .history(let page) = session.frames(on: first).last else {
            Issue.record("no page asked for")
            return
        }
        #expect(page.direction == .after(position(3)))
    }

    @Test func slowJoinsAgain() {
        var session = Session(joined: 3)
        session.receive(.slow(room: lobby, after: position(3)), on: first)
        #expect(
            session.frames(on: first).last
                == .join(.init(ref: Ref(2), room: lobby, since: position(3), limit: ClientLimits.pageEntries)))
    }

    @Test func aRequestSurvivesItsConnection() {
        var session = Session(joined: 3)
        let id = RequestID(number: 1)
        #expect(session.note(session.machine.request(id, .who(lobby), at: at(0)) ?? []).count == 1)
        session.lose(first)
        session.reconnect(to: second)
        #expect(session.frames(on: second).contains { if case .who = $0 { true } else { false } })
        let who = session.machine.pending.first { if case .request = $0.value.purpose { true } else { false } }
        let actions = session.receive(
            .members(ref: Ref(who?.key ?? 0), room: lobby, members: [], count: 0), on: second)
        #expect(actions == [.answer(id, .success(.members([], count: 0)))])
    }

    @Test func stoppingFailsWhatWaits() {
        var session = Session(joined: 3)
        let id = RequestID(number: 1)
        _ = session.machine.request(id, .rooms(limit: 5), at: at(0))
        let ending = LinkEnding.closed(.kicked, reason: "bye")
        guard case .stop(let reason) = ending.verdict else { return }
        let actions = session.machine.closed(first, ending, at: at(0))
        #expect(actions == [.answer(id, .failure(.stopped(reason))), .tell(.stopped(reason)), .end])
    }

    @Test func silenceEndsTheConnection() {
        var session = Session(joined: 3)
        #expect(session.fire(at: 1_000).contains(.write(.ping(ref: nil), on: first)))
        let actions = session.fire(at: 2_000)
        #expect(actions.first == .close(first, .pingTimeout))
        #expect(session.machine.active == nil)
    }

    @Test func framesOfAForgottenConnectionAreIgnored() {
        var session = Session(joined: 3)
        session.lose(first)
        #expect(session.receive(.entry(room: lobby, entry(4)), on: first) == [])
        #expect(session.machine.closed(first, .silent, at: at(0)) == [])
    }

    @Test func leavingForgetsTheRoom() {
        var session = Session(joined: 3)
        #expect(session.machine.leave(lobby, at: at(0)) == [.write(.leave(ref: Ref(2), room: lobby), on: first)])
        #expect(session.receive(.left(ref: Ref(2), room: lobby), on: first) == [.tell(.left(lobby))])
        #expect(session.receive(.entry(room: lobby, entry(4)), on: first) == [])
    }

    @Test func aRefusedHelloStopsTheSession() {
        var session = Session()
        _ = session.machine.start(at: at(0))
        session.open(first)
        let actions = session.receive(.error(errorFrame(.unauthorized)), on: first)
        #expect(actions.first == .close(first, .normal))
        #expect(actions.last == .end)
    }
}

/// A machine with what it wrote.
struct Session {
    var machine: SessionMachine
    var now = 0
    private var written: [(LinkID, ClientFrame)] = []
    private var features: [String] = []

    init(keepsOutbox: Bool = false, measuresLatency: Bool = false) {
        machine = SessionMachine(
            .init(
                user: "ann", token: "t", client: "test", keepsOutbox: keepsOutbox, measuresLatency: measuresLatency),
            seed: 1)
    }

    /// Welcomed on the first connection, with the lobby joined and shown up to `last`.
    /// - Parameters:
    ///   - features: what every edge says it can do.
    ///   - read: what the user has read.
    init(joined last: Int, features: [String] = [], read: Position? = nil) {
        self.init()
        self.features = features
        note(machine.join(lobby, since: nil, limit: 50, at: at(0)))
        welcome(LinkID(number: 1))
        receive(.joined(joinedFrame([entry(last)], at: last, ref: Ref(1), read: read)), on: LinkID(number: 1))
    }

    @discardableResult
    mutating func note(_ actions: [SessionMachine.Action]) -> [SessionMachine.Action] {
        for case .write(let frame, let link) in actions { written.append((link, frame)) }
        return actions
    }

    func frames(on link: LinkID) -> [ClientFrame] { written.filter { $0.0 == link }.map(\.1) }

    func reads(on link: LinkID) -> [Position] {
        frames(on: link).compactMap { if case .read(lobby, let position) = $0 { position } else { nil } }
    }

    func sentKeys(on link: LinkID) -> [String] {
        frames(on: link).compactMap { if case .send(let send) = $0 { send.key } else { nil } }
    }

    @discardableResult
    mutating func welcome(_ link: LinkID) -> [SessionMachine.Action] {
        note(machine.start(at: at(now)))
        open(link)
        return receive(.welcome(welcomeFrame(features: features)), on: link)
    }

    mutating func open(_ link: LinkID) { note(machine.opened(link, at: at(now))) }

    @discardableResult
    mutating func receive(_ frame: ServerFrame, on link: LinkID) -> [SessionMachine.Action] {
        note(machine.received(frame, on: link, at: at(now)))
    }

    @discardableResult
    mutating func fire(at milliseconds: Int) -> [SessionMachine.Action] {
        now = milliseconds
        return note(machine.timerFired(at: at(now)))
    }

    mutating func lose(_ link: LinkID) { note(machine.closed(link, .failed("connection lost"), at: at(now))) }

    mutating func reconnect(to link: LinkID) {
        note(machine.retryNow(at: at(now)))
        open(link)
        receive(.welcome(welcomeFrame(features: features)), on: link)
    }

    /// Adds what an earlier run left.
    @discardableResult
    mutating func restore(
        _ key: String, after: Int, user: String = "ann", firstTry: Outbox.FirstTry
    ) -> OutgoingMessage {
        let message = OutgoingMessage(room: lobby, key: key, body: "text")
        let place = Place(after: position(after), user: user)
        note((try? machine.send(message, place: place, firstTry: firstTry, at: at(now))) ?? [])
        return message
    }

    @discardableResult
    mutating func send(_ key: String) -> OutgoingMessage {
        let message = OutgoingMessage(room: lobby, key: key, body: "text")
        let actions = (try? machine.send(message, at: at(now))) ?? nil
        note(actions ?? [])
        return message
    }
}
