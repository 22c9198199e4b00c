import ChatCore
import ChatWire
import NIOCore
import Testing

@Suite struct SessionMachineTests {
    private let everything: (RoomName) -> RoomAccess = { _ in [.read, .write] }

    private func active(rooms: Int = 100) -> SessionMachine {
        var machine = SessionMachine(settings: .init(roomsMax: rooms), now: start)
        _ = machine.received(.hello(.init(user: "ada")), access: everything)
        machine.welcomed(expires: nil)
        return machine
    }

    private func code(_ action: SessionMachine.Action) -> ErrorCode? {
        guard case .answer(.error(let error)) = action else { return nil }
        return error.code
    }

    @Test func framesBeforeHelloAreUnauthorized() throws {
        var machine = SessionMachine(settings: .init(), now: start)
        #expect(code(machine.received(.join(.init(room: try room())), access: everything)) == .unauthorized)
        #expect(code(machine.received(.ping(ref: Ref(1)), access: everything)) == .unauthorized)
        machine = active()
        #expect(machine.received(.ping(ref: Ref(1)), access: everything) == .answer(.pong(ref: Ref(1))))
    }

    @Test func typingIsNeverAnswered() throws {
        var machine = active()
        #expect(machine.received(.typing(room: try room()), access: everything) == .ignore)
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        #expect(machine.received(.typing(room: try room()), access: everything) == .typing(try room()))
        #expect(machine.received(.typing(room: try room()), access: { _ in [.read] }) == .ignore)
    }

    @Test func readIsForJoinedRoomsAndNeverAnswered() throws {
        var machine = active()
        let read = ClientFrame.read(room: try room(), position: .zero)
        #expect(machine.received(read, access: everything) == .ignore)
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        #expect(machine.received(read, access: everything) == .read(try room(), .zero))
    }

    @Test func aSearchNeedsTheRightToReadAndATopicThatToWrite() throws {
        var machine = active()
        let search = ClientFrame.Search(room: try room(), text: "tea")
        #expect(code(machine.received(.search(search), access: { _ in [.write] })) == .forbidden)
        #expect(machine.received(.search(search), access: { _ in [.read] }) == .search(search))
        let topic = ClientFrame.topic(ref: nil, room: try room(), text: "tea")
        #expect(code(machine.received(topic, access: { _ in [.read] })) == .forbidden)
        #expect(code(machine.received(topic, access: everything)) == .notJoined)
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        #expect(machine.received(topic, access: everything) == .topic(ref: nil, room: try room(), text: "tea"))
    }

