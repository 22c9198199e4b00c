import NIOCore

/// Decides which connections a session has and when the next one is opened.
///
/// It knows connections by their numbers only; ``ConnectionMachine`` watches each of them, and ``SessionMachine``
/// says what happened. Time and randomness come from the caller.
struct ReconnectMachine: Sendable {
    enum State: Equatable {
        /// Not started. Exits: `start`.
        case idle
        /// No connection works yet. Exits: `ready` → online; `closed` → waiting or stopped.
        case connecting(LinkID, attempt: Int)
        /// Exits: `draining` → slotAhead; `closed` → waiting or stopped.
        case online(LinkID, since: NIODeadline, attempt: Int)
        /// The node drains and gave this client a slot. Exits: the slot → handover; `closed` → waiting or stopped.
        case slotAhead(LinkID, at: NIODeadline, attempt: Int)
        /// `to` is being opened while `from` still works. Exits: `ready(to)` → settling; `closed(to)` → slotAhead;
        /// `closed(from)` → connecting.
        case handover(from: LinkID, to: LinkID, attempt: Int)
        /// `to` works and takes over the rooms. Exits: `settled`, `closed(from)` or `until` → online.
        case settling(from: LinkID, to: LinkID, since: NIODeadline, until: NIODeadline)
        /// Exits: the time or `retryNow` → connecting.
        case waiting(until: NIODeadline, attempt: Int)
        /// The server refused the token; another one is being fetched. Exits: `renewed` → connecting or stopped.
        case renewing(attempt: Int, else: StopReason)
        /// No exit.
        case stopped(StopReason)
    }

    enum Action: Equatable {
        case connect(LinkID)
        case close(LinkID)
        /// This connection now carries the session.
        case use(LinkID)
        /// Tell the user when try number `attempt` (from 1) comes.
        case wait(until: NIODeadline, attempt: Int)
        /// Fetch another token, then say ``ReconnectMachine/renewed(_:)``.
        case renewToken
        case stop(StopReason)
    }

    private(set) var state = State.idle
    private var linksMade = 0
    let backoff: Backoff
    /// Another token can be had.
    let renewsToken: Bool
    /// The token is the answer to a refusal, and no server has welcomed it yet: one that is refused too is the last.
    private var isTokenUntried = false

    init(backoff: Backoff = Backoff(), renewsToken: Bool = false) {
        self.backoff = backoff
        self.renewsToken = renewsToken
    }

    /// The connection that carries the session.
    var active: LinkID? {
        switch state {
        case .idle, .connecting, .waiting, .renewing, .stopped: nil
        case .online(let link, _, _), .slotAhead(let link, _, _), .handover(let link, _, _): link
        case .settling(_, let to, _, _): to
        }
    }

    var deadline: NIODeadline? {
        switch state {
        case .idle, .connecting, .online, .handover, .renewing, .stopped: nil
        case .slotAhead(_, let at, _): at
        case .settling(_, _, _, let until), .waiting(let until, _): until
        }
    }

    mutating func start() -> [Action] {
        guard case .idle = state else { return [] }
        return connect(attempt: 0)
    }

    /// `welcome` came on `link`.
    mutating func ready(_ link: LinkID, at now: NIODeadline) -> [Action] {
        switch state {
        case .connecting(link, let attempt):
            isTokenUntried = false
            state = .online(link, since: now, attempt: attempt)
            return [.use(link)]
        case .handover(let from, link, _):
            isTokenUntried = false
            state = .settling(from: from, to: link, since: now, until: now + ClientLimits.settlingTimeout)
            return [.use(link)]
        case .idle, .connecting, .online, .slotAhead, .handover, .settling, .waiting, .renewing, .stopped:
            return []
        }
    }

    /// Every room is joined on the connection that took over.
    mutating func settled() -> [Action] {
        guard case .settling(let from, let to, let since, _) = state else { return [] }
        state = .online(to, since: since, attempt: 0)
        return [.close(from)]
    }

    /// The edge asks this client to move within its slot.
    mutating func draining(_ link: LinkID, after wait: TimeAmount, at now: NIODeadline) -> [Action] {
        guard case .online(link, _, _) = state else { return [] }
        state = .slotAhead(link, at: now + wait, attempt: 0)
        return []
    }

