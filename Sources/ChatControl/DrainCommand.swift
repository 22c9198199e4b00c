import ArgumentParser
import ChatBroker
import ChatWire
import ServerKit

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Moves a node's clients to the others and ends it, as SIGTERM does.",
        discussion: "The node takes at most its --stop-seconds. A supervisor that restarts what ends will restart it.")
    @Argument(help: "The node, by its name or its id (`nodes`).") var node: String
    @Option(help: "Move the clients over this time: seconds, 90s or 5m; the node's --drain-seconds without it.")
    var over: String?
    @Flag(help: "Do not ask; needed without a terminal.") var yes = false
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable {
        var node: String
        /// The ids of those that heard it.
        var asked: [String]
    }

    func validate() throws {
        guard over.map({ Self.seconds($0) != nil }) ?? true else {
            throw ValidationError("--over is a time such as 60s, at most an hour.")
        }
    }

    /// A negative number leaves the time to the node.
    private static let nodesOwnTime = -1.0

    static func seconds(_ text: String) -> Double? {
        let (digits, unit) =
            text.hasSuffix("m") ? (text.dropLast(), 60.0) : (text.hasSuffix("s") ? text.dropLast() : text[...], 1)
        guard let number = Double(digits), (0...3600).contains(number * unit) else { return nil }
        return number * unit
    }

    func run() async throws {
        let (asJSON, name, isConfirmed) = (options.json, node, yes)
        let seconds = over.flatMap(Self.seconds) ?? Self.nodesOwnTime
        try await options.run { session in
            let found = try await session.call { $0.nodes() }.filter {
                $0.state == .up && [$0.node, $0.id].contains(name)
            }
            let ids = found.compactMap { NodeID($0.id) }
            guard !ids.isEmpty else {
                throw ProcessFailure(.usage, "no node '\(name)' is up; `termchat-ctl nodes` lists them.")
            }
            guard isConfirmed || Confirmation.given("Drain \(ids.map(\.value).joined(separator: ", "))? [y/N] ") else {
                throw ProcessFailure(.usage, "nothing was done; confirm, or give --yes.")
            }
            var asked: [String] = []
            for id in ids {
                let heard = try await session.call { $0.send(.drain(seconds: seconds), to: id) }
                if heard > 0 { asked.append(id.value) }
            }
            let document = Document(node: name, asked: asked)
            try Heard.line(asJSON ? ControlOutput.json(document) : nil, by: asked.count)
        }
    }
}
