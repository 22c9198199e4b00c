import ChatWire

/// One thing that `termchat doctor` looked at.
struct Finding: Equatable, Sendable, Encodable {
    enum Severity: String, Sendable, Encodable {
        case ok
        /// Good to know; nothing to do.
        case note
        /// Works, but not as it could.
        case warning
        /// Does not work: not healthy.
        case error
    }

    var check: String
    var severity: Severity
    var what: String
    /// What to do; empty where there is nothing.
    var remedy = ""

    init(_ check: String, _ severity: Severity, _ what: String, remedy: String = "") {
        self.check = check
        self.severity = severity
        self.what = what
        self.remedy = remedy
    }
}

/// Everything that was found, and what it comes to.
struct DoctorReport: Equatable, Sendable {
    var findings: [Finding] = []
    /// The server could not be reached.
    var isUnavailable = false
    /// Milliseconds of each step to the server.
    var latency: [String: Double] = [:]

    var isHealthy: Bool { !findings.contains { $0.severity == .error } }

    var status: ExitStatus { isUnavailable ? .unavailable : isHealthy ? .done : .failed }

    /// For people: a line each, with the remedy below it.
    var lines: [String] {
        let width = findings.map(\.check.count).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let name = finding.check + String(repeating: " ", count: width - finding.check.count)
            lines.append("\(finding.severity.mark)  \(name)  \(VisibleText(finding.what).value)")
            if !finding.remedy.isEmpty {
                lines.append(String(repeating: " ", count: width + 11) + "→ \(VisibleText(finding.remedy).value)")
            }
        }
        return lines + [isHealthy ? "healthy" : "not healthy"]
    }

    /// As `termchat-ctl doctor` has it.
    func document() throws -> String {
        try JSONDocument.encode(Document(healthy: isHealthy, findings: findings, latency_ms: latency))
    }

    private struct Document: Encodable {
        var healthy: Bool
        var findings: [Finding]
        var latency_ms: [String: Double]
    }
}

extension Finding.Severity {
    /// Of one width.
    fileprivate var mark: String {
        switch self {
        case .ok: "ok     "
        case .note: "note   "
        case .warning: "warning"
        case .error: "ERROR  "
        }
    }
}
