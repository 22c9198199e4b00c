public import Logging

/// Writes each event as one line to stderr: time, level, logger, message, then the metadata sorted by key.
///
/// A message is a constant of the code; what varies travels in the metadata, where it is escaped.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let output: LogOutput
    private let now: @Sendable () -> LogTime

    init(
        label: String, format: LogFormat, level: Logger.Level, output: LogOutput,
        now: @escaping @Sendable () -> LogTime = { .now() }
    ) {
        self.label = label
        self.format = format
        self.output = output
        self.now = now
        logLevel = level
    }

    /// Makes this the handler of every logger made afterwards. Once in a process, before its first logger.
    public static func bootstrap(format: LogFormat, level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, level: level, output: .standardError)
        }
    }

    /// A logger of its own, for what logs before or without ``bootstrap(format:level:)``.
    public static func logger(_ label: String, format: LogFormat = .text, level: Logger.Level = .info) -> Logger {
        Logger(label: label) {
            LineLogHandler(label: $0, format: format, level: level, output: .standardError)
        }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = LogLine(format: format)
        line.add("time", now().description)
        line.add("level", event.level.rawValue)
        line.add("logger", label)
        line.add("message", event.message.description)
        if let error = event.error { line.add("error", "\(error)") }
        for (key, value) in fields(of: event).sorted(by: { $0.key < $1.key }) {
            line.add(key, value.description)
        }
        output.write(line.finished())
    }

    private func fields(of event: LogEvent) -> Logger.Metadata {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let given = event.metadata { fields.merge(given) { $1 } }
        return fields
    }
}
