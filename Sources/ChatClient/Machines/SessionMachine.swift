import ChatWire
import NIOCore

/// A client's session over all its connections: which are open, what is sent on them, what the user is told.
///
/// Made of ``ReconnectMachine`` (which connections), ``ConnectionMachine`` (each one's liveness), ``RoomLog`` (each
/// room's order) and ``Outbox`` (what is not stored yet). Every method says what happened and returns what to do,
/// in order. The driver calls ``timerFired(at:)`` when ``deadline`` has passed.
struct SessionMachine: Sendable {
    struct Configuration: Sendable {
        var user: String?
        var token: String?
        /// ``Action/renewToken`` can be done.
        var renewsToken = false
        /// Free text that names the program.
        var client: String
        /// Messages of one room sent ahead of their acknowledgements.
        var window = 1
        /// The outbox has a file: ``Action/place(_:_:)`` is answered with ``SessionMachine/placed(_:at:)``.
        var keepsOutbox = false
        /// Round trips are measured and told.
        var measuresLatency = false
        var backoff = Backoff()
    }

    enum Action: Equatable {
        case connect(LinkID)
        case write(ClientFrame, on: LinkID)
        case close(LinkID, CloseCode)
        case tell(SessionEvent)
        case answer(RequestID, RequestResult)
        /// The message is about to be sent: write where it may come to be stored, then say so.
        case place(OutgoingMessage, Place)
        /// The message has left the outbox.
        case settled(OutgoingMessage)
        /// Fetch another token, then say ``SessionMachine/renewed(_:at:)``.
        case renewToken
        /// The session is over: nothing follows.
        case end
    }

    struct Room: Sendable {
        var log: RoomLog
        /// Entries asked for where the log has no end yet.
        var limit: Int
        /// The connection whose entries count: the one that answered the last `join`.
        var source: LinkID?
        /// The connection on which a `join` waits for its answer.
        var joiningOn: LinkID?
        /// When a `join` or page that was refused for now is asked for again.
        var retryAt: NIODeadline?
        var wasJoined = false
        var marker = ReadMarker()
        /// The time of the newest topic that was told: an answer and another's topic may come in either order.
        var topicTime: UInt64 = 0
        /// Entries are missing between what was shown before the last `join` and what is shown since.
        var hasHole = false

        /// Changes the log in place.
        mutating func feed(_ change: (inout RoomLog) -> [RoomLog.Step]) -> [RoomLog.Step] { change(&log) }
    }

    /// What an answer with a `ref` belongs to.
    struct Pending: Sendable {
        enum Purpose: Sendable {
            case join(RoomName)
            case page(RoomName)
            case send(key: String)
            case leave(RoomName)
            case request(RequestID)
            /// A `ping` sent then.
            case roundTrip(NIODeadline)
        }
        var link: LinkID
        var purpose: Purpose
    }

    let configuration: Configuration
    var reconnect: ReconnectMachine
    var links: [LinkID: ConnectionMachine] = [:]
    var rooms: [RoomName: Room] = [:]
    var outbox: Outbox
    var requests: [RequestID: Request] = [:]
    var pending: [Int: Pending] = [:]
    /// The name the edge gave this session.
    var user: String?
    var actions: [Action] = []
    /// What the edge of the active connection can do; see ``ServerFeature``.
    private(set) var features: Set<String> = []
    /// When the next `ping` measures the way to the edge; nil: never, or while one is under way.
    var roundTripAt: NIODeadline?
    private var token: String?
    private var resume: String?
    private var lastEnding: LinkEnding?
    private var refsMade = 0
    private var random: SplitMix64

    /// - Parameter seed: makes the waits of different clients differ.
    init(_ configuration: Configuration, seed: UInt64) {
        self.configuration = configuration
        reconnect = ReconnectMachine(backoff: configuration.backoff, renewsToken: configuration.renewsToken)
        token = configuration.token
        outbox = Outbox(window: configuration.window, isDurable: configuration.keepsOutbox)
        random = SplitMix64(state: seed)
    }

    var deadline: NIODeadline? {
        var all = links.values.compactMap(\.deadline) + rooms.values.compactMap(\.retryAt)
        if let next = reconnect.deadline { all.append(next) }
        if let next = outbox.deadline { all.append(next) }
        if let next = readDeadline { all.append(next) }
        if let roundTripAt { all.append(roundTripAt) }
        return all.min()
    }

    /// The connection that carries the session, once it is welcomed.
    var active: LinkID? { reconnect.active }

    mutating func start(at now: NIODeadline) -> [Action] {
        perform(reconnect.start(), at: now)
        return flush(at: now)
    }

    /// The WebSocket of `link` is open.
    mutating func opened(_ link: LinkID, at now: NIODeadline) -> [Action] {
        if links[link]?.opened() == true {
            let hello = ClientFrame.Hello(
                user: configuration.user, token: token, client: configuration.client, resume: resume)
            actions.append(.write(.hello(hello), on: link))
        }
        return flush(at: now)
    }

    /// Any bytes came on `link`.
    mutating func heard(_ link: LinkID, at now: NIODeadline) {
        links[link]?.heard(at: now)
    }

    mutating func closed(_ link: LinkID, _ ending: LinkEnding, at now: NIODeadline) -> [Action] {
        ended(link, ending, at: now)
        return flush(at: now)
    }

