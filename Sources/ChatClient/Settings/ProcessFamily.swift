import Foundation

/// What a process has started.
enum ProcessFamily {
    /// Its children, theirs, and so on; none where the kernel does not list them.
    static func descendants(of process: pid_t) -> [pid_t] {
        var found: [pid_t] = []
        var unseen = [process]
        while let next = unseen.popLast(), found.count < descendantsMax {
            let list = try? String(contentsOfFile: "/proc/\(next)/task/\(next)/children", encoding: .utf8)
            let children = (list ?? "").split(separator: " ").compactMap { pid_t($0) }
            found += children
            unseen += children
        }
        return found
    }

    /// A command is a few processes.
    private static let descendantsMax = 64
}
