public import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs a command and ends the process with the project's exit statuses, where ArgumentParser alone would say 64 for a
/// wrong flag. Executables call it from their own `static func main() async`.
public enum CommandMain {
    public static func run(_ command: (some ParsableCommand).Type, arguments: [String]? = nil) async -> Never {
        let outcome = await outcome(of: command, arguments: arguments)
        if !outcome.message.isEmpty {
            FileOutput.write(outcome.message + "\n", to: outcome.status == .done ? STDOUT_FILENO : STDERR_FILENO)
        }
        exit(outcome.status.rawValue)
    }

    /// How a run ended, and what its user reads: on stdout when it is done (`--help`), else on stderr.
    static func outcome(
        of command: (some ParsableCommand).Type, arguments: [String]?
    ) async -> (status: ExitStatus, message: String) {
        do {
            var parsed = try command.parseAsRoot(arguments)
            if var asynchronous = parsed as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try parsed.run()
            }
            return (.done, "")
        } catch let error as any ExitStatusProviding {
            return (error.exitStatus, "\(command._commandName): \(error)")
        } catch let code as ExitCode {
            return (ExitStatus(rawValue: code.rawValue) ?? .failed, "")
        } catch {
            return (status(of: command.exitCode(for: error)), command.fullMessage(for: error))
        }
    }

    private static func status(of code: ExitCode) -> ExitStatus {
        switch code {
        case .success: .done
        case .validationFailure: .usage
        default: .failed
        }
    }
}
