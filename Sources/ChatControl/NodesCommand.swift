import ArgumentParser
import ChatBroker
import Foundation

struct NodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "nodes", abstract: "Lists the nodes and their state.")
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable { var nodes: [NodeRecord] }

    func run() async throws {
        let asJSON = options.json
        try await options.run { session in
            let nodes = try await session.call { $0.nodes() }.sorted { ($0.node, $0.id) < ($1.node, $1.id) }
            guard !asJSON else { return try ControlOutput.line(ControlOutput.json(Document(nodes: nodes))) }
            try ControlOutput.line(
                ControlOutput.table(
                    ["NODE", "STATE", "ADDRESS", "CONNECTIONS", "ROOMS", "MSG/S", "LAG MS", "VERSION", "ID"],
                    nodes.map { node in
                        [
                            node.node, node.state.rawValue, node.address, "\(node.connections)", "\(node.rooms)",
                            "\(node.messagesPerSecond)", String(format: "%.1f", node.lagMilliseconds), node.version,
                            node.id,
                        ]
                    }))
        }
    }
}
