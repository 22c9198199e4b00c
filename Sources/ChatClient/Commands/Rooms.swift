import ArgumentParser
import ChatWire
import Foundation

/// `termchat rooms`.
struct Rooms: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the rooms with recent activity.")

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "One JSON document.") var json = false

    @Option(help: "Rooms at most.") var limit = 100

    @Option(help: "Seconds to wait for the answer.") var timeout = 10.0

    func validate() throws {
        guard (1...Limits.pageEntriesMax).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Limits.pageEntriesMax).")
        }
        try TimeoutOption.validate(timeout)
    }

    func run() async throws {
        let configuration = try await connection.configuration()
        let limit = limit
        let rooms = try await ChatSession.with(configuration) { session in
            try await withTimeout(seconds: timeout, await session.noAnswer(from: configuration.server)) {
                try await session.rooms(limit: limit)
            }
        }
        let output = LineOutput()
        if json { return try await output.print(try Self.document(rooms)) }
        let style = LineStyle()
        for room in rooms {
            try await output.print("\(room.room)  \(room.members) here  last \(style.time(room.lastActivity))")
        }
    }

    private static func document(_ rooms: [RoomListing]) throws -> String {
        try JSONDocument.encode([
            "rooms": rooms.map { Item(room: $0.room.value, members: $0.members, last_activity: $0.lastActivity) }
        ])
    }

    private struct Item: Encodable {
        var room: String
        var members: Int
        var last_activity: UInt64
    }
}

/// The JSON that commands print: one line, members in a fixed order, nothing in it that a terminal obeys.
enum JSONDocument {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return JSONLine.printable(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
