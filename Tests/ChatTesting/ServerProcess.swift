import CLinux
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// One run of a server of a test, which ends with the test process even where that one crashes.
///
/// The kernel ties that end to the thread that forked, so servers are forked on an event loop, whose thread never ends. Signals
/// that this process' threads block are not blocked in the server: it ends on SIGTERM.
final class ServerProcess: Sendable {
    let pid: pid_t
    private let hasEnded = Mutex(false)

    private init(pid: pid_t) { self.pid = pid }

    /// Starts a program from the PATH, silent.
    static func start(_ program: String, _ arguments: [String]) async throws -> ServerProcess {
        let words = ["setpriv", "--pdeathsig", "KILL", program] + arguments
        let pid = try await MultiThreadedEventLoopGroup.singleton.next().submit { try spawn(words) }.get()
        return ServerProcess(pid: pid)
    }

    private static func spawn(_ words: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // Nothing else that is open here is the server's: a pipe that it kept would never end for its reader.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var argv = words.map { strdup($0) } + [nil]
        defer { for word in argv { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, words[0], &actions, &attributes, &argv, environ)
        guard failure == 0 else {
            throw LocalRedis.Failure(description: "\(words) does not start: \(String(cString: strerror(failure)))")
        }
        return pid
    }

    var isRunning: Bool {
        hasEnded.withLock { hasEnded in
            var status: Int32 = 0
            if !hasEnded { hasEnded = waitpid(pid, &status, WNOHANG) == pid }
            return !hasEnded
        }
    }

    /// A process that has ended is left alone, as its pid may be another's by now.
    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }
}

/// Runs a program from the PATH to its end and answers what it wrote, without the newline at the end.
func runProgram(_ name: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // Foundation keeps them otherwise, and a test that counts descriptors would see it.
    try? output.fileHandleForReading.close()
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    guard process.terminationStatus == 0 else {
        throw LocalRedis.Failure(description: "\(name) \(arguments): \(text)")
    }
    return text
}
