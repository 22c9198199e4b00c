import ArgumentParser
import ChatWire
import Foundation
import Testing

@testable import ChatClient

@Suite struct ClientSettingsTests {
    @Test func everyKeyIsUnderstood() throws {
        let settings = try read(
            """
            server = "work"
            user = "ada"
            rooms = ["lobby", "#ops", "lobby"]
            theme = "dark"
            mouse = true
            typing = false
            notifications = "all"
            bell = false
            panes = "rooms"
            time-format = "12h"
            token-command = "pass chat"
            token-file = "token"
            ca-file = "ca.pem"
            [servers.work]
            server = "wss://chat.example.org"
            user = "lovelace"
            """)
        #expect(settings.top.rooms == [lobby, ops])
        #expect(settings.timeFormat == .hours12)
        #expect(settings.notifications == .all)
        #expect(settings.panes == .rooms)
        #expect([settings.mouse, settings.typing, settings.bell] == [true, false, false])
        #expect(settings.profiles["work"]?.user == "lovelace")
    }

    @Test(arguments: [
        ("sever = \"x\"", "line 1, column 1: the key 'sever' is unknown; did you mean 'server'?"),
        ("\ntime_format = \"24h\"", "line 2, column 1: the key 'time_format' is unknown; did you mean 'time-format'?"),
        ("qqqqqqqq = 1", "line 1, column 1: the key 'qqqqqqqq' is unknown"),
        (
            "[servers.a]\ntheme = \"x\"",
            "line 2, column 1: 'theme' belongs to no server; it stands above the first [header]"
        ),
        ("[server.a]", "line 1, column 1: [server.a] is unknown; a server's keys stand under [servers.NAME]"),
        ("bell = \"yes\"", "line 1, column 1: 'bell' is true or false, not \"yes\""),
        (
            "panes = \"left\"",
            "line 1, column 1: 'panes' is one of \"both\", \"rooms\", \"members\", \"none\", not \"left\""
        ),
        (
            "theme = \"nope\"",
            "line 1, column 1: 'theme' is one of \"standard\", \"dark\", \"light\", \"mono\", \"high-contrast\", not \"nope\""
        ),
        ("rooms = [\"Not a room\"]", "line 1, column 1: 'Not a room' is no room's name"),
        ("user = \"no spaces\"", "line 1, column 1: 'user' is the name of a user, not \"no spaces\""),
    ])
    func mistakesAreNamed(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try read(text) }
        #expect(error.map { "\($0)" } == message)
    }

    /// What docs/client.md promises about the file.
    @Test func everyKeyHasARowInItsPage() throws {
        let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/client.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
        for key in ClientSettings.Key.allCases {
            #expect(
                rows.contains { $0.hasPrefix("| `\(key.rawValue)`") }, "docs/client.md has no row for \(key.rawValue)")
        }
    }

    @Test func flagsGoOverTheEnvironmentOverTheFile() throws {
        let home = try Home()
        try home.writeConfig("server = \"ws://file:1\"\nuser = \"file\"\n")
        var environment = home.environment
        #expect(try choice([], environment).session.server.host == "file")
        #expect(try choice([], environment).session.user == "file")
        environment["TERMCHAT_SERVER"] = "ws://variable:1"
        environment["TERMCHAT_USER"] = "variable"
        #expect(try choice([], environment).session.server.host == "variable")
        #expect(try choice([], environment).session.user == "variable")
        let flags = ["--server", "ws://flag:1", "--user", "flag"]
        #expect(try choice(flags, environment).session.server.host == "flag")
        #expect(try choice(flags, environment).session.user == "flag")
    }

    @Test func aProfileIsChosenByNameOrByAddress() throws {
        let home = try Home()
        try home.writeConfig(
            """
            user = "ada"
            ca-file = "ca.pem"
            token-file = "top"
            [servers.work]
            server = "wss://chat.example.org"
            token-file = "~/work"
            """)
        for server in ["work", "wss://chat.example.org"] {
            let choice = try choice(["--server", server], home.environment)
            #expect(choice.session.server.host == "chat.example.org")
            #expect(choice.session.user == "ada")
            #expect(choice.session.certificateAuthority == home.path + "/.config/termchat/ca.pem")
            #expect(choice.tokenSource == .file(home.path + "/work"))
        }
        let failure = #expect(throws: CommandFailure.self) { try choice(["--server", "wrok"], home.environment) }
        #expect(failure?.status == .usage)
        #expect(failure?.message?.contains("Did you mean 'work'?") == true)
    }

    /// The token of one server is no other server's business.
    @Test func aTokenGoesOnlyToTheServerItStandsBeside() throws {
        let home = try Home()
        try home.writeConfig("token-file = \"top\"\n[servers.work]\nserver = \"wss://work\"\n")
        #expect(try choice(["--server", "ws://elsewhere"], home.environment).tokenSource == .none)
        #expect(try choice(["--server", "work"], home.environment).tokenSource == .none)
        #expect(try choice([], home.environment).tokenSource != .none)
        #expect(try choice(["--server", ServerChoice.defaultServer], home.environment).tokenSource != .none)
    }

    @Test func aBrokenFileIsAUsageErrorThatNamesIt() async throws {
        let home = try Home()
        try home.writeConfig("sever = 1\n")
        let failure = #expect(throws: CommandFailure.self) { try choice([], home.environment) }
        #expect(failure?.status == .usage)
        #expect(failure?.message?.hasPrefix(home.path + "/.config/termchat/config.toml, line 1") == true)
        let status = await Surroundings.$environment.withValue(home.environment) {
            await TermchatProgram.run(["who", "ops"])
        }
        #expect(status == ExitStatus.usage.rawValue)
    }

    private func read(_ text: String) throws(ConfigError) -> ClientSettings {
        try ClientSettings(try ConfigParser.parse(text))
    }

    private func choice(_ flags: [String], _ environment: [String: String]) throws -> ConnectionChoice {
        try ConnectionOptions.parse(flags).choice(environment: environment)
    }
}

/// A home folder of its own, gone with the test.
final class Home: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/home-\(UInt64.random(in: 0...UInt64.max))"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var environment: [String: String] { ["HOME": path, "USER": "sys", "PATH": "/usr/bin:/bin"] }

    func writeConfig(_ text: String) throws { try write(text, to: ".config/termchat/config.toml") }

    /// - Returns: the whole path.
    @discardableResult
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try AtomicFile.write(Array(text.utf8), to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}

/// Runs a command without a look at the settings and the state of whoever runs the tests.
func runTermchat(_ arguments: [String]) async -> Int32 {
    await Surroundings.$environment.withValue(["HOME": "/nonexistent", "USER": "sys"]) {
        await TermchatProgram.run(arguments)
    }
}

/// The permissions of a file.
func mode(of path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
}
