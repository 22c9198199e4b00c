import Glibc

/// The signals that end, stop and continue the process while the terminal is open.
enum TerminalSignals {
    /// Crashes, and what else ends the process at once. Swift's backtracer handles most of them; it gets its turn.
    private static let fatal = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT, SIGSYS]
    /// Taken over only where nobody else ignores or handles them.
    private static let fatalByDefault = [SIGPIPE, SIGUSR1, SIGUSR2, SIGXCPU]
    /// The program is told and ends in its own order; a second one ends it at once.
    private static let end = [SIGTERM, SIGHUP, SIGINT]

    static func install() {
        for signal in fatal { install(signal, SA_SIGINFO | SA_ONSTACK, fatalSignal, overIgnored: true) }
        for signal in fatalByDefault where Signals.action(of: signal) == .standard {
            install(signal, SA_SIGINFO | SA_ONSTACK, fatalSignal, overIgnored: false)
        }
        // Also where it is ignored: the time to leave must end.
        if Signals.action(of: SIGALRM) != .handled {
            install(SIGALRM, SA_SIGINFO | SA_ONSTACK, alarmSignal, overIgnored: true)
        }
        for signal in end { install(signal, SA_SIGINFO | SA_RESTART, endSignal, overIgnored: false) }
        install(SIGTSTP, SA_SIGINFO | SA_RESTART, stopSignal, overIgnored: false)
        install(SIGCONT, SA_SIGINFO | SA_RESTART, continueSignal, overIgnored: true)
        install(SIGWINCH, SA_SIGINFO | SA_RESTART, wakingSignal, overIgnored: true)
    }

    /// Puts back what was there before.
    static func uninstall() {
        for signal in fatal + fatalByDefault + end + [SIGALRM, SIGTSTP, SIGCONT, SIGWINCH]
        where installed & (1 << signal) != 0 {
            sigaction(signal, TerminalRestoration.savedActions + Int(signal), nil)
        }
        installed = 0
    }

    /// Bit by signal. Only ``install()`` and ``uninstall()`` use it, under the lock of ``Terminal``.
    nonisolated(unsafe) private static var installed = 0

    private static func install(
        _ signal: Int32, _ flags: Int32,
        _ handler: @escaping @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void,
        overIgnored: Bool
    ) {
        // nohup and scripts ignore signals on purpose.
        if !overIgnored, Signals.action(of: signal) == .ignored { return }
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = handler
        action.sa_flags = flags
        sigemptyset(&action.sa_mask)
        if flags & SA_RESTART != 0 { sigfillset(&action.sa_mask) }
        sigaction(signal, &action, TerminalRestoration.savedActions + Int(signal))
        installed |= 1 << signal
    }
}

/// Restores the terminal and lets happen what would have happened without us.
private func fatalSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let state = TerminalRestoration.shared
    if signal == SIGQUIT, state.pointee.isLent { return }
    if state.pointee.isUp {
        state.pointee.tearDown()
        dup2(state.pointee.nowhere, state.pointee.terminal)
    }
    sigaction(signal, TerminalRestoration.savedActions + Int(signal), nil)
    // A fault comes again when the instruction is tried again, with its address for the backtrace. What was sent does not,
    // nor do an alarm, a breakpoint and abort(), which takes the handler away as we return.
    let comesAgain = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE
    if comesAgain, (info?.pointee.si_code ?? 0) > 0 { return }
    Signals.deliver(signal)
    // Swift's backtracer takes it for a fault: it describes it and returns, for the fault to come again.
    var standard = sigaction()
    sigaction(signal, &standard, nil)
    Signals.deliver(signal)
}

/// The time to leave is over: the process ends by what asked for it. An alarm of somebody else does what it did before.
private func alarmSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let state = TerminalRestoration.shared
    if state.pointee.endSignal != 0 { return fatalSignal(state.pointee.endSignal, nil, nil) }
    let before = TerminalRestoration.savedActions[Int(signal)]
    if Signals.meaning(of: before) != .ignored { fatalSignal(signal, nil, nil) }
}

private func endSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let state = TerminalRestoration.shared
    if signal == SIGINT, state.pointee.isLent { return }
    state.pointee.endSignals += 1
    if state.pointee.endSignals > 1 { return fatalSignal(signal, nil, nil) }
    state.pointee.endSignal = signal
    // Not by the terminal's thread, which may be what hangs.
    alarm(Terminal.terminationGrace)
    wakeThread(signal)
}

/// Ctrl-Z of another program in the foreground, `kill -TSTP`, or ``Terminal/suspend()``.
private func stopSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let before = errno
    let state = TerminalRestoration.shared
    state.pointee.tearDown()
    // The signal once more, as if there were no handler: other than SIGSTOP it does nothing where no shell waits that
    // could continue us.
    var (standard, ours) = (sigaction(), sigaction())
    sigaction(signal, &standard, &ours)
    Signals.deliver(signal)
    sigaction(signal, &ours, nil)
    // Where it did nothing, no SIGCONT comes.
    if state.pointee.isWanted, state.pointee.isInForeground { state.pointee.setUp() }
    wakeThread(SIGCONT)
    errno = before
}

/// The shell may have changed everything meanwhile, also where the stop was a SIGSTOP that nobody could prepare for.
private func continueSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let before = errno
    let state = TerminalRestoration.shared
    if state.pointee.isInForeground {
        if state.pointee.isWanted { state.pointee.setUp() }
    } else {
        // `bg`: the terminal is the shell's. We stop again when the handler returns, until `fg`, unless no shell could
        // continue us, which the kernel sees to, or a signal to end was first.
        state.pointee.tearDown()
        if state.pointee.isWanted, state.pointee.endSignals == 0 { raise(SIGTTOU) }
    }
    wakeThread(signal)
    errno = before
}

private func wakingSignal(
    _ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    wakeThread(signal)
}

private func wakeThread(_ signal: Int32) {
    let before = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    // A full pipe wakes the thread as well.
    _ = write(TerminalRestoration.shared.pointee.wake, &byte, 1)
    errno = before
}
