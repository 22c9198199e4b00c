import ArgumentParser
import ChatWire
import Foundation
import TerminalUI

/// The program `termchat`: its commands, and how their ends become exit statuses.
public enum TermchatProgram {
    /// Makes closed standard descriptors harmless; to be called before anything else.
    public static func openStandardDescriptors() { StandardDescriptors.open() }

    /// Runs the command that `arguments` (without the program's name) name.
    /// - Returns: the exit status.
    public static func run(_ arguments: [String]) async -> Int32 {
        // Writing to a reader that is gone is an error to handle, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        QuitSignal.endsTheProcess()
        let command: any ParsableCommand
        do {
            command = try Termchat.parseAsRoot(arguments)
        } catch {
            return explain(error)
        }
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return ExitStatus.done.rawValue
        } catch let error where Termchat.exitCode(for: error) == .success {
            // Help is a command too, and ends by throwing.
            return explain(error)
        } catch {
            let failure = CommandFailure(error)
            if let message = failure.message {
                // Errors of other modules hold what they like.
                write("termchat: \(VisibleText(message, newlines: .kept).value)\n", to: .standardError)
            }
            return failure.status.rawValue
        }
    }

    /// Prints help where it was asked for, else what is wrong with the arguments.
    private static func explain(_ error: any Error) -> Int32 {
        let text = Termchat.fullMessage(for: error) + "\n"
        let isHelp = Termchat.exitCode(for: error) == .success
        let isWritten = write(text, to: isHelp ? .standardOutput : .standardError)
        return (isHelp ? (isWritten ? ExitStatus.done : .failed) : .usage).rawValue
    }

    @discardableResult
    private static func write(_ text: String, to file: FileHandle) -> Bool {
        do {
            try file.write(contentsOf: Data(text.utf8))
            return true
        } catch {
            return false
        }
    }
}

struct Termchat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "termchat",
        abstract: "Chat in a terminal, or in a script.",
        discussion: """
            'termchat ROOM…' chats; the other commands are for scripts. A room whose name is a \
            command's is reached with 'termchat chat ROOM'.

            Exit status: 0 done, 1 failed, 2 usage, 3 unavailable, 4 not permitted, 5 a gap (tail).
            """,
        version: ClientVersion.text,
        subcommands: [
            Chat.self, Send.self, Tail.self, Upload.self, Download.self, Who.self, Rooms.self, Login.self, Doctor.self,
        ],
        defaultSubcommand: Chat.self)
}
