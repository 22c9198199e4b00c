import ArgumentParser
import ChatBroker
import ChatWire

struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "Lists who is in a room, on every node.", aliases: ["room"])
    @Argument(help: "The room.") var room: String
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable {
        struct Member: Encodable {
            var user: String
            var sessions: Int
            var node: String
            var since: UInt64
        }
        var room: String
        var count: Int
        var members: [Member]
    }

    func run() async throws {
        let (asJSON, name) = (options.json, room)
        try await options.run { session in
            let room = try RoomName(name)
            let occupants = try await session.call { $0.occupants(of: room) }
            let members = Self.members(of: occupants)
            guard !asJSON else {
                let document = Document(room: room.value, count: members.count, members: members)
                return try ControlOutput.line(ControlOutput.json(document))
            }
            try ControlOutput.line(
                ControlOutput.table(
                    ["USER", "SESSIONS", "NODE", "SINCE"],
                    members.map { [$0.user, "\($0.sessions)", $0.node, ControlOutput.time($0.since)] }))
        }
    }

    /// One row a user: its sessions, and where and since when the first of them is there.
    private static func members(of occupants: [Occupant]) -> [Document.Member] {
        Dictionary(grouping: occupants, by: \.user).compactMap { user, sessions in
            sessions.min { $0.since < $1.since }.map {
                Document.Member(user: user.value, sessions: sessions.count, node: $0.node.name, since: $0.since)
            }
        }.sorted { ($0.since, $0.user) < ($1.since, $1.user) }
    }
}
