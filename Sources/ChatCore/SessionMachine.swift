public import ChatWire
public import NIOCore

/// One connection's side of the conversation: what each frame means now, which rooms the session is in, and when the
/// connection must end.
///
/// Frames that change where the session is (`hello`, `join`, `leave`) run alone: they start when every earlier frame is
/// answered, and later frames wait for them. So a client may send `hello`, `join` and `send` in one go.
public struct SessionMachine: Sendable {
    public struct Settings: Sendable {
        /// From the upgrade to `hello`.
        public var helloTimeout: TimeAmount
        /// From `slow` to the `join` that takes the room up again.
        public var slowTimeout: TimeAmount
        public var roomsMax: Int
        /// Frames that may wait for their answers; more wait unread.
        public var answersMax: Int
        /// Of these, frames whose answers are large or cost the broker much. Two keep a reader busy; more would only put
        /// megabytes ahead of everyone else.
        public var dearAnswersMax: Int
        /// Rooms in one answer to `rooms`: each is several questions to the broker.
        public var roomsListedMax: Int

        public init(
            helloTimeout: TimeAmount = .seconds(10), slowTimeout: TimeAmount = .seconds(30), roomsMax: Int = 100,
            answersMax: Int = 64, dearAnswersMax: Int = 2, roomsListedMax: Int = 100
        ) {
            self.helloTimeout = helloTimeout
            self.slowTimeout = slowTimeout
            self.roomsMax = roomsMax
            self.answersMax = answersMax
            self.dearAnswersMax = dearAnswersMax
            self.roomsListedMax = roomsListedMax
        }
    }

    /// What the driver does with a frame.
    public enum Action: Sendable, Equatable {
        case authenticate(ClientFrame.Hello)
        case join(ClientFrame.Join)
        case leave(ref: Ref?, room: RoomName)
        case publish(ClientFrame.Send)
        case history(ClientFrame.History)
        case who(ref: Ref?, room: RoomName)
        case rooms(ref: Ref?, limit: Int)
        case typing(RoomName)
        case search(ClientFrame.Search)
        case read(RoomName, Position)
        case topic(ref: Ref?, room: RoomName, text: String)
        case direct(ClientFrame.Direct)
        case directs(ref: Ref?, limit: Int)
        case answer(ServerFrame)
        case ignore
    }

    /// Where the session stands in one room.
    public enum Membership: Sendable, Equatable {
        case joining
        case live
        /// Live entries stopped after a position, because the connection's outbound queue passed its mark. The room is to
        /// be joined again until then; nil while that join is under way.
        case paused(after: Position, until: NIODeadline?)
    }

    private enum Phase {
        /// Exits: `hello` -> greeting; the deadline -> ended.
        case awaitingHello(until: NIODeadline)
        /// The identity is being checked. Exits: ``welcomed(expiresAt:)`` -> active.
        case greeting(until: NIODeadline)
        /// Exits: ``end()`` -> ended.
        case active(expires: NIODeadline?)
        case ended
    }

    private var phase: Phase
    /// A frame that runs alone is under way.
    private var isAlone = false
    private let settings: Settings
    public private(set) var rooms: [RoomName: Membership] = [:]
    /// Rooms that the resumed session is in and this connection has not joined: it may leave them.
    private var kept: Set<RoomName> = []

    public init(settings: Settings, now: NIODeadline) {
        self.settings = settings
        phase = .awaitingHello(until: now + settings.helloTimeout)
    }

    public var isActive: Bool {
        if case .active = phase { return true }
        return false
    }

    /// Whether the next frame may be looked at, with so many answers outstanding.
    public func mayProceed(answersPending: Int) -> Bool { !isAlone && answersPending < settings.answersMax }

    /// Whether this frame must wait until every earlier one is answered.
    public func runsAlone(_ frame: ClientFrame) -> Bool {
        switch frame {
        case .hello, .join, .leave: true
        case .send, .history, .who, .rooms, .typing, .search, .read, .topic, .direct, .directs, .ping: false
        }
    }