    /// Whatever a token says: who is one of the two is asked when the room is joined.
    @Test func aDirectRoomIsOpenToWhoHasJoinedItAndNoRightOpensIt() throws {
        let direct = try room("dm-00112233445566778899aabbccddeeff")
        var machine = active()
        let nothing: (RoomName) -> RoomAccess = { _ in [] }
        let send = ClientFrame.Send(room: direct, key: "k", bodyJSON: ByteBuffer(string: #""x""#))
        let frames: [ClientFrame] = [
            .send(send), .who(ref: nil, room: direct), .history(.init(room: direct, direction: .newest)),
            .search(.init(room: direct, text: "x")), .topic(ref: nil, room: direct, text: "x"),
        ]
        for frame in frames { #expect(code(machine.received(frame, access: everything)) == .forbidden) }
        #expect(machine.received(.join(.init(room: direct)), access: nothing) == .join(.init(room: direct)))
        machine.joinFailed(direct, now: start)
        for frame in frames { #expect(code(machine.received(frame, access: everything)) == .forbidden) }
        _ = machine.received(.join(.init(room: direct)), access: nothing)
        machine.joined(direct)
        for frame in frames { #expect(code(machine.received(frame, access: nothing)) == nil) }
        machine.left(direct)
        for frame in frames { #expect(code(machine.received(frame, access: everything)) == .forbidden) }
    }

    @Test func aRoomOfAResumedSessionMayBeLeftAndCountsUntilItIs() throws {
        var machine = SessionMachine(settings: .init(roomsMax: 2), now: start)
        _ = machine.received(.hello(.init()), access: everything)
        machine.welcomed(expires: nil, rooms: [try room("a"), try room("b")])
        #expect(code(machine.received(.join(.init(room: try room("c"))), access: everything)) == .tooManyRooms)
        let send = ClientFrame.Send(room: try room("a"), key: "k", bodyJSON: ByteBuffer(string: #""x""#))
        #expect(code(machine.received(.send(send), access: everything)) == .notJoined)
        #expect(machine.received(.leave(ref: nil, room: try room("a")), access: everything) != .ignore)
        machine.left(try room("a"))
        machine.keptNoMore(try room("b"))
        #expect(code(machine.received(.leave(ref: nil, room: try room("b")), access: everything)) == .notJoined)
        #expect(
            machine.received(.join(.init(room: try room("c"))), access: everything) == .join(.init(room: try room("c")))
        )
    }

    @Test func helloRunsAloneUntilWelcomed() {
        var machine = SessionMachine(settings: .init(), now: start)
        #expect(machine.received(.hello(.init(user: "ada")), access: everything) == .authenticate(.init(user: "ada")))
        #expect(!machine.mayProceed(answersPending: 0))
        machine.welcomed(expires: nil)
        #expect(machine.mayProceed(answersPending: 0))
        #expect(code(machine.received(.hello(.init()), access: everything)) == .invalidFrame)
    }

    @Test func aRefusedGreetingMayBeRepeated() {
        var machine = SessionMachine(settings: .init(), now: start)
        _ = machine.received(.hello(.init(user: "!")), access: everything)
        machine.greetingRefused()
        #expect(machine.received(.hello(.init(user: "ada")), access: everything) == .authenticate(.init(user: "ada")))
    }

    @Test func noHelloEndsTheConnection() {
        let machine = SessionMachine(settings: .init(helloTimeout: .seconds(10)), now: start)
        #expect(machine.deadlinePassed(at: start + .seconds(9)) == nil)
        #expect(machine.deadlinePassed(at: start + .seconds(10)) == .idleBeforeHello)
    }

    @Test func anExpiredTokenEndsTheConnection() {
        var machine = SessionMachine(settings: .init(), now: start)
        _ = machine.received(.hello(.init()), access: everything)
        machine.welcomed(expires: start + .seconds(60))
        #expect(machine.deadlinePassed(at: start + .seconds(59)) == nil)
        #expect(machine.deadlinePassed(at: start + .seconds(60)) == .tokenExpired)
    }

    @Test func sendingNeedsTheRoomAndTheRight() throws {
        var machine = active()
        let send = ClientFrame.Send(room: try room(), key: "k", bodyJSON: ByteBuffer(string: #""x""#))
        #expect(code(machine.received(.send(send), access: everything)) == .notJoined)
        #expect(code(machine.received(.send(send), access: { _ in .read })) == .forbidden)
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        #expect(machine.received(.send(send), access: everything) == .publish(send))
    }

    @Test func joiningNeedsTheRight() throws {
        var machine = active()
        #expect(code(machine.received(.join(.init(room: try room())), access: { _ in .write })) == .forbidden)
        #expect(machine.mayProceed(answersPending: 0))
    }

    @Test func aFailedJoinLeavesNothingBehind() throws {
        var machine = active()
        _ = machine.received(.join(.init(room: try room())), access: everything)
        #expect(!machine.mayProceed(answersPending: 0))
        machine.joinFailed(try room(), now: start)
        #expect(machine.rooms.isEmpty)
        #expect(machine.mayProceed(answersPending: 0))
    }

    @Test func aFailedRejoinKeepsTheRoom() throws {
        var machine = active()
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joinFailed(try room(), now: start)
        #expect(machine.rooms[try room()] == .live)
    }

    @Test func aPausedRoomIsNotOverdueWhileItIsJoinedAgain() throws {
        var machine = active()
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        machine.paused(try room(), after: position(7), now: start)
        _ = machine.received(.join(.init(room: try room(), since: position(7))), access: everything)
        #expect(machine.deadlinePassed(at: start + .seconds(60)) == nil)
        machine.joinFailed(try room(), now: start + .seconds(60))
        #expect(machine.deadlinePassed(at: start + .seconds(89)) == nil)
        #expect(machine.deadlinePassed(at: start + .seconds(90)) == .slowConsumer)
    }

    @Test func fewDearFramesAreOutstandingAtOnce() throws {
        var machine = active()
        let history = ClientFrame.history(.init(room: try room(), direction: .newest))
        #expect(!machine.mustWait(history, answersPending: 1, dearPending: 1))
        #expect(machine.mustWait(history, answersPending: 2, dearPending: 2))
        #expect(!machine.mustWait(.ping(ref: nil), answersPending: 2, dearPending: 2))
        #expect(machine.mustWait(.join(.init(room: try room())), answersPending: 1, dearPending: 0))
        let who = ClientFrame.who(ref: nil, room: try room())
        #expect(machine.isDear(who))
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        #expect(!machine.isDear(who))
    }

    @Test func aLongPageCostsMoreOfTheRate() throws {
        let machine = active()
        let page = { (limit: Int) in ClientFrame.history(.init(room: try room(), direction: .newest, limit: limit)) }
        #expect(machine.cost(of: try page(500)) == 1.5)
        #expect(machine.cost(of: try page(1000)) == 2)
        #expect(machine.cost(of: .rooms(ref: nil, limit: 1000)) == 11)
        #expect(machine.cost(of: .ping(ref: nil)) == 1)
    }

    @Test func aListOfRoomsHasALimitOfItsOwn() {
        var machine = active()
        #expect(machine.received(.rooms(ref: nil, limit: 1000), access: everything) == .rooms(ref: nil, limit: 100))
    }

    @Test func tooManyRoomsAreRefused() throws {
        var machine = active(rooms: 1)
        _ = machine.received(.join(.init(room: try room("a"))), access: everything)
        machine.joined(try room("a"))
        #expect(code(machine.received(.join(.init(room: try room("b"))), access: everything)) == .tooManyRooms)
    }

    @Test func aPausedRoomMustBeJoinedAgainInTime() throws {
        var machine = active()
        _ = machine.received(.join(.init(room: try room())), access: everything)
        machine.joined(try room())
        machine.paused(try room(), after: position(7), now: start)
        #expect(machine.deadlinePassed(at: start + .seconds(29)) == nil)
        #expect(machine.deadlinePassed(at: start + .seconds(30)) == .slowConsumer)
        _ = machine.received(.join(.init(room: try room(), since: position(7))), access: everything)
        machine.joined(try room())
        #expect(machine.deadlinePassed(at: start + .seconds(60)) == nil)
    }

    @Test func answersOutstandingHoldFurtherFrames() {
        let machine = active()
        #expect(machine.mayProceed(answersPending: 63))
        #expect(!machine.mayProceed(answersPending: 64))
    }

    @Test func anEndedSessionIgnoresFrames() throws {
        var machine = active()
        machine.end()
        #expect(machine.received(.who(ref: nil, room: try room()), access: everything) == .ignore)
        #expect(machine.deadlinePassed(at: start + .hours(1)) == nil)
    }
}
