import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

/// A claim that waits for the node that has the session.
struct PendingClaim {
    /// The newest of those that came with the same secret.
    var greeting: Greeting
    let token: ResumeToken
    let timeout: Scheduled<Void>
}

/// An authenticated `hello` on its way through the hub.
struct Greeting {
    let connection: EdgeConnection
    let ref: Ref?
    let user: UserName
    /// The name was only claimed.
    let isGuest: Bool
    /// The client named no user of its own, so that the session's is taken where it resumes.
    let acceptsSessionUser: Bool
    let resume: ResumeToken?

    /// The user that a claim is made for; empty where the session says who it is.
    var provedUser: String { acceptsSessionUser ? "" : user.value }
}

// Sessions: opened, resumed here or from another node, lost, closed, kicked.
extension Hub {
    func greet(_ greeting: Greeting) {
        // A guest who has the secret of a session with a token has not the token, nor its rights.
        guard let token = greeting.resume, token.session.isGuest == greeting.isGuest else { return openNew(greeting) }
        // Also where another node gave the secret: the session may have come here with it.
        if resumeHere(greeting, token) || takesPlace(of: token, greeting) { return }
        guard token.node != node, link == .up, claims.count < EdgeLimits.claimsMax else { return openNew(greeting) }
        claim(token, for: greeting)
    }

    private func claim(_ token: ResumeToken, for greeting: Greeting) {
        nextClaim &+= 1
        let request = nextClaim
        let timeout = loop.scheduleTask(in: EdgeLimits.claimTimeout) { [weak self] in
            guard let self else { return }
            claimAnswered(request, nil)
        }
        claims[request] = PendingClaim(greeting: greeting, token: token, timeout: timeout)
        claiming[token] = request
        let message = NodeMessage.claim(
            request: request, from: node.value, session: token.session.value, secret: token.secretHex,
            user: greeting.provedUser)
        broker.send(message, to: token.node).whenComplete { [weak self] result in
            // Nobody heard it: the node is gone, and waiting would not help.
            if case .success(let listeners) = result, listeners > 0 { return }
            self?.claimAnswered(request, nil)
        }
    }

    /// The session is being claimed for an older connection of the same client: one claim serves the newest of them.
    private func takesPlace(of token: ResumeToken, _ greeting: Greeting) -> Bool {
        guard let request = claiming[token], let pending = claims[request],
            pending.greeting.provedUser == greeting.provedUser
        else { return false }
        claims[request]?.greeting = greeting
        replace(pending.greeting.connection)
        return true
    }

    private func claimAnswered(_ request: UInt64, _ claimed: ClaimedSession?) {
        guard let pending = claims.removeValue(forKey: request) else { return }
        pending.timeout.cancel()
        if claiming[pending.token] == request { claiming[pending.token] = nil }
        guard let claimed else { return openNew(pending.greeting) }
        let (greeting, token) = (pending.greeting, pending.token)
        let user = greeting.acceptsSessionUser ? claimed.user : greeting.user
        let rooms = Array(claimed.rooms.prefix(settings.session.roomsMax))
        let secret = ResumeToken.randomSecret(using: &random)
        sessions.open(
            token.session, user: user, secret: secret, formerSecret: token.secret, previousNode: token.node,
            rooms: rooms, now: .now())
        for room in rooms { takeOver(.init(occupant: occupant(token.session, user), room: room, from: token.node)) }
        welcome(greeting, session: token.session, user: user, secret: secret, resumedIn: rooms)
    }

    /// False where this node has no such session.
    private func resumeHere(_ greeting: Greeting, _ token: ResumeToken) -> Bool {
        let user = greeting.acceptsSessionUser ? nil : greeting.user
        guard let owner = sessions[token.session]?.user,
            case .granted(let rooms) = sessions.claim(
                token.session, secret: token.secret, user: user, stays: true, now: .now()),
            let secret = sessions[token.session]?.secret
        else { return false }
        welcome(greeting, session: token.session, user: owner, secret: secret, resumedIn: rooms)
        return true
    }

    private func openNew(_ greeting: Greeting) {
        guard !greeting.acceptsSessionUser else {
            let connection = greeting.connection
            return connection.shard.run { _ in connection.refusedWithoutUser(greeting.ref) }
        }
        let session = greeting.isGuest ? SessionID.randomGuest(using: &random) : SessionID.random(using: &random)
        let secret = ResumeToken.randomSecret(using: &random)
        sessions.open(session, user: greeting.user, secret: secret, previousNode: nil, now: .now())
        welcome(greeting, session: session, user: greeting.user, secret: secret, resumedIn: nil)
    }

