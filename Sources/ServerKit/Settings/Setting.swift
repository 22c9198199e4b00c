/// One setting of a process: its key, its default, and how its text becomes a value.
///
/// Declared once as a constant; the flag, the environment variable, the key in the settings file, `--help` and the
/// row in docs/configuration.md all follow from it.
public struct Setting<Value: Sendable>: Sendable {
    public let description: SettingDescription
    public let defaultValue: Value
    let parse: @Sendable (String) throws(SettingFault) -> Value

    /// - Parameter parse: turns the text into a value, or throws a fault that says what would be right.
    public init(
        _ description: SettingDescription, default defaultValue: Value,
        parse: @escaping @Sendable (String) throws(SettingFault) -> Value
    ) {
        self.description = description
        self.defaultValue = defaultValue
        self.parse = parse
    }

    public var key: String { description.key }
}

/// What people are told about a setting.
public struct SettingDescription: Sendable, Equatable {
    /// The outside name, as in `--queue-entries`: lower-case words joined by `-`.
    public var key: String
    /// The default as text; empty where there is none.
    public var defaultText: String
    /// The unit of the value, or what stands for it in `--help`: `entries`, `seconds`, `HOST:PORT`.
    public var unit: String
    /// One sentence.
    public var help: String
    /// Whether the value must never be shown, as a URL with a password in it.
    public var isSecret: Bool
    /// Whether the flag takes no value: `--guests`, `--no-guests`.
    public var isSwitch: Bool

    public init(
        key: String, defaultText: String, unit: String, help: String, isSecret: Bool = false, isSwitch: Bool = false
    ) {
        self.key = key
        self.defaultText = defaultText
        self.unit = unit
        self.help = help
        self.isSecret = isSecret
        self.isSwitch = isSwitch
    }

    /// The name in the environment: `TERMCHAT_QUEUE_ENTRIES`.
    public var environmentName: String {
        "TERMCHAT_" + key.uppercased().replacing("-", with: "_")
    }
}

/// Why a text is no value of its setting: the end of a sentence that begins with the text.
public struct SettingFault: Error, Sendable, Equatable {
    public var reason: String
    public init(_ reason: String) { self.reason = reason }
}
