import CLinux
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#endif

/// One run of a program, from its start to its end or to its deadline, with whatever it started itself.
final class ScanRun: Sendable {
    enum End: Equatable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(Int32)
        case late

        var description: String {
            switch self {
            case .exited(let status): "ended with status \(status)"
            case .killed(let signal): "was killed by signal \(signal)"
            case .late: "took too long"
            }
        }
    }

    private struct State {
        /// While it runs and nobody has waited for it: until then the number is its own.
        var pid: pid_t?
        var isCancelled = false
        var isLate = false
    }

    private let words: [String]
    private let environment: [String]
    private let state = NIOLockedValueBox(State())

    init(_ words: [String], environment: [String]) {
        self.words = words
        self.environment = environment
    }

    /// Starts the program and waits. Blocks.
    func ended(within timeout: Duration) throws -> End {
        let pid = try state.withLockedValue { state in
            guard !state.isCancelled else { throw CancellationError() }
            let pid = try start()
            state.pid = pid
            return pid
        }
        let deadline = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(timeout)) {
            self.end { $0.isLate = true }
        }
        defer { deadline.cancel() }
        // Waited for in two steps, so that nobody kills another process of the same number in between.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return try state.withLockedValue { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            state.pid = nil
            if state.isCancelled { throw CancellationError() }
            if state.isLate { return .late }
            let signal = status & 0x7f
            return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
        }
    }

    func cancel() { end { $0.isCancelled = true } }

    private func end(_ note: (inout State) -> Void) {
        state.withLockedValue { state in
            note(&state)
            if let pid = state.pid { _ = kill(-pid, SIGKILL) }
        }
    }

    private func start() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // What it prints is of a file that nobody has judged yet: no text for the worker's log.
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own, which ends as a whole.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var argv = words.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer {
            for text in argv + envp { free(text) }
        }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard failure == 0 else {
            throw Scanner.Unanswered(description: "the scan cannot start: \(String(cString: strerror(failure)))")
        }
        return pid
    }
}
