#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many descriptors, and so connections, the process may hold (RLIMIT_NOFILE).
public struct FileDescriptorLimit: Sendable, Equatable {
    public var soft: Int
    public var hard: Int

    /// The limit in force, or nil where the system does not tell.
    public static func current() -> FileDescriptorLimit? {
        var limit = rlimit()
        #if canImport(Glibc)
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard result == 0 else { return nil }
        return FileDescriptorLimit(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// Raises the soft limit to the hard one; a shell's usual 1024 would end a node at 1,000 connections.
    /// - Returns: the limit in force afterwards.
    @discardableResult
    public static func raise() -> FileDescriptorLimit? {
        guard let limit = current(), limit.soft < limit.hard else { return current() }
        var raised = rlimit(rlim_cur: rlim_t(limit.hard), rlim_max: rlim_t(limit.hard))
        #if canImport(Glibc)
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised)
        #else
        _ = setrlimit(RLIMIT_NOFILE, &raised)
        #endif
        return current()
    }
}