    mutating func timerFired(at now: NIODeadline) -> [Action] {
        for link in links.keys.sorted(by: { $0.number < $1.number }) {
            switch links[link]?.timerFired(at: now) {
            case .sendPing: actions.append(.write(.ping(ref: nil), on: link))
            case .giveUp: abandon(link, .silent, code: .pingTimeout, at: now)
            case .nothing, nil: break
            }
        }
        perform(reconnect.timerFired(at: now), at: now)
        outbox.timerFired(at: now)
        retryRooms(at: now)
        measureRoundTrip(at: now)
        return flush(at: now)
    }

    mutating func retryNow(at now: NIODeadline) -> [Action] {
        perform(reconnect.retryNow(), at: now)
        return flush(at: now)
    }

    /// What became of ``Action/renewToken``.
    mutating func renewed(_ outcome: TokenRenewal, at now: NIODeadline) -> [Action] {
        var outcome = outcome
        if case .renewed(let next) = outcome {
            if next == token { outcome = .unchanged } else { token = next }
        }
        perform(reconnect.renewed(outcome), at: now)
        return flush(at: now)
    }

    mutating func close(at now: NIODeadline) -> [Action] {
        pumpReads(at: now, isLast: true)
        perform(reconnect.stop(StopReason(.closed, "Closed.")), at: now)
        return flush(at: now)
    }

    /// Sends what may be sent now and hands the collected actions out.
    mutating func flush(at now: NIODeadline) -> [Action] {
        pumpRequests()
        pumpOutbox(at: now)
        pumpReads(at: now)
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    mutating func nextRef(_ purpose: Pending.Purpose, on link: LinkID) -> Int {
        refsMade += 1
        pending[refsMade] = Pending(link: link, purpose: purpose)
        return refsMade
    }
}

extension SessionMachine {
    mutating func perform(_ steps: [ReconnectMachine.Action], at now: NIODeadline) {
        for step in steps {
            switch step {
            case .connect(let link):
                links[link] = ConnectionMachine(startedAt: now)
                actions.append(.connect(link))
            case .close(let link):
                forget(link)
                actions.append(.close(link, .normal))
            case .use(let link):
                for room in rooms.keys.sorted(by: { $0.value < $1.value }) { join(room, on: link) }
                settleIfDone(at: now)
            case .wait(let until, let attempt):
                let reason = lastEnding?.words ?? "connection lost"
                actions.append(.tell(.disconnected(reason: reason, retryAt: until, attempt: attempt)))
            case .renewToken:
                actions.append(.renewToken)
            case .stop(let reason):
                failRequests(.stopped(reason))
                actions.append(.tell(.stopped(reason)))
                actions.append(.end)
            }
        }
    }

    mutating func welcomed(_ welcome: ServerFrame.Welcome, on link: LinkID, at now: NIODeadline) {
        let interval = TimeAmount.milliseconds(Int64(clamping: welcome.pingIntervalMilliseconds))
        guard links[link]?.welcomed(pingInterval: interval, at: now) == true else { return }
        resume = welcome.resume
        user = welcome.user
        features = Set(welcome.features)
        actions.append(.tell(.connected(SessionEvent.Connected(welcome))))
        for (message, author) in outbox.removeMessages(notOf: welcome.user) {
            actions.append(.tell(.kept(message, .writtenBy(author))))
        }
        perform(reconnect.ready(link, at: now), at: now)
        if configuration.measuresLatency { roundTripAt = now + ClientLimits.firstRoundTripAfter }
    }

    private mutating func measureRoundTrip(at now: NIODeadline) {
        guard let due = roundTripAt, due <= now else { return }
        // Without a connection the next `welcome` begins anew.
        roundTripAt = nil
        guard let active else { return }
        actions.append(.write(.ping(ref: Ref(nextRef(.roundTrip(now), on: active))), on: active))
    }

    /// Closes a connection that is of no more use and treats it as ended.
    mutating func abandon(_ link: LinkID, _ ending: LinkEnding, code: CloseCode, at now: NIODeadline) {
        actions.append(.close(link, code))
        ended(link, ending, at: now)
    }

    private mutating func ended(_ link: LinkID, _ ending: LinkEnding, at now: NIODeadline) {
        guard links[link] != nil else { return }
        forget(link)
        lastEnding = ending
        if case .closed(.replaced, _) = ending, case .online = reconnect.state {
            // Another process took the session over; taking it back would never end.
            resume = nil
        }
        perform(reconnect.closed(link, ending, at: now, random: random.unit()), at: now)
    }

    /// The old connection may go once every room is joined on the new one.
    mutating func settleIfDone(at now: NIODeadline) {
        guard case .settling(_, let to, _, _) = reconnect.state else { return }
        guard rooms.values.allSatisfy({ $0.source == to || $0.retryAt != nil }) else { return }
        perform(reconnect.settled(), at: now)
    }

    /// Takes back everything that was under way on `link`.
    private mutating func forget(_ link: LinkID) {
        links[link] = nil
        for (ref, waiting) in pending where waiting.link == link {
            pending[ref] = nil
            if case .request(let id) = waiting.purpose { requests[id]?.sentOn = nil }
        }
        outbox.disconnected(link)
        for name in rooms.keys {
            guard var room = rooms[name] else { continue }
            if room.joiningOn == link { room.joiningOn = nil }
            if room.source == link {
                room.source = nil
                room.marker.disconnected()
            }
            if room.source == nil, room.joiningOn == nil { room.log.disconnected() }
            rooms[name] = room
        }
    }
}

/// A small seeded generator, so that a run can be repeated (Steele, Lea, Flood 2014).
struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// In 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
