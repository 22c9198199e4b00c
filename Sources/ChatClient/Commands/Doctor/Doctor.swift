import ArgumentParser
import Foundation

/// `termchat doctor`: looks at everything that chatting needs, and says what is wrong and what to do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examine the terminal, the settings and the way to the server.",
        discussion:
            "The exit status is 0 where all is well, 1 where something is not, 3 where the server is not reached.")

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "One JSON document.") var json = false

    @Option(help: "Seconds that each step to the server may take.") var timeout = 5.0

    func validate() throws { try TimeoutOption.validate(timeout) }

    func run() async throws {
        let report = await report(environment: Surroundings.environment)
        let output = LineOutput()
        if json {
            try await output.print(try report.document())
        } else {
            for line in report.lines { try await output.print(line) }
        }
        if report.status != .done { throw CommandFailure(report.status) }
    }

    private func report(environment: [String: String]) async -> DoctorReport {
        var report = DoctorReport()
        report.findings.append(Finding("version", .ok, "termchat \(ClientVersion.text)"))
        report.findings += TerminalProbe.facts(environment: environment).findings
        report.findings.append(FileFindings.state(StateFolder(environment: environment)))
        let config = ConfigFile.path(environment: environment)
        var choice: ConnectionChoice
        do { choice = try connection.choice(environment: environment) } catch {
            report.findings.append(FileFindings.config(config, error: CommandFailure(error).message))
            return report
        }
        report.findings.append(FileFindings.config(config, error: nil))
        do {
            try await choice.signIn()
            report.findings.append(FileFindings.token(choice.tokenSource, choice.session.token, now: Date()))
        } catch {
            report.findings.append(Finding("token", .error, CommandFailure(error).message ?? "cannot be had"))
        }
        report.findings.append(Finding("server", .ok, choice.session.server.description))
        await ServerProbe(configuration: choice.session, seconds: timeout).run(&report)
        return report
    }
}
