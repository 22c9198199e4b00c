import Glibc

/// Waits for input, signals and room for output, on a thread of its own, so that no task ever blocks on the terminal, and
/// runs the tasks of ``TerminalExecutor``. Ends when the terminal is closed; ``Terminal/close()`` waits for it, unless a
/// task on it closes.
struct TerminalThread {
    private let terminal: Terminal
    private var buffer: [UInt8] = Array(repeating: 0, count: 16 * 1024)
    private var isGone = false

    private final class Start {
        let terminal: Terminal
        init(_ terminal: Terminal) { self.terminal = terminal }
    }

    static func start(_ terminal: Terminal) -> pthread_t? {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(terminal))
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                SignalStack.provide()
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                var thread = TerminalThread(terminal: start.terminal)
                while thread.turn() {}
                return nil
            }, start.toOpaque())
        guard failure == 0 else {
            start.release()
            return nil
        }
        return thread
    }

    private init(terminal: Terminal) { self.terminal = terminal }

    /// The tasks, one wait and what came of it.
    /// - Returns: false at the end.
    private mutating func turn() -> Bool {
        terminal.executor.runJobs()
        let events: Int32
        switch terminal.interest() {
        case .end:
            terminal.executor.end()
            return false
        case .nothing: events = 0
        case .reading: events = POLLIN
        case .writing: events = POLLOUT
        case .both: events = POLLIN | POLLOUT
        }
        var waits = [
            pollfd(fd: terminal.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            // A hang-up is reported whether asked for or not: -1 where nothing is to be done about it.
            pollfd(fd: isGone || events == 0 ? -1 : terminal.descriptor, events: Int16(events), revents: 0),
        ]
        poll(&waits, 2, terminal.executor.beginWaiting() ? -1 : 0)
        terminal.executor.endWaiting()
        if waits[0].revents != 0 { handleSignals() }
        let happened = Int32(waits[1].revents)
        if happened & POLLOUT != 0 { terminal.sendBacklog() }
        if happened & ~POLLOUT != 0 { receive() }
        return true
    }

    private mutating func receive() {
        switch terminal.receive(&buffer) {
        case .bytes(let bytes): terminal.mailbox.post(.bytes(bytes))
        case .nothing: break
        case .gone:
            isGone = true
            terminal.mailbox.end()
        }
    }

    private func handleSignals() {
        for signal in terminal.signals() {
            switch signal {
            case SIGWINCH: postSize()
            case SIGCONT:
                postSize()
                terminal.mailbox.post(.continued)
            default: terminal.mailbox.post(.terminated(signal: signal))
            }
        }
    }

    private func postSize() {
        let size = terminal.size
        terminal.mailbox.post(.resized(columns: size.columns, rows: size.rows))
    }
}
