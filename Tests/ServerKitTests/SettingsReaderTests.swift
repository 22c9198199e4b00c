import ArgumentParser
import Foundation
import Logging
import ServerKit
import Testing

@Suite struct SettingsReaderTests {
    static let entries = Setting.int(
        "queue-entries", default: 256, in: 1...65_536, unit: "entries", help: "Entries that may wait.")
    static let redis = Setting.optionalString("redis", unit: "URL", help: "Where Redis is.", isSecret: true)
    static let guests = Setting.toggle("guests", default: false, help: "Let people in without a token.")
    static let origins = Setting.list("allowed-origins", unit: "ORIGIN,…", help: "Web origins that may connect.")
    static let drain = Setting.seconds("drain-seconds", default: 3, in: 0...60, help: "Time to move clients.")
    static let listen = Setting.hostPort(
        "listen", default: HostPort(host: "127.0.0.1", port: 8080), help: "Where to listen.")
    static let config = Setting.optionalString("config", unit: "FILE", help: "Settings file.")
    static let all = [
        entries.description, redis.description, guests.description, origins.description, drain.description,
        listen.description, config.description,
    ]

    func reader(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws -> SettingsReader {
        guard let file else { return try SettingsReader(Self.all, flags: flags, environment: environment) }
        let folder = try TemporaryFolder()
        let path = try folder.write(file, to: "edge.yaml")
        return try SettingsReader(Self.all, flags: flags, environment: environment, file: SettingsFile(path: path))
    }

    func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func flagWinsOverEnvironmentOverFileOverDefault() throws {
        let flags = ["queue-entries": "1"]
        let environment = ["TERMCHAT_QUEUE_ENTRIES": "2"]
        let file = "queue-entries: 3"
        let both = try reader(flags: flags, environment: environment, file: file)
        #expect(try both.value(of: Self.entries) == 1)
        #expect(both.source(of: Self.entries) == .flag)
        let fromEnvironment = try reader(environment: environment, file: file)
        #expect(try fromEnvironment.value(of: Self.entries) == 2)
        #expect(fromEnvironment.source(of: Self.entries) == .environment(name: "TERMCHAT_QUEUE_ENTRIES"))
        #expect(try reader(file: file).value(of: Self.entries) == 3)
        #expect(try reader().value(of: Self.entries) == 256)
        #expect(try reader().source(of: Self.entries) == .defaultValue)
    }

    @Test func theSettingsFileCannotNameAnother() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("config: other.yaml\n", to: "settings.yaml")
        let config = Setting.optionalString("config", unit: "FILE", help: "")
        let said = message {
            _ = try SettingsReader(
                [config.description], flags: ["config": path], environment: [:], config: config)
        }
        #expect(said == "\(path): 'config' cannot stand in the settings file itself; take it out.")
    }

