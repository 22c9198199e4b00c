import Foundation
import Glibc
import Testing

/// A pseudo-terminal and a program on it that has it as its own, as a shell's child does.
final class PseudoTerminal {
    private let master: Int32
    /// Kept open, so that the terminal outlives the program.
    private let slave: Int32
    private let path: String
    private(set) var process: pid_t = 0
    /// All that the program wrote.
    private(set) var output: [UInt8] = []
    private var status: Int32?

    struct Failure: Error {
        var message: String
    }

    /// How long a test waits for a fact.
    private static let deadline = Duration.seconds(20)

    init(columns: UInt16 = 80, rows: UInt16 = 24) throws {
        // By hand: posix_openpt and its like hide behind _GNU_SOURCE. TIOCSPTLCK unlocks, TIOCGPTN numbers.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw Failure(message: "no pseudo-terminal")
        }
        path = "/dev/pts/\(number)"
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        resize(columns, rows)
    }

    deinit {
        if status == nil, process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(master)
        close(slave)
    }

    /// Runs a program of the build in a session of its own, with the pseudo-terminal as its terminal.
    /// - Parameter backtrace: what Swift does at a crash; by default nothing, because that takes seconds.
    func run(_ program: String, _ arguments: [String], backtrace: String = "enable=no") throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that a session's leader opens becomes the session's.
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Other tests of this process ignore signals for a while, and a child would inherit that.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // POSIX_SPAWN_SETSID, from <spawn.h>, where it hides behind _GNU_SOURCE.
        posix_spawnattr_setflags(&attributes, 0x80 | Int16(POSIX_SPAWN_SETSIGDEF))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        // A sanitizer would take the signals that are tested.
        let crashes = ["segv", "sigbus", "abort", "sigill", "sigtrap", "sigfpe"].map { "handle_\($0)=0" }
        // A sanitizer needs the path for the names that its suppressions are about.
        var environment = [strdup("SWIFT_BACKTRACE=\(backtrace)"), strdup("PATH=/usr/bin:/bin")]
        for name in ["TSAN_OPTIONS", "ASAN_OPTIONS"] {
            let mine = ProcessInfo.processInfo.environment[name].map { [$0] } ?? []
            environment.append(strdup("\(name)=" + (mine + crashes).joined(separator: " ")))
        }
        if let leaks = ProcessInfo.processInfo.environment["LSAN_OPTIONS"] {
            environment.append(strdup("LSAN_OPTIONS=\(leaks)"))
        }
        environment.append(nil)
        defer { (words + environment).forEach { free($0) } }
        let failure = posix_spawn(&process, program, &actions, &attributes, &words, &environment)
        guard failure == 0 else { throw Failure(message: "\(program): errno \(failure)") }
    }

    func resize(_ columns: UInt16, _ rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    func send(_ signal: Int32) { kill(process, signal) }

    var text: String { String(decoding: output, as: UTF8.self) }

    /// What `stty` would print, as far as raw mode changes it.
    var modes: [UInt32] {
        var modes = termios()
        tcgetattr(slave, &modes)
        return [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]
    }

    /// Reads until the output ends with or holds a text `times` times.
    func wait(for text: String, times: Int = 1) throws {
        try wait(for: "\(times) times \(text)") {
            self.text.split(separator: text, omittingEmptySubsequences: false).count > times
        }
    }

    /// Waits until the program has ended, and reads meanwhile.
    /// - Returns: as waitpid gives it.
    func waitForEnd(reading: Bool = true) throws -> Int32 {
        var status: Int32 = 0
        try wait(for: "the end", reading: reading) { waitpid(self.process, &status, WNOHANG) == self.process }
        self.status = status
        read()
        return status
    }

    /// Reads until the program has been stopped.
    func waitForStop() throws {
        var status: Int32 = 0
        try wait(for: "the stop") {
            waitpid(self.process, &status, WNOHANG | WUNTRACED) == self.process && status & 0xff == 0x7f
        }
        read()
    }

    private func wait(for what: String, reading: Bool = true, _ isTrue: () -> Bool) throws {
        let end = ContinuousClock.now + Self.deadline
        while !isTrue() {
            guard ContinuousClock.now < end else { throw Failure(message: "no \(what) in \(text.debugDescription)") }
            var readable = pollfd(fd: reading ? master : -1, events: Int16(POLLIN), revents: 0)
            poll(&readable, 1, 10)
            if reading { read() }
        }
    }

    private func read() {
        var buffer: [UInt8] = Array(repeating: 0, count: 4096)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(master, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            output.append(contentsOf: buffer[..<count])
        }
    }
}
