import ArgumentParser
import ChatWire
import Foundation

/// `termchat [ROOM…]`: chats line by line.
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Chat in rooms, line by line.",
        discussion: "A line is a message to the current room, the first one named; /help lists what else a line may be."
    )

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The rooms to join.") var rooms: [String] = ["lobby"]

    @Option(help: "Recent entries of each room to begin with.") var count = 20

    @Option(help: "Seconds to wait, after the end of input, for messages to be stored.") var timeout = 30.0

    func validate() throws {
        guard (0...Limits.pageEntriesMax).contains(count) else {
            throw ValidationError("--count is 0 to \(Limits.pageEntriesMax).")
        }
        try TimeoutOption.validate(timeout)
    }

    func run() async throws {
        let rooms = try rooms.map { try RoomName.argument($0) }
        var configuration = try connection.configuration()
        configuration.outboxPath = OutboxPath.path(
            server: configuration.server, owner: OutboxOwner.name(of: configuration))
        StandardDescriptors.discardMissingOutput()
        let termination = Termination()
        let outcome = try await LineReader.with { reader in
            try await ChatSession.with(configuration) { session in
                let style = LineStyle(hasColor: LineOutput.mayColor)
                let chat = LineChat(session: session, rooms: rooms, count: count, style: style)
                return try await chat.run(reader, termination: termination, timeout: timeout)
            }
        }
        if outcome.refused > 0 { throw CommandFailure(.failed, "\(outcome.refused) messages were refused.") }
        if let refusal = outcome.roomRefusal { throw CommandFailure(CommandFailure(refusal).status) }
    }
}
