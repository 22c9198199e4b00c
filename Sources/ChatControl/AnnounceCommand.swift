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
        /// As ``Heard/nodes(_:_:)`` counts them.
        var nodes: Int
    }

    func validate() throws {
        let body = text.joined(separator: " ")
        guard !body.allSatisfy(\.isWhitespace) else { throw ValidationError("Say what to announce.") }
        guard !body.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ValidationError("An announcement is one line, without control characters.")
        }
    }

    func run() async throws {
        let (asJSON, body, isConfirmed) = (options.json, text.joined(separator: " "), yes)
        try await options.run { session in
            guard isConfirmed || Confirmation.given("Show this to everyone? [y/N] ") else {
                throw ProcessFailure(.usage, "nothing was done; confirm, or give --yes.")
            }
            let nodes = try await Heard.nodes(.announce(text: body), session)
            try Heard.line(asJSON ? ControlOutput.json(Document(nodes: nodes)) : nil, by: nodes)
        }
    }
}
