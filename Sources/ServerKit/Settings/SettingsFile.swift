import Configuration
import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The file of `--config`: a mapping of setting keys to values, in YAML or JSON (which is YAML too).
public struct SettingsFile: Sendable {
    /// Bytes of a settings file; a few dozen keys need far less.
    public static let bytesMax = 1024 * 1024

    public let path: String
    /// Every key of the file, sorted; nested keys are joined by `.`, so they match no setting.
    public let keys: [String]
    private let values: YAMLSnapshot

    /// - Throws: ``SettingsError`` `.unreadableFile`.
    public init(path: String) throws(SettingsError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(
                .unreadableFile, "--config: '\(path)' cannot be read; check that it is there and readable.")
        }
        try self.init(contents: data, path: path)
    }

    init(contents: Data, path: String) throws(SettingsError) {
        guard contents.count <= Self.bytesMax else {
            throw SettingsError(.unreadableFile, "--config: '\(path)' is larger than \(Self.bytesMax) bytes.")
        }
        self.path = path
        // The snapshot tells its keys only by asking, for each, whether it is a secret.
        let seen = NIOLockedValueBox<[String]>([])
        let options = YAMLSnapshot.ParsingOptions(
            secretsSpecifier: .dynamic { key, _ in
                seen.withLockedValue { $0.append(key) }
                return true
            })
        do {
            let mapping = Self.saysNothing(contents) ? Data("{}".utf8) : contents
            values = try YAMLSnapshot(data: mapping.bytes, providerName: path, parsingOptions: options)
        } catch {
            throw SettingsError(
                .unreadableFile, "--config: '\(path)' is no mapping of keys to values in YAML or JSON: \(error)")
        }
        keys = seen.withLockedValue { $0.sorted() }
    }

    /// A file whose every line is a comment names no settings; to YAML it is no mapping.
    private static func saysNothing(_ contents: Data) -> Bool {
        contents.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let text = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
            return text.isEmpty || text.first == UInt8(ascii: "#")
        }
    }

    /// The text of a key's value; the items of a list are joined by commas.
    func text(of key: String) -> String? {
        let key = AbsoluteConfigKey([key])
        if case .string(let text)? = content(of: key, as: .string) { return text }
        if case .stringArray(let items)? = content(of: key, as: .stringArray) { return items.joined(separator: ",") }
        return nil
    }

    /// Asking for the wrong type throws, which here only means that the next type is tried.
    private func content(of key: AbsoluteConfigKey, as type: ConfigType) -> ConfigContent? {
        guard let result = try? values.value(forKey: key, type: type) else { return nil }
        return result.value?.content
    }
}