    /// - Parameter rooms: of a session that was resumed; nil where it is new.
    private func welcome(
        _ greeting: Greeting, session: SessionID, user: UserName, secret: [UInt8], resumedIn rooms: [RoomName]?
    ) {
        let connection = greeting.connection
        if let holder = connections.updateValue(connection, forKey: session), holder !== connection { replace(holder) }
        metrics.greetings.add(1)
        if rooms != nil { metrics.resumes.add(1) }
        let frame = FrameBytes.text(
            .welcome(
                .init(
                    ref: greeting.ref, session: session,
                    resume: ResumeToken(node: node, session: session, secret: secret).text,
                    user: user.value, node: node.name, server: settings.serverText, resumed: rooms != nil,
                    frameBytes: Limits.frameBytesMax, bodyBytes: Limits.bodyBytesMax, rooms: settings.session.roomsMax,
                    sendsPerSecond: settings.sendsPerSecond,
                    pingIntervalMilliseconds: Int(settings.pingInterval.nanoseconds / 1_000_000),
                    features: ServerFeature.allCases.map(\.rawValue))))
        connection.shard.run { _ in connection.welcomed(session: session, user: user, rooms: rooms ?? [], frame: frame)
        }
    }

    /// The connection that had the session is told 4005; it must not end the session when it closes.
    func replace(_ connection: EdgeConnection) {
        connection.shard.run { _ in connection.end(.replaced, "The session was resumed elsewhere.", keepsSession: true)
        }
    }

    /// A connection is gone. `isClean`: the client closed it on purpose, which leaves its rooms at once.
    func connectionEnded(_ connection: EdgeConnection, session: SessionID, isClean: Bool) {
        guard connections[session] === connection else { return }
        connections[session] = nil
        writeMarkers(of: session)
        guard isClean else { return sessions.detached(session, now: .now()) }
        leaveAll(session, reason: .left)
    }

    private func leaveAll(_ session: SessionID, reason: Departure.Reason) {
        guard let user = sessions[session]?.user else { return }
        for room in sessions.closed(session) { depart(session, user: user, room: room, reason: reason) }
    }

    func received(_ message: NodeMessage) {
        switch message {
        case .claim(let request, let from, let session, let secret, let user):
            claimed(request: request, from: from, session: session, secret: secret, user: user)
        case .claimed(let request, let claimed):
            claimAnswered(request, claimed.flatMap(ClaimedSession.init))
        case .offer(let room, let to, let user, let isGuest):
            offer(room, to: to, user: user, isGuest: isGuest ?? false)
        case .kick(let user): kick(user)
        case .announce(let text):
            tellEveryone(.info, .announcement, text)
        case .drain(let seconds):
            onDrainRequest?(seconds)
        }
    }

    /// Another node asks for a session of ours.
    private func claimed(request: UInt64, from: String, session: String, secret: String, user: String) {
        guard let asker = NodeID(from) else { return }
        var answer: NodeMessage.Claimed?
        if let id = SessionID(session), let bytes = ResumeToken.bytes(hex: secret), let owner = sessions[id]?.user,
            user.isEmpty || user == owner.value,
            case .granted(let rooms) = sessions.claim(id, secret: bytes, user: nil, stays: false, now: .now())
        {
            if let holder = connections.removeValue(forKey: id) { replace(holder) }
            answer = .init(user: owner.value, rooms: rooms.map(\.value))
        }
        broker.send(.claimed(request: request, session: answer), to: asker).whenFailure { [logger] error in
            logger.debug("a claim could not be answered", metadata: ["error": "\(error)"])
        }
    }

    private func kick(_ name: String) {
        guard let user = try? UserName(name) else { return }
        for session in sessions.sessions(of: user) {
            leaveAll(session, reason: .kicked)
            guard let connection = connections.removeValue(forKey: session) else { continue }
            connection.shard.run { _ in connection.end(.kicked, "An operator closed this session.", keepsSession: true)
            }
        }
    }
}

/// What another node said of a session that it gave up.
struct ClaimedSession {
    let user: UserName
    let rooms: [RoomName]

    init?(_ claimed: NodeMessage.Claimed) {
        guard let user = try? UserName(claimed.user) else { return nil }
        self.user = user
        rooms = (claimed.rooms ?? []).compactMap { try? RoomName($0) }
    }
}
