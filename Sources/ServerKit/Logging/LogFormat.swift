/// How a log line is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `key=value` pairs (logfmt), for people and grep.
    case text
    /// One JSON object, for collectors.
    case json
}
