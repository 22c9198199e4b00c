import CLinux
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A program that a test runs, with its output in files, and no way to outlive the test.
///
/// It is started under `setpriv --pdeathsig KILL`, so it ends with the test process even where that one crashes. The kernel
/// ties that signal to the thread that forked; children are therefore forked on an event loop, whose thread never ends.
public final class ChildProcess: Sendable {
    public enum Exit: Sendable, Hashable {
        case status(Int32)
        case signal(Int32)
    }

    public let name: String
    public let pid: pid_t
    public let outputPath: String
    public let errorPath: String
    private let exitSeen = Mutex<Exit?>(nil)

    private init(name: String, pid: pid_t, outputPath: String, errorPath: String) {
        self.name = name
        self.pid = pid
        self.outputPath = outputPath
        self.errorPath = errorPath
    }

    /// - Parameters:
    ///   - program: a path.
    ///   - folder: where the output files go.
    ///   - environment: the child's whole environment.
    ///   - input: what it reads from stdin; nothing by default.
    ///   - keyboard: a FIFO that it reads instead, for as long as it runs.
    public static func start(
        _ program: String, _ arguments: [String], name: String, folder: String, environment: [String: String] = [:],
        input: String = "", keyboard: String? = nil
    ) async throws -> ChildProcess {
        let stem = "\(folder)/\(name)-\(UInt32.random(in: .min ... .max))"
        try Data(input.utf8).write(to: URL(fileURLWithPath: stem + ".in"))
        let words = ["/usr/bin/setpriv", "--pdeathsig", "KILL", program] + arguments
        let variables =
            ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
            + sanitizerOptions.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        let pid = try await MultiThreadedEventLoopGroup.singleton.next().submit {
            try spawn(words, variables, stem: stem, keyboard: keyboard)
        }.get()
        return ChildProcess(name: name, pid: pid, outputPath: stem + ".out", errorPath: stem + ".err")
    }

    /// A child that was built with a sanitizer follows the same rules as this process.
    public static let sanitizerOptions = ProcessInfo.processInfo.environment.filter {
        ["TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS"].contains($0.key)
    }

    /// What a sanitizer has reported of this process; nil where there is nothing.
    public var sanitizerReport: String? {
        let text = errors
        let marks = ["WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer"]
        return marks.contains { text.contains($0) } ? text : nil
    }

    /// Runs a program to its end.
    public static func run(
        _ program: String, _ arguments: [String], folder: String, environment: [String: String] = [:],
        input: String = "",
        within: Duration = .seconds(20)
    ) async throws -> (exit: Exit, output: String, errors: String) {
        let name = URL(fileURLWithPath: program).lastPathComponent
        let child = try await start(
            program, arguments, name: name, folder: folder, environment: environment, input: input)
        do {
            let exit = try await child.exit(within: within)
            if let report = child.sanitizerReport { throw WireFailure("\(name): \(report)") }
            return (exit, child.output, child.errors)
        } catch {
            child.signal(SIGKILL)
            throw error
        }
    }

    private static func spawn(
        _ words: [String], _ variables: [String], stem: String, keyboard: String?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let created = O_WRONLY | O_CREAT | O_TRUNC
        // Opened for both, a FIFO neither waits for its writer nor ends with it.
        posix_spawn_file_actions_addopen(&actions, 0, keyboard ?? stem + ".in", keyboard == nil ? O_RDONLY : O_RDWR, 0)
        posix_spawn_file_actions_addopen(&actions, 1, stem + ".out", created, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, stem + ".err", created, 0o600)
        // Nothing else that is open here is the child's: a pipe that it kept would never end for its reader.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = words.map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer {
            for text in argv + envp { free(text) }
        }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard failure == 0 else { throw WireFailure("cannot start \(words[3]): \(String(cString: strerror(failure)))") }
        return pid
    }

    /// How it ended; nil while it runs.
    public var exitNow: Exit? {
        exitSeen.withLock { seen in
            if let seen { return seen }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7f
            seen = signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
            return seen
        }
    }

    /// Waits for its end.
    /// - Throws: ``WireFailure`` where it still runs after `within`.
    @discardableResult
    public func exit(within: Duration) async throws -> Exit {
        try await eventually("\(name) ends", within: within) { exitNow != nil }
        guard let exitNow else { throw WireFailure("\(name) ended without a status") }
        return exitNow
    }

    /// Sends a signal; a process that has ended is left alone, as its pid may be another's by now.
    public func signal(_ number: Int32) {
        if exitNow == nil { kill(pid, number) }
    }

    public var output: String { Self.text(at: outputPath) }
    public var errors: String { Self.text(at: errorPath) }

    /// What follows `prefix` on the first whole line of stdout that starts with it.
    public func outputLine(after prefix: String, within: Duration) async throws -> String {
        let line = { @Sendable [self] in
            output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first { $0.hasPrefix(prefix) }
        }
        try await eventually("\(name) writes `\(prefix)…` to stdout", within: within) {
            if line() != nil { return true }
            if let exitNow { throw WireFailure("\(name) ended with \(exitNow): \(errorTail)") }
            return false
        }
        return String((line() ?? "").dropFirst(prefix.count))
    }

    /// The last lines of stderr, for failure messages.
    public var errorTail: String {
        errors.split(separator: "\n").suffix(40).joined(separator: "\n")
    }

    /// Open file descriptors, from /proc.
    public var openFiles: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }

    /// Resident bytes, from /proc.
    public var residentBytes: Int {
        let pages = Self.text(at: "/proc/\(pid)/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func text(at path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