    @Test func aWrongValueNamesItsKeyAndSource() throws {
        let wrong = "'12x' is not a whole number between 1 and 65536"
        #expect(
            message { _ = try reader(flags: ["queue-entries": "12x"]).value(of: Self.entries) }
                == "--queue-entries: \(wrong).")
        #expect(
            message { _ = try reader(environment: ["TERMCHAT_QUEUE_ENTRIES": "12x"]).value(of: Self.entries) }
                == "--queue-entries: \(wrong) (from TERMCHAT_QUEUE_ENTRIES).")
        let fromFile = message { _ = try reader(file: "queue-entries: 12x").value(of: Self.entries) }
        #expect(fromFile.hasPrefix("--queue-entries: \(wrong) (from ") && fromFile.hasSuffix("edge.yaml)."))
        #expect(
            message { _ = try reader(flags: ["queue-entries": "0"]).value(of: Self.entries) }.contains("'0' is not"))
    }

    @Test func aSecretIsNotShown() {
        let secret = Setting(Self.redis.description, default: "") { _ throws(SettingFault) in
            throw SettingFault("is no URL")
        }
        let text = message { _ = try reader(flags: ["redis": "redis://:hunter2@h"]).value(of: secret) }
        #expect(text == "--redis: the value is no URL.")
    }

    @Test func aHostileValueIsEscapedAndCut() {
        let text = message {
            _ = try reader(flags: ["queue-entries": "\u{1b}[31m\n" + String(repeating: "9", count: 500)]).value(
                of: Self.entries)
        }
        #expect(text.hasPrefix("--queue-entries: '\\u001b[31m\\n999"))
        #expect(text.count < 200)
    }

    @Test func anItemThatItsModuleCannotReadIsAnError() throws {
        let numbers = try reader(flags: ["allowed-origins": "1, 2"])
            .items(of: Self.origins, otherwise: "is no number") { Int($0) }
        #expect(numbers == [1, 2])
        let said = message {
            _ = try reader(flags: ["allowed-origins": "1,x\u{1b}"])
                .items(of: Self.origins, otherwise: "is no number") { Int($0) }
        }
        #expect(said.hasPrefix("--allowed-origins: 'x") && said.hasSuffix("' is no number."), "\(said)")
        #expect(!said.contains("\u{1b}"))
    }

    @Test(arguments: ["queue-entires: 5", "queue: {entries: 5}", "{\"queueEntries\": 5}"])
    func anUnknownKeyOfTheFileIsAnError(file: String) {
        #expect(message { _ = try reader(file: file) }.contains("is no setting; the keys are those of the flags"))
    }

    @Test(arguments: ["just words", "- a\n- b", "a: [", "\u{0}"])
    func aFileThatIsNoMappingIsAnError(file: String) {
        #expect(message { _ = try reader(file: file) }.contains("is no mapping of keys to values in YAML or JSON"))
    }

    @Test(arguments: ["", "\n", "# nothing yet\n  # queue-entries: 5\n"])
    func aFileWithoutSettingsIsFine(file: String) throws {
        #expect(try reader(file: file).value(of: Self.entries) == 256)
    }

    @Test func aMissingOrHugeFileIsAnError() throws {
        #expect(
            message { _ = try SettingsFile(path: "/nowhere/edge.yaml") }
                == "--config: '/nowhere/edge.yaml' cannot be read; check that it is there and readable.")
        let huge = String(repeating: "#\n", count: SettingsFile.bytesMax)
        #expect(message { _ = try reader(file: huge) }.contains("is larger than"))
    }

    @Test func yamlAndJSONHoldEveryKind() throws {
        let yaml = "guests: yes\nallowed-origins:\n  - https://a.example\n  - https://b.example\ndrain-seconds: 1.5\n"
        let json =
            #"{"guests": true, "allowed-origins": ["https://a.example", "https://b.example"], "drain-seconds": 1.5}"#
        for file in [
            yaml, json, json.replacing(#", ""#, with: ",\n\t\""),
            "allowed-origins: https://a.example, https://b.example\nguests: on\ndrain-seconds: '1.5'",
        ] {
            let reader = try reader(file: file)
            #expect(try reader.value(of: Self.guests))
            #expect(try reader.value(of: Self.origins) == ["https://a.example", "https://b.example"])
            #expect(try reader.value(of: Self.drain) == .milliseconds(1500))
        }
    }

    @Test func theConfigFileIsNamedByFlagOrEnvironment() throws {
        let folder = try TemporaryFolder()
        let one = try folder.write("queue-entries: 1", to: "one.yaml")
        let two = try folder.write("queue-entries: 2", to: "two.yaml")
        func entries(_ flags: [String: String], _ environment: [String: String]) throws -> Int {
            try SettingsReader(Self.all, flags: flags, environment: environment, config: Self.config).value(
                of: Self.entries)
        }
        #expect(try entries(["config": one], ["TERMCHAT_CONFIG": two]) == 1)
        #expect(try entries([:], ["TERMCHAT_CONFIG": two]) == 2)
        #expect(try entries([:], [:]) == 256)
    }

    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:8080", "[::1]:8080"), (":8080", "127.0.0.1:8080"), ("0", "127.0.0.1:0"),
        ("edge.example:65535", "edge.example:65535"),
    ])
    func addressesAreRead(text: String, shown: String) throws {
        #expect(try reader(flags: ["listen": text]).value(of: Self.listen).description == shown)
    }

    @Test(arguments: [
        "", ":", "host:", "65536", "-1", "+1", "::1", "::1:80", "[::1]", "[::1:80", "[127.0.0.1]:80", "a b:1", "h:8o",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: SettingsError.self) { try reader(flags: ["listen": text]).value(of: Self.listen) }
    }

    @Test func aRelationThatDoesNotHoldIsAnError() throws {
        let reader = try reader()
        try reader.check(true, "never said")
        #expect(
            message { try reader.check(1 > 2, "--drain-seconds must not be greater than --stop-seconds.") }
                == "--drain-seconds must not be greater than --stop-seconds.")
    }

    @Test func levelsAndFormatsAreWords() throws {
        let reader = try SettingsReader(
            [], flags: ["log-level": "debug", "log-format": "xml"], environment: [:])
        #expect(try reader.value(of: .logLevel()) == .debug)
        #expect(
            message { _ = try reader.value(of: Setting.logFormat()) } == "--log-format: 'xml' is none of text, json.")
    }
}

@Suite struct SettingFlagsTests {
    struct Shared: ParsableArguments {
        @Option(SettingsReaderTests.entries) var queueEntries: String?
    }

    struct Command: ParsableCommand {
        @OptionGroup var shared: Shared
        @Flag(SettingsReaderTests.guests) var guests: Bool?
        @Option(SettingsReaderTests.listen) var listen: String?
        @Argument var room = "lobby"
    }

    @Test func onlyGivenFlagsCount() throws {
        func flags(_ arguments: [String]) throws -> [String: String] {
            SettingFlags.values(of: try Command.parse(arguments))
        }
        #expect(try flags([]) == [:])
        #expect(try flags(["--queue-entries", "5", "--guests", "ops"]) == ["queue-entries": "5", "guests": "true"])
        #expect(try flags(["--no-guests", "--listen=:1"]) == ["guests": "false", "listen": ":1"])
    }

    @Test func helpTellsUnitAndDefault() {
        let help = Command.helpMessage(columns: 120)
        #expect(help.contains("--queue-entries <entries>"))
        #expect(help.contains("Entries that may wait. (default: 256)"))
        #expect(help.contains("--guests/--no-guests"))
    }
}
