import Glibc

/// The shell with jobs that waits for this process' group, and can continue it after a stop.
enum JobShell {
    /// False where the group is orphaned, as in a script without job control: stop signals of the terminal do nothing
    /// there then (POSIX, 2.4.3).
    static var isThere: Bool {
        let (group, session) = (getpgrp(), getsid(0))
        var ancestor = getppid()
        // The first one outside the group decides; the kernel looks at the other members too, which are our relatives.
        for _ in 0..<ancestorsMax {
            guard ancestor > 0 else { return false }
            guard getpgid(ancestor) == group else { return getsid(ancestor) == session }
            guard let next = parent(of: ancestor) else { return true }
            ancestor = next
        }
        return true
    }

    /// Deeper than any group of processes that people start.
    private static let ancestorsMax = 100

    /// - Returns: 0 for the first process; nil where the system does not say.
    private static func parent(of process: pid_t) -> pid_t? {
        let descriptor = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer: [UInt8] = Array(repeating: 0, count: 512)
        let count = read(descriptor, &buffer, buffer.count)
        // Its number, its name in parentheses, which may hold any character, its state, its parent's number.
        guard count > 0, let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let words = buffer[(end + 1)..<count].split(separator: UInt8(ascii: " "))
        return words.count > 1 ? pid_t(String(decoding: words[1], as: UTF8.self)) : nil
    }
}
