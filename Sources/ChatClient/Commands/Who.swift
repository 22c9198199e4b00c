import ArgumentParser
import ChatWire
import Foundation

/// `termchat who ROOM`.
struct Who: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List who is in a room.")

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The room.") var room: String

    @Flag(help: "One JSON document.") var json = false

    @Option(help: "Seconds to wait for the answer.") var timeout = 10.0

    func validate() throws { try TimeoutOption.validate(timeout) }

    func run() async throws {
        let room = try RoomName.argument(room)
        let configuration = try await connection.configuration()
        let (members, count) = try await ChatSession.with(configuration) { session in
            try await withTimeout(seconds: timeout, await session.noAnswer(from: configuration.server)) {
                try await Self.ask(session, room)
            }
        }
        let output = LineOutput()
        if json { return try await output.print(try Self.document(room, members, count)) }
        let style = LineStyle()
        for member in members { try await output.print(Self.line(of: member, style)) }
        if members.count < count { try await output.print("\(count) here") }
    }

    static func line(of member: Member, _ style: LineStyle) -> String {
        let sessions = member.sessions == 1 ? "" : "  \(member.sessions) sessions"
        let (user, node) = (VisibleText(member.user).value, VisibleText(member.node).value)
        return "\(user)  since \(style.time(member.since))  \(node)\(sessions)"
    }

    /// A server may tell only those who are in the room: then it is joined for the question.
    private static func ask(_ session: ChatSession, _ room: RoomName) async throws -> ([Member], Int) {
        do {
            return try await session.who(room)
        } catch RequestError.refused(let error) where error.code == .notJoined {
            session.join(room, limit: 0)
            for await event in session.events {
                switch event {
                case .joined(let joined): return (joined.members, joined.count)
                case .roomRefused(_, let error): throw CommandFailure(error)
                case .stopped(let reason): throw CommandFailure(reason)
                default: continue
                }
            }
            throw CancellationError()
        }
    }

    static func document(_ room: RoomName, _ members: [Member], _ count: Int) throws -> String {
        try JSONDocument.encode(
            Document(
                room: room.value, count: count,
                members: members.map { .init(user: $0.user, sessions: $0.sessions, node: $0.node, since: $0.since) }))
    }

    private struct Document: Encodable {
        struct Person: Encodable {
            var user: String
            var sessions: Int
            var node: String
            var since: UInt64
        }
        var room: String
        var count: Int
        var members: [Person]
    }
}
