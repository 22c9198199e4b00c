import Glibc
import NIOConcurrencyHelpers

/// The terminal of the process: raw mode, alternate screen, input and signals as events (``deliver(to:)``), output that
/// never blocks, and the terminal as it was on every way out, see ``TerminalRestoration``. While the screen is up, what the
/// process writes to its standard error goes to a file instead of over the screen.
///
/// One at a time in a process. ``run(_:isolation:_:)`` is the way to use it.
public final class Terminal: Sendable {
    public enum Event: Sendable, Equatable {
        /// Input as it came, for ``InputParser``.
        case bytes([UInt8])
        /// The window has this size now. Its content is not what it was: call ``Renderer/invalidate()``.
        case resized(columns: Int, rows: Int)
        /// All output is with the terminal again, after a time when ``backlog`` was not 0.
        case writable
        /// The process goes on after a stop, or what ``lend(isolation:_:)`` lent is back: draw everything.
        case continued
        /// SIGTERM, SIGHUP or SIGINT: leave. A second signal, or staying for ``terminationGrace``, ends the process.
        case terminated(signal: Int32)
    }

    public struct Options: Sendable {
        /// The terminal's device; where it cannot be opened, that of standard input, output or error.
        public var path: String
        /// Report the mouse from the start; see ``setMouse(_:)``.
        public var mouse: Bool
        /// The file that standard error is appended to while the screen is up, if standard error is a terminal.
        public var errorLog: String?

        public init(path: String = "/dev/tty", mouse: Bool = false, errorLog: String? = nil) {
            self.path = path
            self.mouse = mouse
            self.errorLog = errorLog
        }
    }

    /// How long a program may take to leave after a signal, in seconds.
    public static let terminationGrace: UInt32 = 5
    /// Output that waits for a terminal that does not take it; more is refused.
    public static let backlogMax = 4 * 1024 * 1024

    /// For tasks that live between input and output. They must not block.
    public let executor: TerminalExecutor
    let mailbox: TerminalMailbox
    let descriptor: Int32
    private let wakeReader: Int32
    private let state: NIOLockedValueBox<State>

    private struct State {
        /// What the terminal did not take yet.
        var backlog: ArraySlice<UInt8> = []
        var isClosed = false
        var thread: pthread_t?
    }

    private static let isOpen = NIOLockedValueBox(false)

    /// Opens the terminal and shows an empty screen. Whoever calls it calls ``close()``.
    /// - Throws: ``TerminalError``
    public static func open(_ options: Options = Options()) throws -> Terminal {
        let wasOpen = isOpen.withLockedValue { isOpen in
            defer { isOpen = true }
            return isOpen
        }
        guard !wasOpen else {
            throw TerminalError(.alreadyOpen, "the process has a terminal open already")
        }
        do {
            let terminal = try Terminal(options)
            try terminal.start()
            return terminal
        } catch {
            isOpen.withLockedValue { $0 = false }
            throw error
        }
    }

    /// Opens the terminal for as long as the body runs.
    /// - Throws: ``TerminalError``, and what the body throws.
    public static func run<Result>(
        _ options: Options = Options(), isolation: isolated (any Actor)? = #isolation,
        _ body: (Terminal) async throws -> Result
    ) async throws -> Result {
        let terminal = try open(options)
        defer { terminal.close() }
        return try await body(terminal)
    }

