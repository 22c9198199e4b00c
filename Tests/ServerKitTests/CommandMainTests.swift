import ArgumentParser
import Testing

@testable import ServerKit

@Suite struct CommandMainTests {
    struct Command: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "probe")
        @Option var end = "done"

        func run() async throws {
            switch end {
            case "done": return
            case "gap": throw ExitCode(ExitStatus.gap.rawValue)
            case "away": throw ProcessFailure(.unavailable, "Redis is away; try again later.")
            case "denied": throw ProcessFailure(.notPermitted, "not yours")
            case "settings": throw SettingsError(.relation, "a must not be greater than b.")
            case "usage": throw ValidationError("give a room")
            default: throw CancellationError()
            }
        }
    }

    @Test(arguments: [
        ("done", ExitStatus.done, ""), ("gap", .gap, ""),
        ("away", .unavailable, "probe: Redis is away; try again later."), ("denied", .notPermitted, "probe: not yours"),
        ("settings", .usage, "probe: a must not be greater than b."),
    ])
    func eachEndHasItsStatus(end: String, status: ExitStatus, message: String) async {
        let outcome = await CommandMain.outcome(of: Command.self, arguments: ["--end", end])
        #expect(outcome == (status, message))
    }

    @Test func aWrongFlagIsUsage() async {
        for arguments in [["--unknown"], ["--end"], ["--end", "usage"], ["surplus"]] {
            let outcome = await CommandMain.outcome(of: Command.self, arguments: arguments)
            #expect(outcome.status == .usage)
            #expect(outcome.message.contains("Usage: probe"))
        }
    }

    @Test func otherErrorsAreFailures() async {
        let outcome = await CommandMain.outcome(of: Command.self, arguments: ["--end", "other"])
        #expect(outcome.status == .failed)
        #expect(!outcome.message.isEmpty)
    }

    @Test func helpIsDone() async {
        let outcome = await CommandMain.outcome(of: Command.self, arguments: ["--help"])
        #expect(outcome.status == .done)
        #expect(outcome.message.contains("--end <end>"))
    }
}
