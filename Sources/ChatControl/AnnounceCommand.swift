import ArgumentParser
import ChatBroker
import ServerKit

struct AnnounceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "announce", abstract: "Shows a text to every connected client.")
    @Argument(help: "The text; its words are joined with spaces.") var text: [String]
    @Flag(help: "Do not ask; needed without a terminal.") var yes = false
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable {
        /// Nodes that heard the request.
        var nodes: Int
    }

    func validate() throws {
        guard !text.isEmpty else { throw ValidationError("Say what to announce.") }
    }

    func run() async throws {
        let (asJSON, body, isConfirmed) = (options.json, text.joined(separator: " "), yes)
        try await options.run { session in
            guard isConfirmed || Confirmation.given("Show this to everyone? [y/N] ") else {
                throw ProcessFailure(.usage, "nothing was done; confirm, or give --yes.")
            }
            let nodes = try await session.call { $0.send(.announce(text: body), to: nil) }
            try Heard.line(asJSON ? ControlOutput.json(Document(nodes: nodes)) : nil, by: nodes)
        }
    }
}
