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
        /// As ``Heard/nodes(_:_:)`` counts them.
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
            let nodes = try await Heard.nodes(.kick(user: user.value), session)
            let document = Document(user: user.value, nodes: nodes)
            try Heard.line(asJSON ? ControlOutput.json(document) : nil, by: nodes)
        }
    }
}

/// Tells how many nodes heard a request.
enum Heard {
    /// Sends a message to everyone.
    /// - Returns: the nodes that are there to hear it. Upload workers listen too, and are none: of those that Redis
    ///   says heard it, only as many count as have a lease.
    static func nodes(_ message: NodeMessage, _ session: ControlSession) async throws -> Int {
        let listed = try await session.call { $0.nodes() }.count { $0.state != .lost }
        return min(try await session.call { $0.send(message, to: nil) }, listed)
    }

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
