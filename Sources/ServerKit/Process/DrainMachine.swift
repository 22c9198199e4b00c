/// Decides how a process ends: what a signal, a failed service and a passed deadline lead to.
///
/// Running, a signal or a failure begins the drain. Draining, the end of the last service or the deadline ends the
/// process, and so does a second signal at once.
struct DrainMachine {
    enum State: Equatable {
        case running
        case draining(ExitStatus)
        case ended
    }

    /// What the driver must do now.
    enum Action: Equatable {
        case none
        /// Stop the services, the last started first, and end by the deadline.
        case drain
        /// End the process now, without waiting for anything.
        case exit(ExitStatus)
    }

    private(set) var state = State.running

    /// SIGTERM or SIGINT arrived.
    mutating func signalled() -> Action {
        switch state {
        case .running:
            state = .draining(.done)
            return .drain
        case .draining:
            state = .ended
            return .exit(.failed)
        case .ended: return .none
        }
    }

    /// A drain that nobody outside signalled, as an operator's command through the cluster.
    mutating func drainRequested() -> Action { beginDrain(endingWith: .done) }

    /// A service cannot go on.
    mutating func serviceFailed(_ status: ExitStatus) -> Action { beginDrain(endingWith: status) }

    /// Every service has stopped; the status that the process ends with.
    mutating func drained() -> ExitStatus {
        defer { state = .ended }
        if case .draining(let status) = state { return status }
        return .done
    }

    mutating func deadlinePassed() -> Action {
        guard case .draining = state else { return .none }
        state = .ended
        return .exit(.failed)
    }

    private mutating func beginDrain(endingWith status: ExitStatus) -> Action {
        guard state == .running else { return .none }
        state = .draining(status)
        return .drain
    }
}
