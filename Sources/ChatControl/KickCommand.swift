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
            try Heard.line(asJSON ? ControlOutput.json(document) : nil, by: nodes)
        }
    }
}

/// Tells how many nodes heard a request.
enum Heard {
    /// - Throws: ``ProcessFailure`` where none did: nothing was done then.
    static func line(_ json: String?, by nodes: Int) throws {
        guard nodes > 0 else {
            throw ProcessFailure(.unavailable, "no node heard it; `termchat-ctl nodes` lists them.")
        }
        try ControlOutput.line(json ?? "asked \(nodes) \(nodes == 1 ? "node" : "nodes")")
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
