import ChatBroker
import ChatCore
import ChatIdentity
import ChatWire
import DequeModule
import NIOCore
import WebSocketServer

/// One WebSocket of the edge: feeds the session machine, keeps answers in order, and writes.
///
/// Bound to its shard's loop; the hub reaches it only through ``Shard/run(_:)``.
final class EdgeConnection: WebSocketConnectionDelegate, @unchecked Sendable {
    let shard: Shard
    let socket: WebSocketConnection
    private let authenticator: Authenticator
    /// The token of the `Authorization` header.
    private let headerToken: String?
    /// `/join`: where lines of plain text go.
    private let plainTextRoom: RoomName?

    private var machine: SessionMachine
    private var answers = AnswerQueue()
    private var flow: OutboundFlow
    private var sends: TokenBucket
    private var requests: TokenBucket
    private var identity: Identity?
    /// This connection's places among those of its address and of its user.
    private let addressPlace: Gatekeeper.Place?
    private var userPlace: Gatekeeper.Place?
    /// When the token ends, on this process' monotonic clock.
    private var expires: NIODeadline?
    /// Messages that wait for an earlier frame, as they came.
    private var deferred: Deque<Incoming> = []
    private var isReadingPaused = false
    private var hasEnded = false
    private var keepsSession = false
    private var typingTold: [RoomName: NIODeadline] = [:]
    private(set) var session: SessionID?
    private var user: UserName?

    private enum Incoming {
        case text(ByteBuffer)
        /// Said by the edge for the client: the `hello` and `join` that `/join` implies.
        case implied(ClientFrame)
    }

    init(socket: WebSocketConnection, shard: Shard, authenticator: Authenticator, entrance: Entrance) {
        self.socket = socket
        self.shard = shard
        self.authenticator = authenticator
        headerToken = entrance.token
        addressPlace = entrance.place
        plainTextRoom = entrance.room
        let settings = shard.hub.settings
        let now = NIODeadline.now()
        machine = SessionMachine(settings: settings.session, now: now)
        flow = OutboundFlow(entriesMax: settings.queueEntries, bytesMax: settings.queueBytes)
        sends = TokenBucket(
            perSecond: settings.sendsPerSecond, burst: max(1, (settings.sendsPerSecond * 3).rounded(.up)), now: now)
        requests = TokenBucket(perSecond: settings.requestsPerSecond, burst: settings.requestsPerSecond * 4, now: now)
        if let room = entrance.room {
            deferred = [.implied(.hello(.init(user: entrance.user))), .implied(.join(.init(room: room)))]
        }
    }

    // MARK: From the socket

    func opened() {
        shard.opened(self)
        pump()
    }

    func received(text: ByteBuffer) {
        guard !hasEnded else { return }
        deferred.append(.text(text))
        pump()
        if deferred.count >= EdgeLimits.deferredFramesMax, !isReadingPaused {
            isReadingPaused = true
            socket.pauseReading()
        }
    }

    func received(binary: ByteBuffer) {
        end(.unsupportedData, "Frames are text.")
    }

    func writabilityChanged(isWritable: Bool) {
        if isWritable { pump() }
    }

    func tick(now: NIODeadline) {
        if let code = machine.deadlinePassed(at: now) { end(code, code.reason) }
        pump()
    }

    func closed(code: CloseStatus?, wasClean: Bool) {
        let isClean = wasClean && !hasEnded && (code == nil || code == .normal || code == .goingAway)
        hasEnded = true
        deferred = []
        for room in machine.rooms.keys { shard.removeFromFanOut(self, room: room) }
        machine.end()
        shard.closed(self)
        guard let session, !keepsSession else { return }
        shard.ask { [self] in $0.connectionEnded(self, session: session, isClean: isClean) }
    }

    /// Closes with a code; the session waits for a resume unless somebody else decided about it.
    func end(_ code: CloseCode, _ reason: String, keepsSession: Bool = false) {
        guard !hasEnded else { return }
        hasEnded = true
        self.keepsSession = keepsSession
        deferred = []
        // Now and not when the peer has answered: the hub may close the room and open it anew meanwhile, and would take the
        // late departure for one from the new room.
        for room in machine.rooms.keys { shard.removeFromFanOut(self, room: room) }
        socket.close(CloseStatus(rawValue: code.rawValue), reason: reason)
    }

    // MARK: Frames in order