    /// - Parameter random: in 0..<1, for the wait before the next try.
    mutating func closed(_ link: LinkID, _ ending: LinkEnding, at now: NIODeadline, random: Double) -> [Action] {
        switch state {
        case .connecting(link, let attempt):
            return retry(ending, attempt: attempt, at: now, random: random)
        case .online(link, let since, let attempt):
            let steady = now - since >= ClientLimits.steadyAfter
            return retry(ending, attempt: steady ? 0 : attempt, at: now, random: random)
        case .slotAhead(link, _, let attempt):
            return retry(ending, attempt: attempt, at: now, random: random)
        case .handover(link, let to, let attempt):
            state = .connecting(to, attempt: attempt)
            return []
        case .handover(let from, link, let attempt):
            switch ending.verdict {
            case .stop(let reason): return [.close(from)] + stop(reason)
            case .renewToken: return [.close(from)] + retry(ending, attempt: attempt, at: now, random: random)
            case .reconnect: break
            }
            state = .slotAhead(from, at: now + backoff.delay(attempt: attempt, random: random), attempt: attempt + 1)
            return []
        case .settling(link, let to, let since, _):
            state = .online(to, since: since, attempt: 0)
            return []
        case .settling(let from, link, _, _):
            // The old connection has already given its rooms away: start over rather than go back to it.
            return [.close(from)] + retry(ending, attempt: 0, at: now, random: random)
        case .idle, .connecting, .online, .slotAhead, .handover, .settling, .waiting, .renewing, .stopped:
            return []
        }
    }

    mutating func timerFired(at now: NIODeadline) -> [Action] {
        switch state {
        case .slotAhead(let link, let at, let attempt) where at <= now:
            let next = nextLink()
            state = .handover(from: link, to: next, attempt: attempt)
            return [.connect(next)]
        case .settling(_, _, _, let until) where until <= now:
            return settled()
        case .waiting(let until, let attempt) where until <= now:
            return connect(attempt: attempt)
        case .idle, .connecting, .online, .slotAhead, .handover, .settling, .waiting, .renewing, .stopped:
            return []
        }
    }

    /// What became of ``Action/renewToken``. Tokens expire one by one: nobody has to wait.
    mutating func renewed(_ outcome: TokenRenewal) -> [Action] {
        guard case .renewing(let attempt, let refusal) = state else { return [] }
        switch outcome {
        case .renewed:
            isTokenUntried = true
            return connect(attempt: attempt)
        case .unchanged:
            return stop(refusal)
        case .failed(let words):
            return stop(StopReason(.notPermitted, "\(refusal.message) \(words)"))
        }
    }

    /// The user, or a change of the network, asks for the next try at once.
    mutating func retryNow() -> [Action] {
        guard case .waiting(_, let attempt) = state else { return [] }
        return connect(attempt: attempt)
    }

    /// Ends the session and every connection of it.
    mutating func stop(_ reason: StopReason) -> [Action] {
        let open: [LinkID]
        switch state {
        case .stopped: return []
        case .idle, .waiting, .renewing: open = []
        case .connecting(let link, _), .online(let link, _, _), .slotAhead(let link, _, _): open = [link]
        case .handover(let from, let to, _), .settling(let from, let to, _, _): open = [from, to]
        }
        state = .stopped(reason)
        return open.map { .close($0) } + [.stop(reason)]
    }

    private mutating func connect(attempt: Int) -> [Action] {
        let link = nextLink()
        state = .connecting(link, attempt: attempt)
        return [.connect(link)]
    }

    private mutating func retry(_ ending: LinkEnding, attempt: Int, at now: NIODeadline, random: Double) -> [Action] {
        switch ending.verdict {
        case .stop(let reason):
            state = .stopped(reason)
            return [.stop(reason)]
        case .renewToken(let reason):
            guard renewsToken, !isTokenUntried else {
                state = .stopped(reason)
                return [.stop(reason)]
            }
            state = .renewing(attempt: attempt, else: reason)
            return [.renewToken]
        case .reconnect(let notBefore):
            let jitter = backoff.delay(attempt: attempt, random: random)
            let until = now + (notBefore ?? .zero) + jitter
            state = .waiting(until: until, attempt: attempt + 1)
            return [.wait(until: until, attempt: attempt + 1)]
        }
    }

    private mutating func nextLink() -> LinkID {
        linksMade += 1
        return LinkID(number: linksMade)
    }
}

/// What became of the wish for another token.
enum TokenRenewal: Equatable, Sendable {
    case renewed(String)
    /// There is none but the one that was refused.
    case unchanged
    /// In words for the user.
    case failed(String)
}
