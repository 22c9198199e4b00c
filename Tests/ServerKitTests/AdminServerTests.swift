import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import ServerKit

@Suite(.timeLimit(.minutes(1))) struct AdminServerTests {
    static let anyPort = HostPort(host: "127.0.0.1", port: 0)

    func withServer(
        readiness: @escaping @Sendable () -> Readiness = { .ready },
        health: @escaping @Sendable () async -> Readiness = { .ready },
        metrics: MetricsRegistry = MetricsRegistry(), _ body: (AdminServer) async throws -> Void
    ) async throws {
        let server = try await AdminServer.start(
            on: Self.anyPort, metrics: metrics, readiness: readiness, health: health, logger: Logger(label: "test"))
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// Sends bytes on a connection of its own and answers everything until the server closes it.
    func exchange(_ request: String, with server: AdminServer) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: server.address.host, port: server.address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            for try await part in inbound { answer.writeImmutableBuffer(part) }
            return String(buffer: answer)
        }
    }

    func get(
        _ path: String, method: String = "GET", from server: AdminServer
    ) async throws -> (status: String, head: String, body: String) {
        let answer = try await exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", with: server)
        let end = try #require(answer.range(of: "\r\n\r\n"))
        let head = String(answer[..<end.lowerBound])
        return (String(head.split(separator: " ")[1]), head.lowercased(), String(answer[end.upperBound...]))
    }

    @Test func aReadyProcessIsHealthyAndReady() async throws {
        try await withServer { server in
            #expect(server.address.port > 0)
            let health = try await get("/healthz", from: server)
            #expect(health.status == "200" && health.body == "healthy\n")
            let ready = try await get("/readyz?verbose", from: server)
            #expect(ready.status == "200" && ready.body == "ready\n")
            #expect(ready.head.contains("cache-control: no-store"))
        }
    }

    @Test func aProcessThatIsNotReadySaysWhy() async throws {
        let state = NIOLockedValueBox(Readiness.ready)
        try await withServer(
            readiness: { state.withLockedValue { $0 } }, health: { .notReady(reasons: ["loop 1 does not answer"]) }
        ) { server in
            #expect(try await get("/readyz", from: server).status == "200")
            state.withLockedValue { $0 = .notReady(reasons: ["draining", "Redis is away:\r\nx"]) }
            let ready = try await get("/readyz", from: server)
            #expect(ready.status == "503")
            #expect(ready.body == "not ready: draining; Redis is away:\\r\\nx\n")
            let health = try await get("/healthz", from: server)
            #expect(health.status == "503" && health.body == "unhealthy: loop 1 does not answer\n")
        }
    }

    @Test func metricsAreServedAsText() async throws {
        let registry = MetricsRegistry()
        registry.counter("x_total", "X.").increment(by: 4)
        try await withServer(metrics: registry) { server in
            let metrics = try await get("/metrics", from: server)
            #expect(metrics.status == "200" && metrics.body.contains("\nx_total 4\n"))
            #expect(metrics.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
        }
    }

    @Test func otherPathsAndMethodsAreRefused() async throws {
        try await withServer { server in
            for path in ["/", "/metrics/", "/healthz/../x", "/%2e%2e/etc/passwd"] {
                #expect(try await get(path, from: server).status == "404")
            }
            for method in ["POST", "DELETE", "PUT"] {
                let answer = try await get("/metrics", method: method, from: server)
                #expect(answer.status == "405" && answer.head.contains("allow: get, head"))
            }
            let head = try await get("/healthz", method: "HEAD", from: server)
            #expect(head.status == "200" && head.body.isEmpty)
        }
    }

    @Test func whatIsNoRequestHarmsNothing() async throws {
        try await withServer { server in
            let refusal = try await exchange("nonsense\r\n\r\n", with: server)
            #expect(refusal.hasPrefix("HTTP/1.1 400"))
            let long = String(repeating: "x", count: 100_000)
            let answer = try? await exchange("GET /healthz HTTP/1.1\r\nX: \(long)\r\n\r\n", with: server)
            #expect(answer?.hasPrefix("HTTP/1.1 200") != true)
            let health = try await get("/healthz", from: server)
            #expect(health.status == "200")
        }
    }

    @Test func manyAsksAtOnceAreAnswered() async throws {
        try await withServer { server in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<AdminServer.connectionsMax + 40 {
                    group.addTask { try await get("/readyz", from: server).status }
                }
                for try await status in group { #expect(status == "200") }
            }
        }
    }

    @Test func anAddressInUseIsSaid() async throws {
        try await withServer { server in
            let error = await #expect(throws: ProcessFailure.self) {
                _ = try await AdminServer.start(
                    on: server.address, metrics: MetricsRegistry(), readiness: { .ready }, logger: Logger(label: "test")
                )
            }
            #expect(error?.exitStatus == .unavailable)
            #expect(error?.description.contains("cannot bind \(server.address)") == true)
        }
    }

    @Test func stoppedMeansClosed() async throws {
        var address = Self.anyPort
        try await withServer { address = $0.address }
        await #expect(throws: (any Error).self) {
            _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: address.host, port: address.port).get()
        }
    }

    @Test func aConnectionEndsAtItsDeadline() throws {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(ConnectionDeadline(.seconds(30)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }
}
