public import Logging

extension Setting where Value == Int {
    /// A whole number.
    public static func int(
        _ key: String, default defaultValue: Int, in range: ClosedRange<Int>, unit: String, help: String
    ) -> Self {
        Setting(
            SettingDescription(key: key, defaultText: "\(defaultValue)", unit: unit, help: help), default: defaultValue
        ) {
            text throws(SettingFault) in
            guard let number = Int(text), range.contains(number) else {
                throw SettingFault("is not a whole number between \(range.lowerBound) and \(range.upperBound)")
            }
            return number
        }
    }
}

extension Setting where Value == Double {
    /// A number, with or without a fraction.
    public static func double(
        _ key: String, default defaultValue: Double, in range: ClosedRange<Double>, unit: String, help: String
    ) -> Self {
        let shown = PrometheusText.number((defaultValue * 1000).rounded() / 1000)
        return Setting(SettingDescription(key: key, defaultText: shown, unit: unit, help: help), default: defaultValue)
        {
            text throws(SettingFault) in
            guard let number = Double(text), range.contains(number) else {
                let (low, high) = (PrometheusText.number(range.lowerBound), PrometheusText.number(range.upperBound))
                throw SettingFault("is not a number between \(low) and \(high)")
            }
            return number
        }
    }
}

extension Setting where Value == Duration {
    /// A time in seconds, with or without a fraction.
    public static func seconds(
        _ key: String, default defaultValue: Double, in range: ClosedRange<Double>, help: String
    ) -> Self {
        let number = Setting<Double>.double(key, default: defaultValue, in: range, unit: "seconds", help: help)
        return Setting(number.description, default: .seconds(defaultValue)) { text throws(SettingFault) in
            .seconds(try number.parse(text))
        }
    }
}

extension Setting where Value == Bool {
    /// A switch: `--key`, `--no-key`, and `true`, `false`, `yes`, `no`, `on`, `off`, `1`, `0` elsewhere.
    public static func toggle(_ key: String, default defaultValue: Bool, help: String) -> Self {
        let description = SettingDescription(
            key: key, defaultText: "\(defaultValue)", unit: "", help: help, isSwitch: true)
        return Setting(description, default: defaultValue) { text throws(SettingFault) in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw SettingFault("is neither true nor false")
            }
        }
    }
}

extension Setting where Value == String {
    public static func string(
        _ key: String, default defaultValue: String, unit: String, help: String, isSecret: Bool = false
    ) -> Self {
        let description = SettingDescription(
            key: key, defaultText: defaultValue, unit: unit, help: help, isSecret: isSecret)
        return Setting(description, default: defaultValue) { text throws(SettingFault) in text }
    }

    /// One of a few words.
    public static func choice(_ key: String, default defaultValue: String, of words: [String], help: String) -> Self {
        let description = SettingDescription(
            key: key, defaultText: defaultValue, unit: words.joined(separator: "|"), help: help)
        return Setting(description, default: defaultValue) { text throws(SettingFault) in
            guard words.contains(text) else { throw SettingFault("is none of \(words.joined(separator: ", "))") }
            return text
        }
    }
}

extension Setting where Value == String? {
    /// A text without a default; an empty text counts as none.
    public static func optionalString(_ key: String, unit: String, help: String, isSecret: Bool = false) -> Self {
        let description = SettingDescription(key: key, defaultText: "", unit: unit, help: help, isSecret: isSecret)
        return Setting(description, default: nil) { text throws(SettingFault) in text.isEmpty ? nil : text }
    }
}

extension Setting where Value == [String] {
    /// Items separated by commas; a list in the settings file.
    public static func list(_ key: String, unit: String, help: String) -> Self {
        Setting(SettingDescription(key: key, defaultText: "", unit: unit, help: help), default: []) {
            text throws(SettingFault) in
            text.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        }
    }
}

extension Setting where Value == HostPort {
    /// An address to listen on or to connect to.
    public static func hostPort(_ key: String, default defaultValue: HostPort, help: String) -> Self {
        let description = SettingDescription(
            key: key, defaultText: defaultValue.description, unit: "HOST:PORT", help: help)
        return Setting(description, default: defaultValue) { text throws(SettingFault) in
            try HostPort(text, defaultHost: defaultValue.host)
        }
    }
}

extension Setting where Value == Logger.Level {
    public static func logLevel(_ key: String = "log-level", default defaultValue: Logger.Level = .info) -> Self {
        let levels = Logger.Level.allCases.map(\.rawValue)
        let choice = Setting<String>.choice(
            key, default: defaultValue.rawValue, of: levels, help: "The least important level that is logged.")
        return Setting(choice.description, default: defaultValue) { text throws(SettingFault) in
            Logger.Level(rawValue: try choice.parse(text)) ?? defaultValue
        }
    }
}

extension Setting where Value == LogFormat {
    public static func logFormat(_ key: String = "log-format", default defaultValue: LogFormat = .text) -> Self {
        let formats = LogFormat.allCases.map(\.rawValue)
        let choice = Setting<String>.choice(
            key, default: defaultValue.rawValue, of: formats, help: "How a log line is written.")
        return Setting(choice.description, default: defaultValue) { text throws(SettingFault) in
            LogFormat(rawValue: try choice.parse(text)) ?? defaultValue
        }
    }
}

extension Substring {
    /// Without the spaces and tabs at both ends.
    var trimmed: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        let head = drop(while: isBlank)
        return String(String(head.reversed().drop(while: isBlank)).reversed())
    }
}
