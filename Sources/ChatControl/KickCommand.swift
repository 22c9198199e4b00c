import ArgumentParser
import ChatBroker
import ChatWire
import Foundation
import ServerKit

struct KickCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kick", abstract: "Closes every session of a user (4502: its client does not come back by itself)."
    )
    @Argument(help: "The user.") var user: String
    @Flag(help: "Do not ask; needed without a terminal.") var yes = false
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable {
        var user: String
        /// Nodes that heard the request.
        var nodes: Int
    }

    func run() async throws {
        let (asJSON, name, isConfirmed) = (options.json, user, yes)
        try await options.run { session in
            let user = try UserName(name)
            guard
                isConfirmed || Confirmation.given("Close every session of \(ControlOutput.visible(user.value))? [y/N] ")
            else {
                throw ProcessFailure(.usage, "nothing was done; confirm, or give --yes.")
            }
            let nodes = try await session.call { $0.send(.kick(user: user.value), to: nil) }
            let document = Document(user: user.value, nodes: nodes)
            ControlOutput.line(asJSON ? ControlOutput.json(document) : "asked \(nodes) nodes")
        }
    }
}

/// Asks before a command acts. Without a terminal nobody can answer: that is a no.
enum Confirmation {
    static func given(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        ControlOutput.errors(question)
        return readLine()?.lowercased().hasPrefix("y") == true
    }
}
