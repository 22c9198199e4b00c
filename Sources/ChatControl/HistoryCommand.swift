import ArgumentParser
import ChatBroker
import ChatWire
import NIOCore

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "Prints a room's newest entries.")
    @Argument(help: "The room.") var room: String
    @Option(help: "Entries at most.") var limit = Limits.pageEntriesDefault
    @Option(help: "Only entries after this position; the oldest first.") var after: String?
    @OptionGroup var options: ControlOptions

    func validate() throws {
        guard (1...Limits.pageEntriesMax).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Limits.pageEntriesMax).")
        }
        guard after.map({ Position($0) != nil }) ?? true else {
            throw ValidationError("--after is a position such as 1700000000000-0.")
        }
    }

    func run() async throws {
        let (asJSON, name, limit) = (options.json, room, limit)
        let position = after.flatMap(Position.init)
        try await options.run { session in
            let room = try RoomName(name)
            let query: HistoryQuery = position.map { .after($0, limit: limit) } ?? .newest(limit: limit)
            let page = try await session.call { $0.history(of: room, query) }
            guard asJSON else {
                for entry in page.entries { try ControlOutput.line(EntryText.line(entry)) }
                return
            }
            let entries = page.entries.map { EntryText.json($0, in: room) }.joined(separator: ",")
            try ControlOutput.line(#"{"room":"\#(room)","messages":[\#(entries)],"more":\#(page.more)}"#)
        }
    }
}

/// An entry as a line for people, or as the JSON object that clients get.
enum EntryText {
    static func json(_ entry: Entry, in room: RoomName) -> String {
        var json = ByteBuffer()
        entry.writeJSON(room: room, into: &json)
        return ControlOutput.escaped(json: String(buffer: json))
    }

    static func line(_ entry: Entry) -> String {
        let time = ControlOutput.time(entry.id.milliseconds)
        guard let content = try? entry.content() else { return "\(time)  \(entry.id)  (unreadable)" }
        switch content {
        case .message(let message):
            return "\(time)  \(ControlOutput.visible(message.user))  \(ControlOutput.visible(message.body))"
        case .file(let file):
            return
                "\(time)  \(ControlOutput.visible(file.user))  [file] \(ControlOutput.visible(file.name)) \(file.bytes) bytes"
        }
    }
}