    private init(_ options: Options) throws {
        TerminalRestoration.prepare()
        SignalStack.provide()
        descriptor = try Self.descriptor(of: options.path)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let cause = errno
            Glibc.close(descriptor)
            throw TerminalError(.refused, "no pipe for signals", cause: cause)
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wakeReader = ends[0]
        let writer = ends[1]
        mailbox = TerminalMailbox(roomMade: { Self.wake(writer) })
        executor = TerminalExecutor(wake: { Self.wake(writer) })
        state = NIOLockedValueBox(State())

        let shared = TerminalRestoration.shared
        shared.pointee.terminal = descriptor
        shared.pointee.wake = writer
        shared.pointee.nowhere = Glibc.open("/dev/null", O_WRONLY | O_CLOEXEC)
        shared.pointee.hasMouse = options.mouse
        (shared.pointee.endSignals, shared.pointee.endSignal) = (0, 0)
        shared.pointee.isLent = false
        tcgetattr(descriptor, &shared.pointee.original)
        shared.pointee.raw = shared.pointee.original
        cfmakeraw(&shared.pointee.raw)
        if let log = options.errorLog, isatty(STDERR_FILENO) == 1 {
            shared.pointee.errorLog = Glibc.open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            if shared.pointee.errorLog >= 0 { shared.pointee.errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) }
        }
    }

    /// Opened anew: not blocking, without making the shell's descriptors so.
    private static func descriptor(of path: String) throws -> Int32 {
        var paths = [path]
        for standard in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            if let name = ttyname(standard) { paths.append(String(cString: name)) }
        }
        for path in paths {
            let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0, isatty(descriptor) == 1 { return descriptor }
            if descriptor >= 0 { Glibc.close(descriptor) }
        }
        throw TerminalError(.notATerminal, "\(path) is not a terminal")
    }

    private func start() throws {
        let isStarted = state.withLockedValue { state in
            TerminalSignals.install()
            TerminalRestoration.registerExit()
            state.thread = TerminalThread.start(self)
            guard state.thread != nil else { return false }
            TerminalRestoration.shared.pointee.isWanted = true
            TerminalRestoration.shared.pointee.setUp()
            return true
        }
        guard isStarted else {
            TerminalSignals.uninstall()
            release()
            throw TerminalError(.refused, "no thread for the terminal", cause: errno)
        }
    }

    /// Restores the terminal. Output that it did not take within a moment is dropped. More calls do nothing.
    public func close() {
        flush()
        let thread = state.withLockedValue { state -> pthread_t? in
            if state.isClosed { return nil }
            state.isClosed = true
            TerminalRestoration.shared.pointee.isWanted = false
            // The rest of a paste must not become the shell's commands. Without the screen there is none, and in the
            // background this would stop us.
            if TerminalRestoration.shared.pointee.isUp { tcflush(descriptor, TCIFLUSH) }
            TerminalRestoration.shared.pointee.tearDown()
            // Before and after: a signal to end in between sets it again.
            alarm(0)
            TerminalSignals.uninstall()
            alarm(0)
            return state.thread
        }
        guard let thread else { return }
        wake()
        // A task on the terminal's own thread may close it.
        if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
        mailbox.end()
        release()
    }

    private func release() {
        let shared = TerminalRestoration.shared
        for descriptor in [
            descriptor, wakeReader, shared.pointee.wake, shared.pointee.nowhere, shared.pointee.errors,
            shared.pointee.errorLog,
        ] where descriptor >= 0 { Glibc.close(descriptor) }
        (shared.pointee.terminal, shared.pointee.wake, shared.pointee.nowhere) = (-1, -1, -1)
        (shared.pointee.errors, shared.pointee.errorLog) = (-1, -1)
        Self.isOpen.withLockedValue { $0 = false }
    }

    // MARK: Size and output

    /// Columns and rows, at least 1 each; 80 by 24 where the terminal does not say.
    public var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Bytes that wait until the terminal takes them. Draw nothing new while there are any: the next screen then holds all
    /// that changed, and a slow line shows the newest state. ``Event/writable`` says when.
    public var backlog: Int { state.withLockedValue { $0.backlog.count } }

    /// Writes all of it, now or when the terminal takes it; never waits.
    /// - Returns: false where nothing was taken: the screen is not up, or ``backlogMax`` is reached. Draw everything anew
    ///   then, once there is room.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        SignalStack.provide()
        let (isTaken, mustWait) = state.withLockedValue { state in
            guard TerminalRestoration.shared.pointee.isUp, state.backlog.count + bytes.count <= Self.backlogMax else {
                return (false, false)
            }
            let wasEmpty = state.backlog.isEmpty
            state.backlog.append(contentsOf: bytes)
            if wasEmpty { send(&state) }
            return (true, wasEmpty && !state.backlog.isEmpty)
        }
        if mustWait { wake() }
        return isTaken
    }

    private func send(_ state: inout State) {
        while !state.backlog.isEmpty {
            let count = state.backlog.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                state.backlog.removeFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else {
                // A terminal that is gone is noticed by whoever reads.
                if errno != EAGAIN { state.backlog = [] }
                return
            }
        }
        state.backlog = []
    }

    /// A last chance for what is on its way, a fifth of a second at most.
    private func flush() {
        for _ in 0..<2 where backlog > 0 {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&wanted, 1, 100)
            state.withLockedValue { if !$0.isClosed { send(&$0) } }
        }
    }

    /// Asks for reports of the mouse, or for none.
    public func setMouse(_ isOn: Bool) {
        state.withLockedValue { _ in TerminalRestoration.shared.pointee.hasMouse = isOn }
        write(Array((isOn ? TerminalSequence.mouseOn : TerminalSequence.mouseOff).utf8))
    }

    // MARK: Giving it back for a while

    /// Stops the process and its group, as Ctrl-Z does elsewhere; returns when it goes on. ``Event/continued`` follows.
    /// - Returns: false where no shell waits that could continue it: nothing happened.
    @discardableResult
    public func suspend() -> Bool {
        // Tearing the screen down for nothing would let the shell's modes have keys that are typed meanwhile.
        guard JobShell.isThere else { return false }
        state.withLockedValue { state in
            state.backlog = []
            TerminalRestoration.shared.pointee.tearDown()
        }
        kill(0, SIGTSTP)
        return true
    }

    /// Gives the terminal as it was to another program for as long as the body runs. ``Event/continued`` follows.
    public func lend<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        setLent(true)
        defer {
            setLent(false)
            mailbox.post(.continued)
        }
        return try await body()
    }

    private func setLent(_ isLent: Bool) {
        state.withLockedValue { state in
            guard !state.isClosed else { return }
            state.backlog = []
            TerminalRestoration.shared.pointee.isWanted = !isLent
            TerminalRestoration.shared.pointee.isLent = isLent
            if isLent {
                TerminalRestoration.shared.pointee.tearDown()
            } else {
                TerminalRestoration.shared.pointee.setUp()
            }
        }
        wake()
    }

    // MARK: For the terminal's thread

    /// What the thread waits for.
    enum Interest { case nothing, reading, writing, both, end }

    func interest() -> Interest {
        let isFull = mailbox.isFull
        return state.withLockedValue { state in
            if state.isClosed { return .end }
            // Without the screen the input is another's, and reading it in the background would stop us.
            switch (!TerminalRestoration.shared.pointee.isUp || isFull, state.backlog.isEmpty) {
            case (true, true): return .nothing
            case (false, true): return .reading
            case (true, false): return .writing
            case (false, false): return .both
            }
        }
    }

    enum Input { case bytes([UInt8]), nothing, gone }

    /// - Parameter buffer: its size is the most that is read at once.
    func receive(_ buffer: inout [UInt8]) -> Input {
        state.withLockedValue { state in
            if !TerminalRestoration.shared.pointee.isUp || state.isClosed { return .nothing }
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return .bytes(Array(buffer[..<count])) }
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .gone
        }
    }

    func sendBacklog() {
        let isDone = state.withLockedValue { state in
            guard !state.backlog.isEmpty, !state.isClosed else { return false }
            send(&state)
            return state.backlog.isEmpty
        }
        if isDone { mailbox.post(.writable) }
    }

    /// Signals that came since the last time.
    func signals() -> [Int32] {
        var buffer: [UInt8] = Array(repeating: 0, count: 64)
        let count = buffer.withUnsafeMutableBytes { read(wakeReader, $0.baseAddress, $0.count) }
        return count > 0 ? buffer[..<count].map { Int32($0) }.filter { $0 != 0 } : []
    }

    var wakeDescriptor: Int32 { wakeReader }

    private func wake() { Self.wake(TerminalRestoration.shared.pointee.wake) }

    private static func wake(_ descriptor: Int32) {
        var byte: UInt8 = 0
        _ = Glibc.write(descriptor, &byte, 1)
    }
}
