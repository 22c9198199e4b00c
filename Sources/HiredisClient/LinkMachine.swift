import NIOCore

/// The life of a link: dial, handshake, up; wait after a failure and dial again, until stopped.
///
/// Each method takes what happened and answers what the driver does next. Events of a connection that the driver
/// gave up do not come here.
struct LinkMachine {
    private enum State {
        /// Left by `started`, `stopRequested`.
        case idle
        /// A connection is being made. Left by `connected`, `failed`, `stopRequested`.
        case dialling
        /// Left by `becameUp`, `failed`, `stopRequested`.
        case handshaking
        /// Left by `failed`, `stopRequested`.
        case up(since: NIODeadline)
        /// Left by `waited`, `stopRequested`.
        case waiting
        /// Stopped while dialling: the connection on its way is still to come. Left by `connected`, `failed`.
        case stoppingDial
        case stopped
    }

    enum Action: Equatable {
        case none
        case dial
        case handshake
        case close
        /// Wait, by the backoff after so many failures in a row, then say `waited`.
        case wait(failures: Int)
    }

    private var state = State.idle
    private var failures = 0
    /// How long a link must be up before the next failure counts as the first.
    let stableAfter: TimeAmount

    init(stableAfter: TimeAmount) { self.stableAfter = stableAfter }

    var isUp: Bool {
        if case .up = state { true } else { false }
    }

    /// Whether nothing more happens by itself; connections that were closed may still linger.
    var isStopped: Bool {
        if case .stopped = state { true } else { false }
    }

    mutating func started() -> Action {
        guard case .idle = state else { return .none }
        state = .dialling
        return .dial
    }

    mutating func connected() -> Action {
        switch state {
        case .dialling:
            state = .handshaking
            return .handshake
        case .stoppingDial:
            state = .stopped
            return .close
        case .idle, .handshaking, .up, .waiting, .stopped:
            assertionFailure("A connection that was not asked for.")
            return .close
        }
    }

    mutating func becameUp(at now: NIODeadline) {
        guard case .handshaking = state else { return }
        state = .up(since: now)
    }

    /// The connection could not be made, or broke, or was given up.
    mutating func failed(at now: NIODeadline) -> Action {
        switch state {
        case .up(let since):
            if now - since >= stableAfter { failures = 0 }
        case .dialling, .handshaking:
            break
        case .stoppingDial:
            state = .stopped
            return .none
        case .idle, .waiting, .stopped:
            return .none
        }
        failures += 1
        state = .waiting
        return .wait(failures: failures)
    }

    mutating func waited() -> Action {
        guard case .waiting = state else { return .none }
        state = .dialling
        return .dial
    }

    mutating func stopRequested() -> Action {
        switch state {
        case .dialling:
            state = .stoppingDial
            return .none
        case .handshaking, .up:
            state = .stopped
            return .close
        case .idle, .waiting:
            state = .stopped
            return .none
        case .stoppingDial, .stopped:
            return .none
        }
    }
}
