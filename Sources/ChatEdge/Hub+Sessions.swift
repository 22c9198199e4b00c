import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

/// A claim that waits for the node that has the session.
struct PendingClaim {
    let greeting: Greeting
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
}

// Sessions: opened, resumed here or from another node, lost, closed, kicked.
extension Hub {
    func greet(_ greeting: Greeting) {
        // A guest who has the secret of a session with a token has not the token, nor its rights.
        guard let token = greeting.resume, token.session.isGuest == greeting.isGuest else {
            return open(greeting, resuming: nil, from: nil)
        }
        if token.node == node { return resumeHere(greeting, token) }
        guard link == .up, claims.count < EdgeLimits.claimsMax else { return open(greeting, resuming: nil, from: nil) }
        nextClaim &+= 1
        let request = nextClaim
        let timeout = loop.scheduleTask(in: EdgeLimits.claimTimeout) { [weak self] in
            guard let self else { return }
            claimAnswered(request, nil)
        }
        claims[request] = PendingClaim(greeting: greeting, token: token, timeout: timeout)
        let message = NodeMessage.claim(
            request: request, from: node.value, session: token.session.value, secret: token.secretHex,
            user: greeting.acceptsSessionUser ? "" : greeting.user.value)
        broker.send(message, to: token.node).whenComplete { [weak self] result in
            // Nobody heard it: the node is gone, and waiting would not help.
            if case .success(let listeners) = result, listeners > 0 { return }
            self?.claimAnswered(request, nil)
        }
    }

    private func claimAnswered(_ request: UInt64, _ claimed: ClaimedSession?) {
        guard let pending = claims.removeValue(forKey: request) else { return }
        pending.timeout.cancel()
        guard let claimed else { return open(pending.greeting, resuming: nil, from: nil) }
        let user = pending.greeting.acceptsSessionUser ? claimed.user : pending.greeting.user
        open(pending.greeting, as: user, resuming: pending.token.session, from: pending.token.node)
    }

    private func resumeHere(_ greeting: Greeting, _ token: ResumeToken) {
        let holder = connections[token.session]
        let user = greeting.acceptsSessionUser ? nil : greeting.user
        let owner = sessions[token.session]?.user
        guard
            case .granted(_, let wasAttached) = sessions.claim(
                token.session, secret: token.secret, user: user, stays: true, now: .now()), let owner
        else { return open(greeting, resuming: nil, from: nil) }
        if wasAttached, let holder { replace(holder) }
        welcome(greeting, session: token.session, user: owner, secret: token.secret, resumed: true)
    }

    private func open(_ greeting: Greeting, as user: UserName? = nil, resuming: SessionID?, from previous: NodeID?) {
        let session = resuming ?? (greeting.isGuest ? .randomGuest(using: &random) : .random(using: &random))
        let secret = ResumeToken.randomSecret(using: &random)
        let user = user ?? greeting.user
        sessions.open(session, user: user, secret: secret, previousNode: previous)
        welcome(greeting, session: session, user: user, secret: secret, resumed: resuming != nil)
    }

    private func welcome(_ greeting: Greeting, session: SessionID, user: UserName, secret: [UInt8], resumed: Bool) {
        let connection = greeting.connection
        connections[session] = connection
        metrics.greetings.add(1)
        if resumed { metrics.resumes.add(1) }
        let frame = FrameBytes.text(
            .welcome(
                .init(
                    ref: greeting.ref, session: session,
                    resume: ResumeToken(node: node, session: session, secret: secret).text,
                    user: user.value, node: node.name, server: settings.serverText, resumed: resumed,
                    frameBytes: Limits.frameBytesMax, bodyBytes: Limits.bodyBytesMax, rooms: settings.session.roomsMax,
                    sendsPerSecond: settings.sendsPerSecond,
                    pingIntervalMilliseconds: Int(settings.pingInterval.nanoseconds / 1_000_000))))
        connection.shard.run { _ in connection.welcomed(session: session, user: user, frame: frame) }
    }

    /// The connection that had the session is told 4005; it must not end the session when it closes.
    private func replace(_ connection: EdgeConnection) {
        connection.shard.run { _ in connection.end(.replaced, "The session was resumed elsewhere.", keepsSession: true)
        }
    }

    /// A connection is gone. `isClean`: the client closed it on purpose, which leaves its rooms at once.
    func connectionEnded(_ connection: EdgeConnection, session: SessionID, isClean: Bool) {
        guard connections[session] === connection else { return }
        connections[session] = nil
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
            case .granted(_, let wasAttached) = sessions.claim(id, secret: bytes, user: nil, stays: false, now: .now())
        {
            if wasAttached, let holder = connections.removeValue(forKey: id) { replace(holder) }
            answer = .init(user: owner.value)
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

    init?(_ claimed: NodeMessage.Claimed) {
        guard let user = try? UserName(claimed.user) else { return nil }
        self.user = user
    }
}
