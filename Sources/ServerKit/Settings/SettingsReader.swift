/// Resolves the settings of a process: a flag wins over the environment, that over the settings file, that over the default.
public struct SettingsReader: Sendable {
    /// Where a value came from.
    public enum Source: Sendable, Equatable, CustomStringConvertible {
        case flag
        case environment(name: String)
        case file(path: String)
        case defaultValue

        public var description: String {
            switch self {
            case .flag: "the command line"
            case .environment(let name): name
            case .file(let path): path
            case .defaultValue: "the default"
            }
        }
    }

    public let descriptions: [SettingDescription]
    private let flags: [String: String]
    private let environment: [String: String]
    private let file: SettingsFile?

    /// - Parameters:
    ///   - descriptions: every setting of the process; a key of the file outside them is an error.
    ///   - flags: what the command line said, by key (``SettingFlags/values(of:)``).
    /// - Throws: ``SettingsError`` `.unknownKey`.
    public init(
        _ descriptions: [SettingDescription], flags: [String: String], environment: [String: String],
        file: SettingsFile? = nil
    ) throws(SettingsError) {
        self.descriptions = descriptions
        self.flags = flags
        self.environment = environment
        self.file = file
        let known = Set(descriptions.map(\.key))
        if let file, let unknown = file.keys.first(where: { !known.contains($0) }) {
            throw SettingsError(
                .unknownKey, "\(file.path): '\(unknown)' is no setting; the keys are those of the flags, without '--'.")
        }
    }

    /// Reads the settings file that `--config` or `TERMCHAT_CONFIG` names, then resolves as the other initialiser does.
    public init(
        _ descriptions: [SettingDescription], flags: [String: String], environment: [String: String],
        config: Setting<String?>
    ) throws(SettingsError) {
        let path = flags[config.key] ?? environment[config.description.environmentName] ?? ""
        let file = path.isEmpty ? nil : try SettingsFile(path: path)
        if let file, file.keys.contains(config.key) {
            throw SettingsError(
                .unknownKey, "\(file.path): '\(config.key)' cannot stand in the settings file itself; take it out.")
        }
        try self.init(descriptions, flags: flags, environment: environment, file: file)
    }

    /// The value of a setting.
    /// - Throws: ``SettingsError`` `.invalidValue`, naming the key and where the text came from.
    public func value<Value>(of setting: Setting<Value>) throws(SettingsError) -> Value {
        guard let (text, source) = text(of: setting.description) else { return setting.defaultValue }
        do throws(SettingFault) {
            return try setting.parse(text)
        } catch {
            let shown = setting.description.isSecret ? "the value" : "'\(Self.shortened(text))'"
            let origin = source == .flag ? "" : " (from \(source))"
            throw SettingsError(.invalidValue, "--\(setting.key): \(shown) \(error.reason)\(origin).")
        }
    }

    /// Where the value of a setting comes from.
    public func source<Value>(of setting: Setting<Value>) -> Source {
        text(of: setting.description)?.source ?? .defaultValue
    }

    /// A relation between settings that must hold before the process starts.
    ///
    /// `try reader.check(drain <= stop, "--drain-seconds must not be greater than --stop-seconds.")`
    public func check(_ holds: Bool, _ because: @autoclosure () -> String) throws(SettingsError) {
        guard holds else { throw SettingsError(.relation, because()) }
    }

    private func text(of description: SettingDescription) -> (text: String, source: Source)? {
        if let text = flags[description.key] { return (text, .flag) }
        let name = description.environmentName
        if let text = environment[name] { return (text, .environment(name: name)) }
        if let file, let text = file.text(of: description.key) { return (text, .file(path: file.path)) }
        return nil
    }

    /// A wrong text may be long or hostile; an error message is neither.
    static func shortened(_ text: String) -> String {
        LogText.escaped(String(text.prefix(64)), quote: "'") + (text.count > 64 ? "…" : "")
    }
}
