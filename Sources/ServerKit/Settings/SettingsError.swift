/// The error of this module's settings: which key is wrong, why, and where its value came from.
public struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// The text of a setting is not a value of it.
        case invalidValue
        /// A key that no setting has.
        case unknownKey
        /// Two settings do not go together, or one is missing.
        case relation
        /// The settings file cannot be read or parsed.
        case unreadableFile
    }

    public var code: Code
    /// One sentence for the operator, with what to do; never shows a secret value.
    public var description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

extension SettingsError: ExitStatusProviding {
    public var exitStatus: ExitStatus { .usage }
}
