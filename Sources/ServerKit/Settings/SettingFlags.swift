public import ArgumentParser

extension Option where Value == String? {
    /// The flag of a setting, with its help; ``SettingsReader`` parses the text, so that a wrong value reads the same
    /// wherever it came from.
    public init<Setting>(_ setting: ServerKit.Setting<Setting>) {
        self.init(name: .customLong(setting.key), help: setting.description.argumentHelp)
    }
}

extension Flag where Value == Bool? {
    /// The pair of flags of a switch: `--key` and `--no-key`.
    public init(_ setting: Setting<Bool>) {
        self.init(
            name: .customLong(setting.key), inversion: .prefixedNo, help: setting.description.argumentHelp)
    }
}

extension SettingDescription {
    var argumentHelp: ArgumentHelp {
        let suffix = defaultText.isEmpty ? "" : " (default: \(defaultText))"
        return ArgumentHelp("\(help)\(suffix)", valueName: unit.isEmpty ? nil : unit)
    }
}

/// What the command line said about settings, by key.
public enum SettingFlags {
    /// Collects every given `@Option … String?` and `@Flag … Bool?` of a parsed command, so that none is forgotten;
    /// the property `queueEntries` belongs to the key `queue-entries`.
    public static func values(of command: some ParsableArguments) -> [String: String] {
        var values: [String: String] = [:]
        for child in Mirror(reflecting: command).children {
            guard let label = child.label else { continue }
            let key = key(ofProperty: label)
            switch child.value {
            case let option as Option<String?>: values[key] = option.wrappedValue
            case let flag as Flag<Bool?>: values[key] = flag.wrappedValue.map { "\($0)" }
            case let group as any FlagGroup: values.merge(group.flags) { first, _ in first }
            default: break
            }
        }
        return values
    }

    /// `_queueEntries` is stored for the wrapped property `queueEntries` of the key `queue-entries`.
    static func key(ofProperty label: String) -> String {
        label.drop { $0 == "_" }.reduce(into: "") { key, character in
            key += character.isUppercase ? "-" + character.lowercased() : String(character)
        }
    }
}

/// Options that a command includes with `@OptionGroup`.
private protocol FlagGroup {
    var flags: [String: String] { get }
}

extension OptionGroup: FlagGroup {
    fileprivate var flags: [String: String] { SettingFlags.values(of: wrappedValue) }
}
