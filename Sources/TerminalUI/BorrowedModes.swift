import Glibc

/// Other modes of a terminal for a while, without a screen: a hidden input, an answer of the terminal. Whatever stops or
/// ends the process meanwhile leaves the terminal as it was, and `fg` brings the other modes again.
///
/// One at a time in a process, and none while a ``Terminal`` is open.
public struct BorrowedModes: Sendable {
    /// - Parameters:
    ///   - descriptor: stays open until ``end(discardsInput:)``.
    ///   - change: makes the modes of now the other ones.
    /// - Returns: nil where the modes cannot be changed, and where they are changed already.
    public init?(descriptor: Int32, change: (inout termios) -> Void) {
        let state = Borrowing.shared
        guard !state.pointee.isWanted, tcgetattr(descriptor, &state.pointee.before) == 0 else { return nil }
        state.pointee.terminal = descriptor
        state.pointee.borrowed = state.pointee.before
        change(&state.pointee.borrowed)
        // Before the modes are changed: a signal may come at once.
        state.pointee.isWanted = true
        Borrowing.install()
        // What was typed before is not meant for it.
        guard tcsetattr(descriptor, TCSAFLUSH, &state.pointee.borrowed) == 0 else {
            end()
            return nil
        }
    }

    /// - Parameter discardsInput: what was typed and not read is for nobody.
    public func end(discardsInput: Bool = false) {
        let state = Borrowing.shared
        guard state.pointee.isWanted else { return }
        state.pointee.isWanted = false
        state.pointee.giveBack(discardsInput ? TCSAFLUSH : TCSANOW)
        Borrowing.uninstall()
    }
}

/// What the handlers use: set aside before the first of them is installed, and never freed.
private struct Borrowing {
    var isWanted = false
    var terminal: Int32 = -1
    var before = termios()
    var borrowed = termios()

    nonisolated(unsafe) static let shared: UnsafeMutablePointer<Borrowing> = {
        let shared = UnsafeMutablePointer<Borrowing>.allocate(capacity: 1)
        shared.initialize(to: Borrowing())
        return shared
    }()

    /// What signals did before, by number.
    nonisolated(unsafe) static let savedActions = Signals.makeActions()

    /// In the background the shell has it: it got it back when we were stopped.
    var isInForeground: Bool { Signals.isInForeground(terminal) }

    mutating func giveBack(_ how: Int32 = TCSANOW) {
        if isInForeground { tcsetattr(terminal, how, &before) }
    }

    mutating func takeAgain() {
        if isWanted, isInForeground { tcsetattr(terminal, TCSANOW, &borrowed) }
    }

    /// Bit by signal; only ``install()`` and ``uninstall()`` use it.
    nonisolated(unsafe) private static var installed = 0

    static func install() {
        _ = savedActions
        // Who ignores a signal or handles it has a reason.
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] where Signals.action(of: signal) == .standard {
            set(signal, signal == SIGTSTP ? stopSignal : endSignal)
        }
        set(SIGCONT, continueSignal)
    }

    static func uninstall() {
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT] where installed & (1 << signal) != 0 {
            sigaction(signal, savedActions + Int(signal), nil)
        }
        installed = 0
    }

    private static func set(_ signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_RESTART
        // One after the other: a job that is ended is continued as well, and must not stop again before it ends.
        sigfillset(&action.sa_mask)
        sigaction(signal, &action, savedActions + Int(signal))
        installed |= 1 << signal
    }

    /// Lets happen what would have happened without us.
    static func passOn(_ signal: Int32) {
        var ours = sigaction()
        sigaction(signal, savedActions + Int(signal), &ours)
        Signals.deliver(signal)
        sigaction(signal, &ours, nil)
    }
}

private func endSignal(_ signal: Int32) {
    Borrowing.shared.pointee.giveBack()
    Borrowing.passOn(signal)
}

private func stopSignal(_ signal: Int32) {
    let before = errno
    Borrowing.shared.pointee.giveBack()
    Borrowing.passOn(signal)
    // Where nobody could continue us, it did nothing, and no SIGCONT comes.
    Borrowing.shared.pointee.takeAgain()
    errno = before
}

private func continueSignal(_ signal: Int32) {
    let before = errno
    let state = Borrowing.shared
    // `bg`: we stop again when the handler returns, until `fg`.
    if state.pointee.isWanted, !state.pointee.isInForeground { raise(SIGTTOU) }
    state.pointee.takeAgain()
    errno = before
}
