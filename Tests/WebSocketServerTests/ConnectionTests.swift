import NIOCore
import Testing

@testable import WebSocketServer

@Suite struct ConnectionTests {
    @Test func echoesTextAndBinary() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            let long = String(repeating: "é", count: 10_000)
            try await client.send(ClientFrame.text("hi") + ClientFrame.frame(2, [1, 2]) + ClientFrame.text(long))
            try await eventually("three echoes") { client.frames.count == 3 }
            #expect(
                client.frames == [
                    .init(opcode: 1, payload: Array("hi".utf8)), .init(opcode: 2, payload: [1, 2]),
                    .init(opcode: 1, payload: Array(long.utf8)),
                ])
        }
    }

    @Test func pongsComeInOrderAndBeforeLaterAnswers() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(
                ClientFrame.ping([1]) + ClientFrame.ping([2]) + ClientFrame.text("x") + ClientFrame.ping([3]))
            try await eventually("all answers") { client.frames.count == 4 }
            #expect(client.frames.map(\.opcode) == [10, 10, 1, 10])
            #expect(client.frames.map(\.payload) == [[1], [2], [0x78], [3]])
        }
    }

    @Test func thePeersCloseIsAnsweredAndTheConnectionClosed() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(ClientFrame.text("x") + ClientFrame.close(3001) + ClientFrame.text("after"))
            #expect(try await client.closeCode() == 3001)
            try await eventually("the delegate hears") { !server.journal.closings.isEmpty }
            #expect(
                server.journal.entries.dropFirst() == [
                    .text("x"), .closed(CloseStatus(rawValue: 3001), wasClean: true),
                ])
        }
    }

    @Test func ourCloseWaitsForThePeersAndDeliversNothingMore() async throws {
        try await TestServer.run {
            $0.deadlines.close = .seconds(60)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(ClientFrame.text("close") + ClientFrame.text("after") + ClientFrame.ping())
            try await eventually("our Close") { client.frames.count == 1 }
            #expect(client.frames[0].closeCode == 4001)
            #expect(!client.received.isClosed)
            try await client.send(ClientFrame.text("late") + ClientFrame.close(4001))
            #expect(try await client.closeCode() == 4001)
            try await eventually("the delegate hears") { !server.journal.closings.isEmpty }
            #expect(
                server.journal.entries.dropFirst() == [
                    .text("close"), .closed(CloseStatus(rawValue: 4001), wasClean: true),
                ])
            #expect(client.frames.count == 1)
        }
    }

    @Test func aCloseThatIsNotAnsweredEndsAtItsDeadline() async throws {
        try await TestServer.run {
            $0.deadlines.close = .milliseconds(200)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(ClientFrame.text("close"))
            try await eventually("the server cuts it") { client.received.isClosed }
            #expect(server.journal.closings == [.closed(CloseStatus(rawValue: 4001), wasClean: false)])
        }
    }

    @Test func aViolationIsToldThoughTheClientGoesOnSending() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send([0x81, 0x01, 0x41] + Array(repeating: 0x55, count: 200_000))
            #expect(try await client.closeCode() == 1002)
            #expect(!client.received.wasReset)
            try await eventually("the delegate hears") { !server.journal.closings.isEmpty }
            #expect(server.journal.closings == [.closed(.protocolError, wasClean: false)])
            #expect(server.listener.counts.violations == 1)
        }
    }

    @Test func aLostConnectionIsToldOnce() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.close()
            try await eventually("the delegate hears") { !server.journal.closings.isEmpty }
            #expect(server.journal.closings == [.closed(nil, wasClean: false)])
            #expect(server.listener.counts.webSockets == 0)
        }
    }

    @Test func aMessageThatIsNeverFinishedIsGivenUp() async throws {
        try await TestServer.run {
            $0.deadlines.message = .milliseconds(200)
        } _: { server in
            let inFrame = try await RawClient.webSocket(to: server.address)
            try await inFrame.send(Array(ClientFrame.text("half")[..<8]))
            let inFragments = try await RawClient.webSocket(to: server.address)
            try await inFragments.send(ClientFrame.text("a", isFinal: false))
            #expect(try await inFrame.closeCode() == 1008)
            #expect(try await inFragments.closeCode() == 1008)
        }
    }

    @Test func unfinishedMessagesAreBoundedTogether() async throws {
        try await TestServer.run {
            $0.limits.messageBytesMax = 32 * 1024
            $0.limits.unfinishedBytesMax = 64 * 1024
        } _: { server in
            var clients: [RawClient] = []
            for _ in 0..<8 {
                let client = try await RawClient.webSocket(to: server.address)
                try await client.send(Array(ClientFrame.frame(2, Array(repeating: 0, count: 30_000))[..<29_000]))
                clients.append(client)
            }
            try await eventually("some are refused") { clients.contains { $0.received.isClosed } }
            let codes = clients.compactMap { $0.frames.last?.closeCode }
            #expect(Set(codes) == [1013])
            let survivor = try #require(clients.first { !$0.received.isClosed })
            try await survivor.send(Array(ClientFrame.frame(2, Array(repeating: 0, count: 30_000))[29_000...]))
            try await eventually("a message that had room is echoed") { survivor.frames.count == 1 }
        }
    }

    @Test func aSilentPeerIsPingedAndThenClosed() async throws {
        try await TestServer.run {
            $0.deadlines.pingInterval = .milliseconds(100)
            $0.deadlines.pong = .milliseconds(300)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            #expect(try await client.closeCode() == 4003)
            #expect(client.frames.map(\.opcode) == [9, 8])
            #expect(server.listener.counts.pongsMissed == 1)
        }
    }

    @Test func aPeerThatAnswersPingsStays() async throws {
        try await TestServer.run {
            $0.deadlines.pingInterval = .milliseconds(50)
            $0.deadlines.pong = .milliseconds(1500)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            var answered = 0
            try await eventually("five pings") {
                let pings = client.frames.count
                while answered < pings {
                    try await client.send(ClientFrame.frame(10, []))
                    answered += 1
                }
                return pings >= 5
            }
            #expect(!client.received.isClosed)
        }
    }

    @Test func theTimeOfAMessageStandsStillWhileReadingIsPaused() async throws {
        try await TestServer.run {
            $0.deadlines.message = .milliseconds(500)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(ClientFrame.text("a", isFinal: false))
            let connection = try #require(server.journal.connections.first)
            let loop = connection.eventLoop
            var deadline = NIODeadline.distantFuture
            try await eventually("the beginning is in") {
                deadline = try await loop.submit { connection.messageDeadline }.get()
                return deadline != .distantFuture
            }
            try await loop.submit { connection.pauseReading() }.get()
            try await eventually("its time is over") { NIODeadline.now() > deadline + .milliseconds(100) }
            let resumed = NIODeadline.now()
            try await loop.submit { connection.resumeReading() }.get()
            try await eventually("two sweeps") {
                try await loop.submit { connection.loop.now }.get() > resumed + .milliseconds(60)
            }
            try await client.send(ClientFrame.continuation([0x62], isFinal: true))
            try await eventually("the echo") { client.frames.map(\.text) == ["ab"] }
        }
    }

    @Test func pausedReadingHoldsWhatWasReadAlready() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            try await client.send(ClientFrame.text("pause") + ClientFrame.text("held") + ClientFrame.text("too"))
            try await eventually("the pause") { server.journal.entries.contains(.text("pause")) }
            try await client.send(ClientFrame.text("later"))
            let connection = try #require(server.journal.connections.first)
            for _ in 0..<5 { try await connection.eventLoop.submit {}.get() }
            #expect(server.journal.entries.last == .text("pause"))
            connection.eventLoop.execute { connection.resumeReading() }
            try await eventually("the rest, in order") {
                server.journal.entries.suffix(3) == [.text("held"), .text("too"), .text("later")]
            }
        }
    }

    @Test func anApplicationThatPausesAgainAndAgainGetsAllOfAFlood() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            let naps = 400
            let some = Array(repeating: ClientFrame.text("x"), count: 49).flatMap { $0 } + ClientFrame.text("nap")
            try await client.send(Array(repeating: some, count: naps).flatMap { $0 })
            try await eventually("the last message is taken, or the connection is gone") {
                server.journal.entries.count { $0 == .text("nap") } == naps || !server.journal.closings.isEmpty
            }
            #expect(server.journal.entries.count { $0 == .text("x") } == naps * 49)
            #expect(server.journal.closings.isEmpty)
        }
    }

    @Test func aPeerThatPingsAndNeverReadsIsNotReadFrom() async throws {
        try await TestServer.run {
            $0.limits.outboundBytesHigh = 32 * 1024
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address, reads: false)
            let flood = Array(repeating: ClientFrame.ping(Array(repeating: 7, count: 125)), count: 2000).flatMap { $0 }
            let sending = Task { for _ in 0..<400 { try await client.send(flood) } }
            try await eventually("reading stops") { server.journal.entries.contains(.writable(false)) }
            let connection = try #require(server.journal.connections.first)
            var most = 0
            for _ in 0..<200 {
                most = max(most, try await connection.eventLoop.submit { connection.bufferedBytes }.get())
            }
            #expect(most > 32 * 1024)
            #expect(most < 64 * 1024, "what waits stays near the mark")
            #expect(server.journal.closings.isEmpty)
            try await client.close()
            _ = await sending.result
        }
    }

    @Test func whatAnApplicationWritesBeyondTheLimitResets() async throws {
        try await TestServer.run {
            $0.limits.outboundBytesMax = 256 * 1024
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address, reads: false)
            let connection = try #require(server.journal.connections.first)
            let frames = ByteBuffer(repeating: 0, count: 64 * 1024)
            try await eventually("the server gives up") {
                try await connection.eventLoop.submit { connection.write(frames) }.get()
                return !server.journal.closings.isEmpty
            }
            #expect(server.journal.closings == [.closed(nil, wasClean: false)])
            #expect(server.listener.counts.overflows == 1)
            // The reset has closed it, or will.
            try? await client.close()
        }
    }

    @Test func writesOfOneTickLeaveTogetherAndInOrder() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            let connection = try #require(server.journal.connections.first)
            try await connection.eventLoop.submit {
                for number in 0..<100 { connection.writeText(ByteBuffer(string: "\(number)")) }
                #expect(connection.bufferedBytes > 0, "nothing is flushed within the tick")
            }.get()
            try await eventually("all arrive") { client.frames.count == 100 }
            #expect(client.frames.map(\.text) == (0..<100).map(String.init))
        }
    }

    /// Random bytes after the upgrade: every such connection ends, and the server goes on.
    @Test func whatIsWrittenThroughKeepsItsPlace() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            let connection = try #require(server.journal.connections.first)
            try await connection.eventLoop.submit {
                connection.writeThrough(Self.textFrame("0"))
                #expect(connection.bufferedBytes == 0, "nothing waits: it is sent at once")
                connection.writeText(ByteBuffer(string: "1"))
                connection.writeThrough(Self.textFrame("2"))
                connection.writeText(ByteBuffer(string: "3"))
            }.get()
            try await connection.eventLoop.submit { connection.writeThrough(Self.textFrame("4")) }.get()
            try await eventually("all arrive") { client.frames.count == 5 }
            #expect(client.frames.map(\.text) == ["0", "1", "2", "3", "4"])
        }
    }

    @Test func whatIsWrittenThroughToAPeerThatPausesArrivesOnceAndInOrder() async throws {
        try await TestServer.run {
            $0.limits.outboundBytesMax = 64 << 20
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address, reads: false)
            let connection = try #require(server.journal.connections.first)
            let padding = String(repeating: "x", count: 20_000)
            let count = try await connection.eventLoop.submit {
                // More than the kernel takes, so that a frame is cut in the middle and the rest waits.
                var number = 0
                while number < 20 || connection.bufferedBytes < 1 << 20 {
                    connection.writeThrough(Self.textFrame("\(number) \(padding)"))
                    number += 1
                }
                return number
            }.get()
            try await client.channel.setOption(.autoRead, value: true).get()
            try await eventually("all arrive") { client.frames.count >= count }
            #expect(client.frames.map { $0.text.prefix { $0 != " " } } == (0..<count).map { "\($0)" })
            try await connection.eventLoop.submit {
                connection.writeThrough(Self.textFrame("last"))
                #expect(connection.bufferedBytes == 0, "the queue is empty again")
            }.get()
            try await eventually("the last arrives") { client.frames.last?.text == "last" }
        }
    }

    @Test func nothingIsWrittenThroughAfterAClose() async throws {
        try await TestServer.run { server in
            let client = try await RawClient.webSocket(to: server.address)
            let connection = try #require(server.journal.connections.first)
            try await connection.eventLoop.submit {
                connection.close(.normal)
                connection.writeThrough(Self.textFrame("late"))
            }.get()
            try await eventually("the close arrives") { !client.frames.isEmpty }
            #expect(client.frames.map(\.opcode) == [8])
        }
    }

    private static func textFrame(_ text: String) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeWebSocketText(ByteBuffer(string: text))
        return frame
    }

    @Test func survivesRandomBytes() async throws {
        var random = SeededGenerator.fresh()
        try await TestServer.run {
            $0.deadlines.message = .milliseconds(300)
        } _: { server in
            for _ in 0..<60 {
                let client = try await RawClient.webSocket(to: server.address)
                var bytes = ClientFrame.text("a") + ClientFrame.ping() + ClientFrame.text("b", isFinal: false)
                bytes += (0..<Int.random(in: 1...200, using: &random)).map { _ in .random(in: 0...255, using: &random) }
                let cut = Int.random(in: 0...bytes.count, using: &random)
                try? await client.send(Array(bytes[..<cut]))
                try? await client.send(Array(bytes[cut...]))
                try await eventually("seed \(random.seed): the connection ends") { client.received.isClosed }
            }
            try await eventually("none is left") { server.listener.counts.connections == 0 }
            #expect(server.journal.closings.count == 60, "seed \(random.seed)")
        }
    }
}
