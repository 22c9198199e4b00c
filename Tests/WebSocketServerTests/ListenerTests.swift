import NIOCore
import NIOPosix
import Testing

@testable import WebSocketServer

@Suite struct ListenerTests {
    @Test func atTheLimitNewConnectionsWaitAndComeInLater() async throws {
        try await TestServer.run {
            $0.limits.connectionsMax = 3
        } _: { server in
            var clients: [RawClient] = []
            for _ in 0..<3 { clients.append(try await RawClient.webSocket(to: server.address)) }
            let waiting = try await RawClient.connect(to: server.address)
            try await waiting.send(text: Request.upgrade())
            try await eventually("it is said") { server.listener.isAtCapacity }
            #expect(server.listener.counts.connections == 3)
            #expect(server.listener.counts.capacityPauses == 1)
            #expect(waiting.received.text.isEmpty)
            try await clients[0].close()
            try await eventually("the one that waited is served") { waiting.received.text.hasPrefix("HTTP/1.1 101") }
            #expect(server.listener.counts.accepted == 4)
            for client in clients.dropFirst() { try await client.close() }
            try await eventually("there is room again") { !server.listener.isAtCapacity }
        }
    }

    @Test func pausedAcceptingLeavesConnectionsWaiting() async throws {
        try await TestServer.run { server in
            let first = try await RawClient.webSocket(to: server.address)
            server.listener.pauseAccepting()
            for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
            // One more slips in: the accept that was already asked for when the pause came.
            _ = try await RawClient.connect(to: server.address)
            let waiting = try await RawClient.connect(to: server.address)
            try await waiting.send(text: Request.upgrade())
            try await first.send(ClientFrame.text("still here"))
            try await eventually("those inside are served") { first.frames.count == 1 }
            #expect(waiting.received.text.isEmpty)
            server.listener.resumeAccepting()
            try await eventually("the one that waited is served") { waiting.received.text.hasPrefix("HTTP/1.1 101") }
        }
    }

    /// Full neither at the pause nor at the end of it, and above the mark from which a full server opens again.
    @Test func aPauseJustBelowTheLimitEnds() async throws {
        try await TestServer.run {
            $0.limits.connectionsMax = 3
        } _: { server in
            var clients: [RawClient] = []
            for _ in 0..<3 { clients.append(try await RawClient.webSocket(to: server.address)) }
            try await eventually("it is full") { server.listener.isAtCapacity }
            server.listener.pauseAccepting()
            try await clients[0].close()
            try await eventually("one is gone") { server.listener.counts.connections == 2 }
            let waiting = try await RawClient.connect(to: server.address)
            try await waiting.send(text: Request.upgrade())
            server.listener.resumeAccepting()
            try await eventually("the one that waited is served") { waiting.received.text.hasPrefix("HTTP/1.1 101") }
        }
    }

    @Test func stoppingClosesEveryConnection() async throws {
        try await TestServer.run { server in
            let upgraded = try await RawClient.webSocket(to: server.address)
            let shaking = try await RawClient.connect(to: server.address)
            try await eventually("both are in") { server.listener.counts.connections == 2 }
            let stopping = Task { await server.listener.stop(deadline: .now() + .seconds(10)) }
            try await eventually("the Close") { upgraded.frames.last?.closeCode == 1001 }
            try await upgraded.send(ClientFrame.close(1001))
            await stopping.value
            try await eventually("both are gone") { server.listener.counts.connections == 0 }
            #expect(shaking.received.text.hasPrefix("HTTP/1.1 503 "))
            #expect(server.journal.closings == [.closed(.goingAway, wasClean: true)])
            await #expect(throws: (any Error).self) { try await RawClient.connect(to: server.address) }
        }
    }

    @Test func stoppingEndsByItsDeadline() async throws {
        try await TestServer.run {
            $0.deadlines.close = .seconds(60)
        } _: { server in
            let client = try await RawClient.webSocket(to: server.address)
            await server.listener.stop(deadline: .now() + .milliseconds(100))
            try await eventually("it is cut") { client.received.isClosed }
            #expect(server.journal.closings == [.closed(.goingAway, wasClean: false)])
        }
    }

    @Test func contradictorySettingsAreRefused() async throws {
        for configure: (inout WebSocketServerSettings) -> Void in [
            { $0.port = 70_000 }, { $0.limits.connectionsMax = 0 }, { $0.limits.unfinishedBytesMax = 1 },
            { $0.limits.outboundBytesHigh = $0.limits.outboundBytesMax }, { $0.expectsProxyHeader = true },
        ] {
            await #expect(throws: WebSocketServerError.self) { try await TestServer.run(configure) { _ in } }
        }
    }

    @Test func aTakenPortIsToldInWords() async throws {
        try await TestServer.run { server in
            let error = await #expect(throws: WebSocketServerError.self) {
                try await TestServer.run {
                    $0.port = server.address.port ?? 0
                } _: { _ in
                }
            }
            #expect(error?.code == .cannotListen)
        }
    }
}
