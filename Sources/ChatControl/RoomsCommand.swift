import ArgumentParser
import ChatBroker
import ChatWire

struct RoomsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rooms", abstract: "Lists rooms, the most recently active first.")
    @OptionGroup var options: ControlOptions
    @Option(help: "Rooms at most.") var limit = 100

    private struct Document: Encodable {
        struct Room: Encodable {
            var room: String
            var members: Int
            var nodes: Int
            var messages: Int
            var last_activity: UInt64
        }
        var rooms: [Room]
    }

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
    }

    func run() async throws {
        let (asJSON, limit) = (options.json, limit)
        try await options.run { session in
            let rooms = try await session.call { $0.rooms(limit: limit) }
            guard !asJSON else {
                let listed = rooms.map {
                    Document.Room(
                        room: $0.room.value, members: $0.members, nodes: $0.nodes, messages: $0.messages,
                        last_activity: $0.lastActivity)
                }
                return try ControlOutput.line(ControlOutput.json(Document(rooms: listed)))
            }
            try ControlOutput.line(
                ControlOutput.table(
                    ["ROOM", "MEMBERS", "NODES", "MESSAGES", "LAST ACTIVITY"],
                    rooms.map {
                        [
                            $0.room.value, "\($0.members)", "\($0.nodes)", "\($0.messages)",
                            ControlOutput.time($0.lastActivity),
                        ]
                    }))
        }
    }
}
