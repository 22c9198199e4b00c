#if canImport(CLinux)
import CLinux
#endif
import NIOCore

/// How many processors there are for this process.
public enum Processors {
    /// At least 1. A quota of the control group counts as fewer processors, and so does an affinity (`taskset`,
    /// `CPUAffinity=`): threads beyond it would only take turns.
    public static var available: Int {
        max(1, min(System.coreCount, allowed ?? Int.max))
    }

    /// Processors the kernel knows, at most; a machine with more has no mask that fits, and no limit here.
    private static let masked = 8192

    /// Those in the affinity mask; nil where it cannot be read.
    private static var allowed: Int? {
        #if canImport(CLinux)
        var mask = [UInt8](repeating: 0, count: masked / 8)
        let bytes = mask.count
        guard sched_getaffinity(0, bytes, &mask) >= 0 else { return nil }
        let count = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        return count > 0 ? count : nil
        #else
        return nil
        #endif
    }
}
