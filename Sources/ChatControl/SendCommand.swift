import ArgumentParser
import ChatBroker
import ChatWire
import NIOCore

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Sends a message to a room, as an operator.")
    @Argument(help: "The room.") var room: String
    @Argument(help: "The text; its words are joined with spaces.") var text: [String]
    @Option(help: "The user that the message is from.") var user = "operator"
    @OptionGroup var options: ControlOptions

    private struct Document: Encodable {
        var room: String
        var id: String
        var ts: UInt64
    }

    func validate() throws {
        guard !text.isEmpty else { throw ValidationError("Say what to send.") }
    }

    func run() async throws {
        let (asJSON, name, author, body) = (options.json, room, user, text.joined(separator: " "))
        try await options.run { session in
            var random = SystemRandomNumberGenerator()
            let room = try RoomName(name)
            let user = try UserName(author)
            let id = SessionID.random(using: &random)
            let key = SessionID.random(using: &random).value
            let send = try ClientFrame.Send.plainText(ByteBuffer(string: body), room: room, key: key)
            let tail = Entry.messageTail(user: user, session: id, key: key, bodyJSON: send.bodyJSON)
            let draft = Draft(kind: .message, user: user, key: key, tail: tail)
            let receipt = try await session.call { $0.publish(draft, to: room) }
            let document = Document(room: room.value, id: receipt.id.description, ts: receipt.id.milliseconds)
            try ControlOutput.line(asJSON ? ControlOutput.json(document) : "stored as \(receipt.id)")
        }
    }
}
