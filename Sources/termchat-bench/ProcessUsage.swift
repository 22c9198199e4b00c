import Foundation

/// What a process has used, from /proc.
struct ProcessUsage: Sendable {
    var cpuSeconds: Double
    var residentBytes: Int

    /// Nil where the process is gone.
    init?(pid: Int32) {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let nameEnd = status.lastIndex(of: ")")
        else { return nil }
        // proc(5): fields count from 1, and the third follows the name.
        let fields = status[status.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let pages = Int(fields[21])
        else { return nil }
        cpuSeconds = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