    /// Looks at waiting messages while the machine may proceed and the peer reads what it is sent.
    private func pump() {
        while !hasEnded, socket.isWritable, machine.mayProceed(answersPending: answers.count),
            let next = deferred.popFirst()
        {
            // Taken out first: an answer given at once looks at the next message from within.
            guard process(next) else {
                deferred.prepend(next)
                break
            }
        }
        if isReadingPaused, deferred.count < EdgeLimits.deferredFramesMax / 2 {
            isReadingPaused = false
            socket.resumeReading()
        }
    }

    /// False where the message must wait until earlier frames are answered.
    private func process(_ incoming: Incoming) -> Bool {
        switch decode(incoming) {
        case .success(let frame):
            if machine.mustWait(frame, answersPending: answers.count, dearPending: answers.dearCount) { return false }
            shard.hub.metrics.framesReceived.add(1)
            if let milliseconds = limit(frame) {
                shard.hub.metrics.rateLimited.add(1)
                if !frame.isAnswered { return true }
                answerNow(
                    .error(
                        ErrorFrame(
                            ref: frame.ref, code: .rateLimited, message: "Too many frames; slow down.",
                            retryAfterMilliseconds: milliseconds)))
            } else {
                perform(machine.received(frame, access: access))
            }
        case .failure(let error):
            shard.hub.metrics.framesReceived.add(1)
            answerNow(.error(error))
        }
        return true
    }

    private func decode(_ incoming: Incoming) -> Result<ClientFrame, ErrorFrame> {
        switch incoming {
        case .implied(let frame): return .success(frame)
        case .text(let text):
            if let room = plainTextRoom, ClientFrame.Send.isPlainText(text) {
                let key = SessionID.random(using: &shard.random).value
                do throws(WireError) {
                    return .success(.send(try ClientFrame.Send.plainText(text, room: room, key: key)))
                } catch { return .failure(ErrorFrame(ref: nil, error)) }
            }
            do throws(ErrorFrame) { return .success(try ClientFrame.decode(text)) } catch { return .failure(error) }
        }
    }

    /// Milliseconds to wait where a rate limit is reached.
    private func limit(_ frame: ClientFrame) -> Int? {
        let cost = machine.cost(of: frame)
        return switch frame {
        // A topic is shown to everybody in the room, and an offer to its one: they are messages to whoever hears them.
        case .send, .topic, .direct: sends.take(cost, now: .now())
        case .hello, .join, .leave, .history, .who, .rooms, .typing, .search, .read, .directs, .ping:
            requests.take(cost, now: .now())
        }
    }

