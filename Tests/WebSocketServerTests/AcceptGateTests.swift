import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketServer

/// The gate alone, with the listener's channel played.
@Suite struct AcceptGateTests {
    /// Counts the reads that reach the socket.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var reads = 0
        func read(context: ChannelHandlerContext) { reads += 1 }
    }

    private let counters = ServerCounters()
    private let channel = EmbeddedChannel()
    private let socket = Socket()

    private func gate(connectionsMax: Int) throws -> AcceptGate {
        let gate = AcceptGate(
            connectionsMax: connectionsMax, counters: counters,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try channel.pipeline.syncOperations.addHandlers([socket, gate])
        return gate
    }

    /// The pause ends with more connections than those at which a full server opens again, and fewer than the limit.
    @Test func theEndOfAPauseBelowTheLimitReads() throws {
        let gate = try gate(connectionsMax: 100)
        defer { _ = try? channel.finish() }
        gate.setPaused(true)
        channel.pipeline.read()
        #expect(socket.reads == 0)
        counters.connections.add(99)
        gate.setPaused(false)
        #expect(socket.reads == 1)
        #expect(counters.atCapacity.value == 0)
    }

    @Test func theEndOfAPauseAtTheLimitWaitsForRoom() throws {
        let gate = try gate(connectionsMax: 100)
        defer { _ = try? channel.finish() }
        gate.setPaused(true)
        channel.pipeline.read()
        counters.connections.add(100)
        gate.setPaused(false)
        #expect(socket.reads == 0)
        #expect(counters.atCapacity.value == 1)
        counters.connections.add(-2)
        gate.setPaused(false)
        #expect(socket.reads == 1)
        #expect(counters.atCapacity.value == 0)
    }
}
