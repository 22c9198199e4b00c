import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatClient

/// Chatting line by line, with a pipe for a keyboard, a file for a screen, and a server that follows a script.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LineChatTests {
    @Test func quittingWaitsForTheAcknowledgement() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/chat-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withChat(outbox: folder + "/outbox") { chat in
            chat.type("bye\n/quit\n")
            let peer = try await chat.server.accept()
            try await peer.greet()
            let send = try await peer.nextSend()
            peer.send(.ack(ref: send.ref, room: lobby, id: position(1), duplicate: false))
            #expect(try await chat.outcome().refused == 0)
            #expect(!chat.errors.contains("kept"))
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/outbox")).isEmpty)
    }

    @Test func quittingWithoutAnAcknowledgementSaysWhatIsKept() async throws {
        try await withChat { chat in
            chat.type("one\ntwo\n/quit\n")
            try await chat.server.accept().greet()
            _ = try await chat.outcome()
            #expect(chat.errors.contains("2 messages are not stored yet; kept"))
        }
    }

    /// Without an answer, and without a connection, a question must not hold up what is typed behind it.
    @Test func linesAreObeyedWhileAQuestionWaits() async throws {
        try await withChat { chat in
            chat.type("/who\n/rooms\nhello\n/quit\n")
            let peer = try await chat.server.accept()
            try await peer.greet()
            var body: String?
            while body == nil {
                if case .send(let send) = try await peer.next() { body = String(buffer: send.bodyJSON) }
            }
            #expect(body == #""hello""#)
            peer.close(.kicked)
            await #expect(throws: CommandFailure.self) { try await chat.outcome() }
        }
    }

    @Test func questionsAreAnsweredAtTheEndOfInput() async throws {
        try await withChat { chat in
            chat.type("/who\n")
            chat.endInput()
            let peer = try await chat.server.accept()
            try await peer.greet()
            guard case .who(let ref, lobby) = try await peer.next() else { throw Unexpected() }
            peer.send(.members(ref: ref, room: lobby, members: [], count: 3))
            _ = try await chat.outcome()
            #expect(chat.output.contains("-- lobby: 3 here"))
        }
    }

    /// The answer to `leave` comes after the room is joined again.
    @Test func aRoomThatIsLeftAndJoinedAgainIsTheCurrentOne() async throws {
        try await withChat { chat in
            let peer = try await chat.server.accept()
            try await peer.greet()
            chat.type("/join dev\n")
            try await peer.answerJoin()
            chat.type("/leave dev\n/join dev\n")
            guard case .leave(let ref, let dev) = try await peer.next() else { throw Unexpected() }
            guard case .join(let join) = try await peer.next() else { throw Unexpected() }
            peer.send(.left(ref: ref, room: dev))
            try await chat.shows("-- left dev")
            peer.send(.joined(joinedFrame([], at: 0, room: dev, ref: join.ref)))
            chat.type("here\n")
            #expect(try await peer.nextSend().room == dev)
            peer.close(.kicked)
            await #expect(throws: CommandFailure.self) { try await chat.outcome() }
        }
    }

    @Test func messagesOfARefusedRoomAreKeptAndNotWaitedFor() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/chat-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let left = OutgoingMessage(room: lobby, body: "secret plans")
        try OutboxFile(path: folder + "/outbox").add(KeptMessage(message: left, time: 1))
        try await withChat(outbox: folder + "/outbox") { chat in
            let peer = try await chat.server.accept()
            guard case .hello = try await peer.next() else { throw Unexpected() }
            peer.send(.welcome(welcomeFrame()))
            guard case .join(let join) = try await peer.next() else { throw Unexpected() }
            var refusal = errorFrame(.forbidden)
            refusal.ref = join.ref
            peer.send(.error(refusal))
            try await chat.says("1 message is not stored yet, and kept; /join lobby sends them")
            chat.type("to whom?\n")
            chat.endInput()
            let outcome = try await chat.outcome()
            #expect(outcome.roomRefusal?.code == .forbidden)
            #expect(outcome.refused == 1, "what is typed without a room is not sent to another")
        }
        #expect(try OutboxFile(path: folder + "/outbox").restore().map(\.message) == [left])
    }

    @Test func messagesOfALeftRoomAreNotWaitedFor() async throws {
        try await withChat { chat in
            chat.type("/join dev\nlater\n/leave dev\n")
            chat.endInput()
            _ = try await chat.outcome()
            #expect(chat.errors.contains("1 message is not stored yet, and kept; /join dev sends them"))
        }
    }

    /// What the history may have lost is sent again only when the user says so.
    @Test func whatMayBeStoredIsSentWhenTheUserSaysSo() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/chat-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let message = OutgoingMessage(room: lobby, body: "twice?")
        let place = Place(after: position(2), user: "ann")
        try OutboxFile(path: folder + "/outbox").add(KeptMessage(message: message, time: 1, place: place))
        try await withChat(outbox: folder + "/outbox") { chat in
            let peer = try await chat.server.accept()
            guard case .hello = try await peer.next() else { throw Unexpected() }
            peer.send(.welcome(welcomeFrame()))
            guard case .join(let join) = try await peer.next() else { throw Unexpected() }
            peer.send(.joined(joinedFrame([entry(8)], at: 8, ref: join.ref, complete: false)))
            try await chat.says("may be stored already, not sent again (/resend, /discard): twice?")
            chat.type("/resend\n/quit\n")
            let send = try await peer.nextSend()
            #expect(send.key == message.key)
            peer.send(.ack(ref: send.ref, room: lobby, id: position(9), duplicate: false))
            _ = try await chat.outcome()
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/outbox")).isEmpty)
    }

    private func withChat(
        outbox: String? = nil, _ body: @Sendable (RunningChat) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer()
        var configuration = ChatSession.Configuration(server: .init(host: "127.0.0.1", port: server.port), user: "ann")
        configuration.outboxPath = outbox
        let chat = try RunningChat(server, configuration)
        try await body(chat)
        try await server.stop()
    }
}