    private func access(_ room: RoomName) -> RoomAccess {
        guard let identity else { return [] }
        var access: RoomAccess = []
        if identity.rights.allows(.read, room) { access.insert(.read) }
        if identity.rights.allows(.write, room) { access.insert(.write) }
        return access
    }

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .authenticate(let hello): authenticate(hello)
        case .join(let join): askToJoin(join)
        case .leave(let ref, let room): askToLeave(ref, room)
        case .publish(let send): publish(send)
        case .history(let history):
            let ticket = answers.open(isDear: true)
            shard.ask { [self] in $0.history(history, for: self, ticket: ticket) }
        case .who(let ref, let room):
            let ticket = answers.open(isDear: machine.isDear(.who(ref: ref, room: room)))
            shard.ask { [self] in $0.who(ref, room: room, for: self, ticket: ticket) }
        case .rooms(let ref, let limit): listRooms(ref, limit: limit)
        case .typing(let room): typing(room)
        case .search(let search):
            guard let session else { return }
            let ticket = answers.open(isDear: true)
            shard.ask { [self] in $0.search(search, for: self, session: session, ticket: ticket) }
        case .read(let room, let position): read(room, position)
        case .topic(let ref, let room, let text): setTopic(ref, room, text)
        case .direct(let direct): openDirect(direct)
        case .directs(let ref, let limit): listDirects(ref, limit: limit)
        case .answer(let frame): answerNow(frame)
        case .ignore: break
        }
    }

    // MARK: Greeting

    private func authenticate(_ hello: ClientFrame.Hello) {
        let token = hello.token ?? headerToken
        do throws(Authenticator.Refusal) {
            let admission = try authenticator.admit(
                token: token, user: hello.user, isResume: hello.resume != nil, from: socket.remoteAddress,
                now: Int(WallClock.milliseconds() / 1000))
            userPlace = admission.place
            identified(admission.identity, hello)
        } catch {
            refused(error, hello.ref)
        }
    }

    private func identified(_ identity: Identity, _ hello: ClientFrame.Hello) {
        self.identity = identity
        expires = identity.expiresAt.map { seconds in
            .now() + .seconds(Int64(seconds) - Int64(WallClock.milliseconds() / 1000))
        }
        let greeting = Greeting(
            connection: self, ref: hello.ref, user: identity.user, isGuest: identity.isGuest,
            acceptsSessionUser: identity.isGuest && hello.user == nil,
            resume: hello.resume.flatMap(ResumeToken.init))
        shard.ask { $0.greet(greeting) }
    }

    /// No session is there to say who a guest without a name is.
    func refusedWithoutUser(_ ref: Ref?) {
        guard !hasEnded else { return }
        identity = nil
        userPlace = nil
        machine.greetingRefused()
        answerNow(
            .error(ErrorFrame(ref: ref, code: .invalidUser, message: "There is no such session; say a user's name.")))
        pump()
    }

    private func refused(_ refusal: Authenticator.Refusal, _ ref: Ref?) {
        switch refusal {
        case .invalidUser(let error):
            machine.greetingRefused()
            answerNow(.error(ErrorFrame(ref: ref, error)))
            pump()
        case .expired:
            answerNow(
                .error(ErrorFrame(ref: ref, code: .unauthorized, message: "The token has expired; get a new one.")))
            end(.tokenExpired, CloseCode.tokenExpired.reason)
        case .tooManySessions(let retryAfter):
            let milliseconds = Int(retryAfter.nanoseconds / 1_000_000)
            answerNow(
                .error(
                    ErrorFrame(
                        ref: ref, code: .rateLimited, message: "You have too many connections; close one.",
                        retryAfterMilliseconds: milliseconds)))
            end(.overCapacity, CloseCode.overCapacity.reason)
        case .unauthorized:
            answerNow(.error(ErrorFrame(ref: ref, code: .unauthorized, message: "A valid token is needed.")))
            end(.unauthorized, CloseCode.unauthorized.reason)
        }
    }

    /// - Parameter rooms: those that a resumed session is in.
    func welcomed(session: SessionID, user: UserName, rooms: [RoomName], frame: ByteBuffer) {
        guard !hasEnded, !machine.isActive else {
            return shard.ask { [self] in $0.connectionEnded(self, session: session, isClean: false) }
        }
        self.session = session
        self.user = user
        machine.welcomed(expires: expires, rooms: rooms)
        tell(frame)
        shard.welcomed(self)
        pump()
    }

    // MARK: Rooms

    private func askToJoin(_ join: ClientFrame.Join) {
        guard let session, let user else { return }
        let isGuest = identity?.isGuest ?? true
        shard.ask { [self] hub in
            hub.join(
                JoinRequest(
                    number: hub.nextJoin(), connection: self, session: session, user: user, isGuest: isGuest,
                    frame: join))
        }
    }

    /// Whether the connection takes part in the room from now on.
    func joined(_ room: RoomName, position: Position, frame: ByteBuffer) -> Bool {
        guard !hasEnded, machine.rooms[room] != nil else { return false }
        machine.joined(room)
        tell(frame)
        pump()
        return true
    }

    func joinFailed(_ room: RoomName, frame: ByteBuffer) {
        guard !hasEnded else { return }
        machine.joinFailed(room, now: .now())
        tell(frame)
        pump()
    }

    private func askToLeave(_ ref: Ref?, _ room: RoomName) {
        guard let session, let user else { return }
        shard.removeFromFanOut(self, room: room)
        shard.ask { [self] in $0.leave(self, session: session, user: user, ref: ref, room: room) }
    }

    /// The resumed session did not join the room again in time.
    func keptNoMore(_ room: RoomName) { machine.keptNoMore(room) }

    func left(_ room: RoomName, frame: ByteBuffer) {
        guard !hasEnded else { return }
        machine.left(room)
        typingTold[room] = nil
        tell(frame)
        pump()
    }

    private func publish(_ send: ClientFrame.Send) {
        guard let session, let user else { return }
        let tail = Entry.messageTail(user: user, session: session, key: send.key, bodyJSON: send.bodyJSON)
        let draft = Draft(kind: .message, user: user, key: send.key, tail: tail)
        let (ref, room, ticket) = (send.ref, send.room, answers.open())
        shard.ask { [self] in $0.publish(draft, ref: ref, to: room, by: session, for: self, ticket: ticket) }
    }

    private func typing(_ room: RoomName) {
        guard let session, let user else { return }
        let now = NIODeadline.now()
        if let told = typingTold[room], now - told < EdgeLimits.typingInterval { return }
        typingTold[room] = now
        shard.ask { $0.broker.typing(user, session: session, in: room) }
    }

    private func read(_ room: RoomName, _ position: Position) {
        guard let session, let user else { return }
        shard.ask { $0.markRead(room, upTo: position, session: session, user: user) }
    }

    private func setTopic(_ ref: Ref?, _ room: RoomName, _ text: String) {
        guard let session, let user else { return }
        let ticket = answers.open()
        shard.ask { [self] in
            $0.setTopic(text, ref: ref, in: room, by: user, session: session, for: self, ticket: ticket)
        }
    }

    private func openDirect(_ direct: ClientFrame.Direct) {
        guard let session, let user else { return }
        let principal = Principal(user, isGuest: session.isGuest)
        // Where there are no tokens everybody is a guest, and nobody needs to say so.
        let partner = Principal(direct.user, isGuest: direct.isGuest || !authenticator.knowsTokens)
        let ticket = answers.open()
        shard.ask { [self] in
            $0.direct(with: partner, by: principal, ref: direct.ref, for: self, ticket: ticket)
        }
    }

    private func listDirects(_ ref: Ref?, limit: Int) {
        guard let session, let user else { return }
        let principal = Principal(user, isGuest: session.isGuest)
        let ticket = answers.open(isDear: true)
        shard.ask { [self] in $0.directs(of: principal, limit: limit, ref: ref, for: self, ticket: ticket) }
    }

    private func listRooms(_ ref: Ref?, limit: Int) {
        guard let rights = identity?.rights else { return }
        let ticket = answers.open(isDear: true)
        shard.ask { [self] in $0.rooms(limit: limit, readableBy: rights, ref: ref, for: self, ticket: ticket) }
    }

    // MARK: To the socket

    /// Entries or a notice of a room; over the mark the room is paused for this connection.
    /// - Parameter isAlone: nothing else of this tick is for the connection, so that it can be sent at once.
    func deliver(_ frames: ByteBuffer, entries: Int, of room: RoomName, after: Position?, isAlone: Bool) {
        let bytes = frames.readableBytes
        var admission = flow.admit(entries: entries, bytes: bytes)
        if admission == .measure {
            flow.measured(waitingBytes: socket.bufferedBytes)
            admission = flow.admit(entries: entries, bytes: bytes)
        }
        guard admission == .write else { return pause(room, after: after) }
        if isAlone { socket.writeThrough(frames, count: entries) } else { socket.write(frames, count: entries) }
    }

    private func pause(_ room: RoomName, after: Position?) {
        // Nobody misses a `typing`.
        guard let after else { return }
        shard.hub.metrics.pauses.add(1)
        machine.paused(room, after: after, now: .now())
        shard.removeFromFanOut(self, room: room)
        tell(FrameBytes.text(.slow(room: room, after: after)))
    }

    func answer(_ ticket: AnswerQueue.Ticket, with frame: ByteBuffer) {
        guard !hasEnded else { return }
        for frame in answers.answer(ticket, with: frame) { tell(frame) }
        pump()
    }

    private func answerNow(_ frame: ServerFrame) {
        if case .error = frame { shard.hub.metrics.framesRefused.add(1) }
        for frame in answers.answer(answers.open(), with: FrameBytes.text(frame)) { tell(frame) }
    }

    /// A frame that other limits bound: an answer, a notice.
    func tell(_ frame: ByteBuffer) {
        guard !hasEnded else { return }
        flow.queued(bytes: frame.readableBytes)
        socket.write(frame)
    }
}

extension CloseCode {
    /// What people read in the close frame.
    var reason: String {
        switch self {
        case .draining: "The node is going away; connect again."
        case .overCapacity: "Too many connections; try again later."
        case .slowConsumer: "The room was not joined again in time."
        case .idleBeforeHello: "No hello came."
        case .tokenExpired: "The token has expired; get a new one."
        case .unauthorized: "A valid token is needed."
        default: ""
        }
    }
}