    /// Whether the answer is large or costs the broker much.
    public func isDear(_ frame: ClientFrame) -> Bool {
        switch frame {
        case .join, .history, .rooms, .search, .directs: true
        case .who(_, let room): rooms[room] == nil
        case .hello, .leave, .send, .typing, .read, .topic, .direct, .ping: false
        }
    }

    /// Whether the frame must wait for earlier answers, of which so many are outstanding.
    public func mustWait(_ frame: ClientFrame, answersPending: Int, dearPending: Int) -> Bool {
        runsAlone(frame) ? answersPending > 0 : isDear(frame) && dearPending >= settings.dearAnswersMax
    }

    /// What the frame takes of the rate limit that its kind has: a long page as much as two short ones, and no more, so
    /// that one who was away may catch up page by page; a list of rooms as much as the questions that it is.
    public func cost(of frame: ClientFrame) -> Double {
        switch frame {
        case .hello, .leave, .send, .who, .typing, .read, .topic, .direct, .directs, .ping: 1
        case .search: Self.searchCost
        case .join(let join): 1 + Double(join.limit) / 1000
        case .history(let history): 1 + Double(history.limit) / 1000
        case .rooms(_, let limit): 1 + Double(min(limit, settings.roomsListedMax)) / 10
        }
    }

    /// A search reads thousands of entries: as dear as a long list of rooms.
    private static let searchCost: Double = 10

    public mutating func received(_ frame: ClientFrame, access: (RoomName) -> RoomAccess) -> Action {
        switch (phase, frame) {
        case (.ended, _): return .ignore
        case (.awaitingHello(let until), .hello(let hello)):
            phase = .greeting(until: until)
            isAlone = true
            return .authenticate(hello)
        case (.awaitingHello, _), (.greeting, _):
            return refuse(frame.ref, .unauthorized, "Send hello first.")
        case (.active, .hello(let hello)):
            return refuse(hello.ref, .invalidFrame, "This connection has said hello already.")
        case (.active, _): return receivedActive(frame, access: access)
        }
    }

    private mutating func receivedActive(_ frame: ClientFrame, access rights: (RoomName) -> RoomAccess) -> Action {
        // A direct room is not opened by any right, but by being one of its two: who is in it has shown that.
        func access(_ room: RoomName) -> RoomAccess {
            guard room.isDirect else { return rights(room) }
            return rooms[room] == nil ? [] : [.read, .write]
        }
        switch frame {
        case .hello: return .ignore
        case .ping(let ref): return .answer(.pong(ref: ref))
        case .join(let join):
            // Who may join a direct room the broker knows, which the driver asks.
            guard join.room.isDirect || access(join.room).contains(.read) else { return forbid(join.ref) }
            let isIn = rooms[join.room] != nil || kept.contains(join.room)
            guard isIn || rooms.count + kept.count < settings.roomsMax else {
                return refuse(
                    join.ref, .tooManyRooms, "A session may be in \(settings.roomsMax) rooms; leave one first.")
            }
            switch rooms[join.room] {
            case nil: rooms[join.room] = .joining
            case .paused(let position, _): rooms[join.room] = .paused(after: position, until: nil)
            case .joining, .live: break
            }
            isAlone = true
            return .join(join)
        case .leave(let ref, let room):
            guard rooms[room] != nil || kept.contains(room) else { return notJoined(ref) }
            isAlone = true
            return .leave(ref: ref, room: room)
        case .send(let send):
            guard access(send.room).contains(.write) else { return forbid(send.ref) }
            guard rooms[send.room] != nil else { return notJoined(send.ref) }
            return .publish(send)
        case .history(let history):
            return access(history.room).contains(.read) ? .history(history) : forbid(history.ref)
        case .who(let ref, let room):
            return access(room).contains(.read) ? .who(ref: ref, room: room) : forbid(ref)
        case .rooms(let ref, let limit):
            return .rooms(ref: ref, limit: min(limit, settings.roomsListedMax))
        case .typing(let room):
            // Never answered (PROTOCOL, section 1).
            return rooms[room] != nil && access(room).contains(.write) ? .typing(room) : .ignore
        case .search(let search):
            return access(search.room).contains(.read) ? .search(search) : forbid(search.ref)
        case .read(let room, let position):
            // Never answered, like `typing`.
            return rooms[room] != nil ? .read(room, position) : .ignore
        case .topic(let ref, let room, let text):
            guard access(room).contains(.write) else { return forbid(ref) }
            guard rooms[room] != nil else { return notJoined(ref) }
            return .topic(ref: ref, room: room, text: text)
        case .direct(let direct): return .direct(direct)
        case .directs(let ref, let limit): return .directs(ref: ref, limit: limit)
        }
    }