/// A chat that runs in a task of its own.
private final class RunningChat: Sendable {
    let server: ScriptedServer
    private let keyboard = Pipe()
    private let stem: String
    private let task: Task<LineChat.Outcome, any Error>

    init(_ server: ScriptedServer, _ configuration: ChatSession.Configuration) throws {
        self.server = server
        let stem = FileManager.default.temporaryDirectory.path + "/chat-\(UInt64.random(in: 0...UInt64.max))"
        self.stem = stem
        let descriptors = [".out", ".err"].map { open(stem + $0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        let output = LineOutput(output: descriptors[0], errors: descriptors[1], canRewrite: false)
        let input = keyboard.fileHandleForReading.fileDescriptor
        task = Task {
            defer { descriptors.forEach { close($0) } }
            return try await LineReader.with(descriptor: input) { reader in
                try await ChatSession.with(configuration) { session in
                    let chat = LineChat(session: session, rooms: [lobby], count: 0, style: LineStyle(), output: output)
                    return try await chat.run(reader, termination: Termination(), timeout: 20)
                }
            }
        }
    }

    deinit {
        for suffix in [".out", ".err"] { unlink(stem + suffix) }
    }

    func type(_ text: String) { keyboard.fileHandleForWriting.write(Data(text.utf8)) }

    func endInput() { try? keyboard.fileHandleForWriting.close() }

    func outcome() async throws -> LineChat.Outcome {
        let result = try await within("the chat's end") { [task] in await task.result }
        return try result.get()
    }

    var output: String { Self.text(stem + ".out") }
    var errors: String { Self.text(stem + ".err") }

    func shows(_ text: String) async throws { try await appears(text) { $0.output } }

    func says(_ text: String) async throws { try await appears(text) { $0.errors } }

    private func appears(_ text: String, _ place: @escaping @Sendable (RunningChat) -> String) async throws {
        _ = try await within(text) { [self] in
            while !place(self).contains(text) { try await Task.sleep(for: .milliseconds(5)) }
            return true
        }
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
