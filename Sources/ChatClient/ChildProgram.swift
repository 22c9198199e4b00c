import Foundation

/// Programs that this one starts with its own descriptors or for their output. Who starts one waits for its end.
enum ChildProgram {
    /// - Parameters:
    ///   - words: what the program is called, then its arguments.
    ///   - signals: those that this program ignores or handles and the other is to obey.
    ///   - actions: what becomes of its descriptors; nil: it has ours.
    static func start(
        _ path: String, _ words: [String], obeying signals: [CInt] = [SIGPIPE],
        _ actions: UnsafePointer<posix_spawn_file_actions_t>? = nil
    ) -> pid_t? {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (defaults, mask) = (sigset_t(), sigset_t())
        sigemptyset(&defaults)
        for signal in signals { sigaddset(&defaults, signal) }
        sigemptyset(&mask)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        return posix_spawn(&process, path, actions, &attributes, &arguments, environ) == 0 ? process : nil
    }

    /// Starts a program whose standard input is empty.
    /// - Parameter hidesErrors: what it says of its troubles is for nobody.
    /// - Returns: also where its standard output is read, until its end.
    static func startForOutput(
        _ path: String, _ words: [String], obeying signals: [CInt] = [SIGPIPE], hidesErrors: Bool = false
    ) -> (process: pid_t, output: CInt)? {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        if hidesErrors { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
        guard let process = start(path, words, obeying: signals, &actions) else {
            close(ends[0])
            return nil
        }
        return (process, ends[0])
    }
}