    /// The identity is known. `expires` ends the session (4501); `rooms` are those of a session that was resumed.
    public mutating func welcomed(expires: NIODeadline?, rooms: [RoomName] = []) {
        guard case .greeting = phase else { return }
        kept = Set(rooms)
        phase = .active(expires: expires)
        isAlone = false
    }

    /// The identity was refused with an answer; the client may say hello again until the deadline.
    public mutating func greetingRefused() {
        guard case .greeting(let until) = phase else { return }
        phase = .awaitingHello(until: until)
        isAlone = false
    }

    public mutating func joined(_ room: RoomName) {
        isAlone = false
        kept.remove(room)
        if rooms[room] != nil { rooms[room] = .live }
    }

    /// The join was answered with an error: a session that was in the room before stays as it was, with time for another try.
    public mutating func joinFailed(_ room: RoomName, now: NIODeadline) {
        isAlone = false
        switch rooms[room] {
        case .joining: rooms[room] = nil
        case .paused(let position, nil):
            rooms[room] = .paused(after: position, until: now + settings.slowTimeout)
        case nil, .live, .paused: break
        }
    }

    public mutating func left(_ room: RoomName) {
        isAlone = false
        kept.remove(room)
        rooms[room] = nil
    }

    /// A room of the resumed session that was not joined is left.
    public mutating func keptNoMore(_ room: RoomName) { kept.remove(room) }

    /// The leave was answered with an error: the session is in the room still.
    public mutating func leaveFailed() { isAlone = false }

    /// The outbound queue passed its mark; the room's live entries stop after `position`.
    public mutating func paused(_ room: RoomName, after position: Position, now: NIODeadline) {
        guard rooms[room] == .live else { return }
        rooms[room] = .paused(after: position, until: now + settings.slowTimeout)
    }

    public mutating func end() {
        phase = .ended
        rooms = [:]
        isAlone = false
    }

    /// Why the connection must end now, if it must.
    public func deadlinePassed(at now: NIODeadline) -> CloseCode? {
        switch phase {
        case .awaitingHello(let until), .greeting(let until):
            return now >= until ? .idleBeforeHello : nil
        case .active(let expires):
            if let expires, now >= expires { return .tokenExpired }
            return rooms.values.contains { membership in
                guard case .paused(_, let until?) = membership else { return false }
                return now >= until
            } ? .slowConsumer : nil
        case .ended:
            return nil
        }
    }

    private func refuse(_ ref: Ref?, _ code: ErrorCode, _ message: String) -> Action {
        .answer(.error(ErrorFrame(ref: ref, code: code, message: message)))
    }

    /// The same answer whether or not such a room exists.
    private func forbid(_ ref: Ref?) -> Action {
        refuse(ref, .forbidden, "Your token does not allow this in that room.")
    }

    private func notJoined(_ ref: Ref?) -> Action { refuse(ref, .notJoined, "Join the room first.") }
}

extension ClientFrame {
    /// Whether the client hears of it, be it by an error.
    public var isAnswered: Bool {
        switch self {
        case .typing, .read: false
        case .hello, .join, .leave, .send, .history, .who, .rooms, .search, .topic, .direct, .directs, .ping: true
        }
    }

    /// What the client calls the frame, where it did.
    public var ref: Ref? {
        switch self {
        case .hello(let hello): hello.ref
        case .join(let join): join.ref
        case .leave(let ref, _): ref
        case .send(let send): send.ref
        case .history(let history): history.ref
        case .who(let ref, _): ref
        case .rooms(let ref, _): ref
        case .search(let search): search.ref
        case .topic(let ref, _, _): ref
        case .direct(let direct): direct.ref
        case .directs(let ref, _): ref
        case .typing, .read: nil
        case .ping(let ref): ref
        }
    }
}
