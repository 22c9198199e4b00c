import Glibc

/// What the handlers of ``TerminalSignals`` and of ``BorrowedModes`` share. Everything here may be called in a handler,
/// but ``makeActions()``.
enum Signals {
    enum Action { case standard, ignored, handled }

    static func action(of signal: Int32) -> Action {
        var action = sigaction()
        sigaction(signal, nil, &action)
        return meaning(of: action)
    }

    static func meaning(of action: sigaction) -> Action {
        switch unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) {
        case 0: return .standard
        case 1: return .ignored
        default: return .handled
        }
    }

    /// Room for what signals did before, by number; never freed.
    static func makeActions() -> UnsafeMutablePointer<sigaction> {
        let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
        actions.initialize(repeating: sigaction(), count: 65)
        return actions
    }

    /// Lets the signal act at once as its action of now says, in a handler that holds it back.
    static func deliver(_ signal: Int32) {
        var (mask, maskBefore) = (sigset_t(), sigset_t())
        raise(signal)
        sigemptyset(&mask)
        sigaddset(&mask, signal)
        pthread_sigmask(SIG_UNBLOCK, &mask, &maskBefore)
        pthread_sigmask(SIG_SETMASK, &maskBefore, nil)
    }

    /// Whether the terminal is this process group's to change: otherwise it is the shell's, and changing it would only stop
    /// us. One that is nobody's terminal has no jobs.
    static func isInForeground(_ terminal: Int32) -> Bool {
        let group = tcgetpgrp(terminal)
        return group < 0 || group == getpgrp()
    }
}
