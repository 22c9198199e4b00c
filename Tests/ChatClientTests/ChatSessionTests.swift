import ChatWire
import Foundation
import NIOCore
import NIOWebSocket
import Testing

@testable import ChatClient

/// The driver against a server that follows a script.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ChatSessionTests {
    @Test func joinsAndShowsWhatIsSaid() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet(entries(1...2), at: 2)
            peer.send(.entry(room: lobby, entry(3)))
            #expect(try await session.shown(3) == [1, 2, 3])
        }
    }

    @Test func aDroppedConnectionIsContinuedWithoutLossOrRepetition() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            try await first.greet(entries(1...2), at: 2)
            #expect(try await session.shown(2) == [1, 2])
            first.drop()
            let second = try await server.accept()
            guard case .hello(let hello) = try await second.next() else { throw Unexpected() }
            #expect(hello.resume == "secret")
            second.send(.welcome(welcomeFrame()))
            let join = try await second.answerJoin(entries(3...4), at: 4)
            #expect(join.since == position(2))
            second.send(.entry(room: lobby, entry(4)))
            second.send(.entry(room: lobby, entry(5)))
            #expect(try await session.shown(3) == [3, 4, 5])
        }
    }

    @Test func aConnectionCutInsideAMessageLosesNothing() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            try await first.greet([], at: 0)
            var text = ByteBuffer()
            ServerFrame.entry(room: lobby, entry(1)).encode(into: &text)
            let half = text.getSlice(at: 0, length: text.readableBytes / 2) ?? text
            first.write(WebSocketFrame(fin: false, opcode: .text, data: half))
            first.drop()
            let second = try await server.accept()
            try await second.greet([entry(1)], at: 1)
            #expect(try await session.shown(1) == [1])
        }
    }

    @Test func fragmentsAreJoined() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet([], at: 0)
            var text = ByteBuffer()
            ServerFrame.entry(room: lobby, entry(1)).encode(into: &text)
            let bytes = text.readableBytesView
            for (index, byte) in bytes.enumerated() {
                let isLast = index == bytes.count - 1
                peer.write(
                    WebSocketFrame(
                        fin: isLast, opcode: index == 0 ? .text : .continuation, data: ByteBuffer(bytes: [byte])))
            }
            #expect(try await session.shown(1) == [1])
        }
    }

    @Test func aMessageIsSentAgainUntilItIsStored() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            try await first.greet()
            let message = OutgoingMessage(room: lobby, body: "hello\nworld")
            try await session.send(message)
            let send = try await first.nextSend()
            #expect(send.key == message.key)
            #expect(String(buffer: send.bodyJSON) == #""hello\nworld""#)
            first.drop()
            let second = try await server.accept()
            try await second.greet()
            let again = try await second.nextSend()
            #expect(again.key == message.key)
            second.send(.ack(ref: again.ref, room: lobby, id: position(1), duplicate: true))
            let stored = try await session.first { if case .stored(let stored, _, true) = $0 { stored } else { nil } }
            #expect(stored == message)
        }
    }

    @Test func drainingOpensTheNextConnectionBeforeTheOldOneCloses() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            try await first.greet([entry(1)], at: 1)
            first.send(.draining(reconnectAfterMilliseconds: 20))
            let second = try await server.accept()
            #expect(first.channel.isActive)
            first.send(.entry(room: lobby, entry(2)))
            try await second.greet([entry(2)], at: 2)
            try await within("the old connection's end") { try await first.channel.closeFuture.get() }
            second.send(.entry(room: lobby, entry(3)))
            var events: [SessionEvent] = []
            while events.count(where: \.isEntry) < 3 { events.append(try await session.nextEvent()) }
            #expect(events.compactMap(\.number) == [1, 2, 3])
            #expect(!events.contains { if case .disconnected = $0 { true } else { false } })
        }
    }

    @Test(arguments: [CloseCode.unauthorized, .tokenExpired, .kicked])
    func closeCodesThatForbidEndTheSession(code: CloseCode) async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet()
            peer.close(code)
            let reason = try await session.first { if case .stopped(let reason) = $0 { reason } else { nil } }
            #expect(reason.kind == .notPermitted)
        }
    }

    @Test(arguments: [CloseCode.goingAway, .draining, .slowConsumer, .pingTimeout])
    func otherCloseCodesReconnect(code: CloseCode) async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet()
            peer.close(code)
            try await server.accept().greet()
        }
    }

    @Test func aServerThatIsNotThereIsTriedUntilItIs() async throws {
        let server = try await ScriptedServer()
        let port = server.port
        try await server.stop()
        try await ChatSession.with(.init(server: .init(host: "127.0.0.1", port: port))) { session in
            session.join(lobby)
            let attempt = try await session.first {
                if case .disconnected(_, _, let attempt) = $0 { attempt } else { nil }
            }
            #expect(attempt == 1)
            let back = try await ScriptedServer(port: port)
            try await back.accept().greet()
            try await back.stop()
        }
    }

    @Test func silenceIsNoticed() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            guard case .hello = try await first.next() else { throw Unexpected() }
            first.send(.welcome(welcomeFrame(pingInterval: 100)))
            try await first.answerJoin()
            #expect(try await first.next() == .ping(ref: nil))
            try await server.accept().greet()
        }
    }

    @Test func framesThatAreNotUnderstoodReconnectAndUnknownOnesDoNot() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let first = try await server.accept()
            try await first.greet()
            first.send(text: ByteBuffer(string: #"{"type":"news","of":"tomorrow"}"#))
            first.send(.entry(room: lobby, entry(1)))
            #expect(try await session.shown(1) == [1])
            first.send(text: ByteBuffer(string: #"{"type":"message"}"#))
            try await server.accept().greet([], at: 1)
        }
    }

    @Test func requestsAreAnsweredAndCanBeCancelled() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet()
            async let who = session.who(lobby)
            guard case .who(let ref, lobby) = try await peer.next() else { throw Unexpected() }
            peer.send(.members(ref: ref, room: lobby, members: [], count: 3))
            #expect(try await who.count == 3)
            let waiting = Task { try await session.rooms(limit: 1) }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
    }

    @Test func anApplicationThatDoesNotReadStopsTheFlow() async throws {
        try await withSession { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet([], at: 0)
            let long = String(repeating: "x", count: 4_000)
            // More than the sockets' buffers hold.
            let count = 6_000
            for number in 1...count {
                var text = ByteBuffer()
                ServerFrame.entry(room: lobby, entry(number, key: long)).encode(into: &text)
                peer.channel.write(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
            }
            peer.channel.flush()
            // What is not read stays in the sockets' buffers: the server notices.
            _ = try await within("back-pressure") { await peer.channel.isBackedUp() ? true : nil }
            #expect(try await session.shown(count) == Array(1...count))
        }
    }

    @Test func theOutboxSurvivesTheSession() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/session-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let message = OutgoingMessage(room: lobby, body: "kept")
        try await withSession(outbox: folder + "/outbox") { session, _ in try await session.send(message) }
        try await withSession(outbox: folder + "/outbox") { session, server in
            #expect(session.restored == [message])
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet()
            let send = try await peer.nextSend()
            #expect(send.key == message.key)
            peer.send(.ack(ref: send.ref, room: lobby, id: position(1), duplicate: false))
            _ = try await session.first { if case .stored = $0 { true } else { nil } }
        }
        try await withSession(outbox: folder + "/outbox") { session, _ in #expect(session.restored == []) }
    }

    /// The process ended between the store and the ack: the next one finds the message in the history.
    @Test func aMessageThatWasStoredWithoutItsAckIsNotSentAgain() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/session-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let message = OutgoingMessage(room: lobby, body: "stored")
        try await withSession(outbox: folder + "/outbox") { session, server in
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet(entries(1...2), at: 2)
            #expect(try await session.shown(2) == [1, 2])
            try await session.send(message)
            #expect(try await peer.nextSend().key == message.key)
        }
        try await withSession(outbox: folder + "/outbox") { session, server in
            #expect(session.restored == [message])
            session.join(lobby)
            let peer = try await server.accept()
            guard case .hello = try await peer.next() else { throw Unexpected() }
            peer.send(.welcome(welcomeFrame()))
            let join = try await peer.answerJoin([entry(3, key: message.key)], at: 3)
            #expect(join.since == position(2))
            let stored = try await session.first { if case .stored(let stored, _, _) = $0 { stored } else { nil } }
            #expect(stored == message)
        }
        try await withSession(outbox: folder + "/outbox") { session, _ in #expect(session.restored == []) }
    }

    @Test func aSessionThatNobodyHoldsClosesItsConnection() async throws {
        let server = try await ScriptedServer()
        let peer = try await {
            let session = try await ChatSession(.init(server: .init(host: "127.0.0.1", port: server.port)))
            session.join(lobby)
            let peer = try await server.accept()
            try await peer.greet()
            return peer
        }()
        try await within("the connection's end") { try await peer.channel.closeFuture.get() }
        try await server.stop()
    }

    @Test func cancellingTheReaderEndsTheSession() async throws {
        let server = try await ScriptedServer()
        let session = try await ChatSession(.init(server: .init(host: "127.0.0.1", port: server.port)))
        session.join(lobby)
        let peer = try await server.accept()
        try await peer.greet()
        let reading = Task { for await _ in session.events {} }
        reading.cancel()
        try await within("the connection's end") { try await peer.channel.closeFuture.get() }
        await session.close()
        try await server.stop()
    }

    private func withSession(
        outbox: String? = nil, _ body: @Sendable (ChatSession, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer()
        var configuration = ChatSession.Configuration(server: .init(host: "127.0.0.1", port: server.port), user: "ann")
        configuration.outboxPath = outbox
        try await ChatSession.with(configuration) { session in try await body(session, server) }
        try await server.stop()
    }
}

extension ChatSession {
    fileprivate func nextEvent() async throws -> SessionEvent {
        try await within("an event") { [events] in
            let iterator = events.makeAsyncIterator()
            return await iterator.next()
        }
    }

    /// The first event that `pick` takes.
    fileprivate func first<Value: Sendable>(_ pick: @escaping @Sendable (SessionEvent) -> Value?) async throws -> Value
    {
        try await within("an event") { [events] in
            for await event in events {
                if let value = pick(event) { return value }
            }
            return nil
        }
    }

    /// The numbers of the next `count` entries.
    fileprivate func shown(_ count: Int) async throws -> [Int] {
        try await within("\(count) entries") { [events] in
            var numbers: [Int] = []
            for await event in events {
                if let number = event.number { numbers.append(number) }
                if numbers.count == count { return numbers }
            }
            return nil
        }
    }
}

extension SessionEvent {
    fileprivate var number: Int? {
        if case .entry(_, let entry) = self { Int(entry.id.milliseconds) } else { nil }
    }

    fileprivate var isEntry: Bool { number != nil }
}

extension Channel {
    /// Whether what was written does not get out.
    fileprivate func isBackedUp() async -> Bool {
        for _ in 0..<200 {
            let isWritable = self.isWritable
            try? await Task.sleep(for: .milliseconds(10))
            if !isWritable, !self.isWritable { return true }
        }
        return false
    }
}
