import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import Dispatch
import NIOCore
import NIOPosix
import ServerKit
import Testing

/// The way into a running edge, and what it says of itself.
@Suite(.serialized, .timeLimit(.minutes(2))) struct EntranceServerTests {
    private func withEdge(
        _ configure: (inout EdgeSettings) -> Void = { _ in }, threads: Int = 2,
        _ body: (RunningEdge, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let edge = try await RunningEdge.alone(
            on: group, proxies: ["127.0.0.1"], verifier: try await TestKey.verifier(), configure)
        try await body(edge, group)
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    private static let client = ("X-Forwarded-For", "203.0.113.9")

    /// The answer to an upgrade that is refused.
    private func refusal(_ edge: RunningEdge, headers: [(String, String)]) async throws -> HTTPAnswer? {
        do {
            let client = try await WireClient.connect(port: edge.port, headers: headers)
            await client.drop()
            return nil
        } catch let refusal as WireRefusal {
            return refusal.answer
        }
    }

    @Test func beyondTheConnectionsOfItsAddressAClientIsToldToWait() async throws {
        try await withEdge {
            $0.connectionsPerAddress = 2
        } _: { edge, _ in
            let first = try await WireClient.connect(port: edge.port, headers: [Self.client])
            let second = try await WireClient.connect(port: edge.port, headers: [Self.client])
            let answer = try #require(try await refusal(edge, headers: [Self.client]))
            #expect(answer.status == 429)
            #expect(answer.headers["retry-after"] == "10")
            #expect(try await refusal(edge, headers: [("X-Forwarded-For", "203.0.113.10")]) == nil)
            #expect(try await refusal(edge, headers: []) == nil, "the proxy itself is not a client")
            await first.drop()
            try await eventually("its place is free again") {
                try await refusal(edge, headers: [Self.client]) == nil
            }
            await second.drop()
            #expect(edge.registry.prometheusText().contains("termchat_edge_connects_limited_total"))
        }
    }

    @Test func addressesWithBadTokensWaitOutside() async throws {
        try await withEdge { edge, _ in
            var answer: HTTPAnswer?
            var tries = 0
            while answer == nil, tries < 30 {
                tries += 1
                do {
                    let client = try await WireClient.connect(port: edge.port, headers: [Self.client])
                    try client.send(["type": "hello", "token": "no-token"])
                    #expect(try await client.ending().code == 4500)
                } catch let refusal as WireRefusal {
                    answer = refusal.answer
                }
            }
            #expect(answer?.status == 429)
            #expect(tries > 10)
            #expect(try await refusal(edge, headers: [("X-Forwarded-For", "203.0.113.10")]) == nil)
        }
    }

    @Test(arguments: [
        [("Authorization", "Basic YW5uOnB3")], [("Authorization", "Bearer")],
        [("Authorization", "Bearer a"), ("Authorization", "Bearer a")],
        [("Authorization", "Bearer " + String(repeating: "x", count: 5000))],
    ])
    func anUnusableCredentialMakesNobodyAGuest(_ headers: [(String, String)]) async throws {
        try await withEdge { edge, _ in
            let answer = try await refusal(edge, headers: headers)
            #expect(answer?.status == 401)
        }
    }

    @Test func aConnectionThatUpgradesDuringTheDrainIsSentElsewhere() async throws {
        try await withEdge {
            ($0.drain, $0.stop) = (.seconds(10), .seconds(20))
        } _: { edge, _ in
            let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
            // Accepted, and not yet upgraded.
            let late = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { $0.eventLoop.makeSucceededVoidFuture() }
                .connect(host: "127.0.0.1", port: edge.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            try await eventually("it is accepted") {
                edge.registry.prometheusText().contains("\ntermchat_edge_sockets 2\n")
            }
            let stopping = Task { await edge.server.stop() }
            try await ann.expect("draining")
            try await late.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string: "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
                var answer = ""
                for try await bytes in inbound { answer += String(buffer: bytes) }
                #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
            }
            ann.close()
            await stopping.value
        }
    }

    @Test func anEventLoopThatIsStuckMakesTheNodeUnready() async throws {
        try await withEdge { edge, group in
            let gate = DispatchSemaphore(value: 0)
            group.next().execute { gate.wait() }
            try await eventually("it is said") {
                guard case .notReady(let reasons) = edge.server.readiness else { return false }
                return reasons.contains { $0.contains("is stuck") }
            }
            #expect(edge.server.health == .ready, "too early for a restart")
            gate.signal()
            try await eventually("it is ready again") { edge.server.readiness == .ready }
        }
    }
}
