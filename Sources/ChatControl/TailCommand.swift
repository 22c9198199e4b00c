import ArgumentParser
import ChatBroker
import ChatWire

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Prints what a room receives, as it comes; with --json one object a line.")
    @Argument(help: "The room.") var room: String
    @Option(help: "End after so many entries.") var count: Int?
    @OptionGroup var options: ControlOptions

    func run() async throws {
        let (asJSON, name, count) = (options.json, room, count)
        try await options.run { session in
            let room = try RoomName(name)
            try await session.call { $0.subscribe(to: room) }
            var printed = 0
            for await delivery in session.received {
                for case .entry(let entry) in delivery.events {
                    ControlOutput.line(asJSON ? EntryText.json(entry, in: room) : EntryText.line(entry))
                    printed += 1
                    if printed == count { return }
                }
            }
        }
    }
}
