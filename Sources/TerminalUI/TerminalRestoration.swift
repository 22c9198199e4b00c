import Glibc

/// Puts the terminal into the state of the full screen and back, from ordinary code and from signal handlers: whatever
/// ends the process, the shell gets the terminal as it was.
///
/// Handlers may run at any point of any thread. They use only this memory, which is set aside before the first handler is
/// installed and never freed, and only calls that POSIX lets handlers make: write, poll, tcsetattr, sigaction, dup2,
/// alarm, raise. No lock, no allocation, nothing of Swift's runtime.
///
/// Ordinary code calls these functions under ``Terminal``'s lock. A handler may interrupt it; each step can be repeated,
/// so what was interrupted is done again and does no harm.
struct TerminalRestoration {
    /// The screen is up now.
    private(set) var isUp = false
    /// The screen shall be up: a stopped process sets it up again when it goes on.
    var isWanted = false
    /// Another program has the terminal: its keys for interrupt and quit are meant for that one.
    var isLent = false
    var hasMouse = false
    /// -1 where there is none.
    var terminal: Int32 = -1
    /// Where handlers write the number of their signal, for the terminal's thread.
    var wake: Int32 = -1
    /// `/dev/null`; the terminal's descriptor becomes it in a crash, so that other threads draw no more.
    var nowhere: Int32 = -1
    /// Where errors went before, and where they go while the screen is up. -1: they stay where they are.
    var errors: Int32 = -1
    var errorLog: Int32 = -1
    var original = termios()
    var raw = termios()
    /// Signals to end that came before the process ended.
    var endSignals: Int32 = 0
    /// The first of them; 0 where none came.
    var endSignal: Int32 = 0

    /// The process's one state.
    nonisolated(unsafe) static let shared: UnsafeMutablePointer<TerminalRestoration> = {
        let shared = UnsafeMutablePointer<TerminalRestoration>.allocate(capacity: 1)
        shared.initialize(to: TerminalRestoration())
        return shared
    }()

    /// What signals did before, by number.
    nonisolated(unsafe) static let savedActions = Signals.makeActions()

    private static let setUpBytes = Sequence(TerminalSequence.setUp)
    private static let tearDownBytes = Sequence(TerminalSequence.tearDown)
    private static let mouseOnBytes = Sequence(TerminalSequence.mouseOn)

    /// Makes all memory that handlers use; Swift does so at the first use, which must not be in a handler.
    static func prepare() {
        _ = (shared, savedActions, setUpBytes, tearDownBytes, mouseOnBytes, Terminal.terminationGrace)
    }

    /// For programs that call exit() with the screen up. Once: it cannot be undone.
    static func registerExit() { _ = exitRegistered }

    private static let exitRegistered = atexit { TerminalRestoration.shared.pointee.tearDown() }

    var isInForeground: Bool { Signals.isInForeground(terminal) }

    mutating func setUp() {
        if errorLog >= 0 { dup2(errorLog, STDERR_FILENO) }
        tcsetattr(terminal, TCSANOW, &raw)
        isUp = true
        Self.setUpBytes.write(to: terminal)
        if hasMouse { Self.mouseOnBytes.write(to: terminal) }
    }

    mutating func tearDown() {
        guard isUp else { return }
        isUp = false
        Self.tearDownBytes.write(to: terminal)
        // At once: waiting for the output to drain could take for ever. In the background the modes are the shell's, and
        // changing them would stop us.
        if isInForeground { tcsetattr(terminal, TCSANOW, &original) }
        if errors >= 0 { dup2(errors, STDERR_FILENO) }
    }

    /// Bytes whose memory stays where it is.
    private struct Sequence: @unchecked Sendable {
        let bytes: UnsafeMutableBufferPointer<UInt8>

        init(_ text: String) {
            bytes = .allocate(capacity: text.utf8.count)
            _ = bytes.initialize(from: text.utf8)
        }

        /// Whole, or as much as a terminal takes that does not go on: it may be stopped for good.
        func write(to descriptor: Int32) {
            var done = 0
            var triesLeft = 5
            while done < bytes.count, triesLeft > 0, let start = bytes.baseAddress {
                let count = Glibc.write(descriptor, start + done, bytes.count - done)
                if count > 0 {
                    done += count
                } else if count < 0, errno == EAGAIN || errno == EINTR {
                    triesLeft -= 1
                    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wanted, 1, 100)
                } else {
                    return
                }
            }
        }
    }
}
