import ChatTesting
import NIOCore
import Testing

@testable import HiredisClient

@Suite(.timeLimit(.minutes(2))) struct RedisSubscriptionLinkTests {
    @Test func whatIsPublishedAfterTheConfirmationIsHeardInOrder() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.subscribe("a", "b")
                try await redis.cli(
                    "EVAL", "for i = 1, 2000 do redis.call('PUBLISH', i % 2 == 0 and 'a' or 'b', i) end", "0")
                try await client.hears("a 2000")
                #expect(client.messages.values == (1...2000).map { "\($0 % 2 == 0 ? "a" : "b") \($0)" })
            }
        }
    }

    @Test func unsubscribedChannelsAreSilent() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.unixURL) { client in
                try await client.subscribe("a", "b")
                _ = try await client.onLoop { link in
                    link.unsubscribe("a")
                    link.unsubscribe("never")
                }
                try await eventually("Redis has one channel") { try await redis.cli("PUBSUB", "CHANNELS") == "b" }
                try await redis.cli("PUBLISH", "a", "lost")
                try await redis.cli("PUBLISH", "b", "heard")
                try await client.hears("b heard")
                #expect(client.messages.values == ["b heard"])
            }
        }
    }

    @Test func churnWithinATickLeavesTheLastWish() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.isUp()
                let last = try await client.onLoop { link in
                    let first = link.subscribe("a")
                    link.unsubscribe("a")
                    return [first, link.subscribe("a"), link.subscribe("b")]
                }
                #expect(await code { try await last[0].get() } == .unsubscribed)
                for future in last[1...] { try await future.get() }
                _ = try await client.onLoop { $0.unsubscribe("b") }
                try await eventually("Redis has one channel") { try await redis.cli("PUBSUB", "CHANNELS") == "a" }
            }
        }
    }

    @Test func aSubscriptionWithoutALinkWaitsForOne() async throws {
        try await withRedis { redis in
            try await redis.kill()
            try await withSubscriptionLink(to: redis.url) { client in
                try await eventually("the link is down") { !client.states.values.isEmpty }
                let waiting = try await client.onLoop { $0.subscribe("a") }
                try await redis.restart()
                try await waiting.get()
                try await redis.cli("PUBLISH", "a", "1")
                try await client.hears("a 1")
            }
        }
    }

    @Test func aKilledConnectionIsRestoredWithEveryChannel() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                let channels = (0..<5_000).map { "room:\($0)" }
                try await client.subscribe(channels)
                for loss in 1...2 {
                    try await redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
                    try await client.wasUp(times: loss + 1)
                    #expect(try await redis.cli("PUBSUB", "CHANNELS").split(separator: "\n").count == 5_000)
                    try await redis.cli("PUBLISH", "room:4999", "\(loss)")
                    try await client.hears("room:4999 \(loss)")
                }
            }
        }
    }

    @Test func aRestartedServerIsRestored() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.subscribe("a")
                try await redis.kill()
                try await redis.restart()
                try await client.wasUp(times: 2)
                try await redis.cli("PUBLISH", "a", "1")
                try await client.hears("a 1")
            }
        }
    }

    @Test func aSubscriberCutForItsOutputBufferComesBack() async throws {
        let options = LocalRedis.Options(configuration: ["client-output-buffer-limit pubsub 1mb 0 0"])
        try await withRedis(options) { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.subscribe("a")
                try await redis.cli("EVAL", "return redis.call('PUBLISH', 'a', string.rep('x', 16 * 1024 * 1024))", "0")
                try await client.wasUp(times: 2)
                try await redis.cli("PUBLISH", "a", "1")
                try await client.hears("a 1")
            }
        }
    }

    @Test func aStalledConnectionIsLeftWhenTheCallerSaysSo() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.subscribe("a")
                redis.pause()
                _ = try await client.onLoop { $0.close(reason: "The probe was not heard.") }
                #expect(client.states.last == .down(reason: "disconnected: The probe was not heard."))
                redis.resume()
                try await client.wasUp(times: 2)
                try await redis.cli("PUBLISH", "a", "1")
                try await client.hears("a 1")
            }
        }
    }

    @Test func aServerThatConfirmsNothingIsGivenUp() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url, configure: { $0.connectTimeout = .milliseconds(200) }) {
                client in
                try await client.isUp()
                redis.pause()
                let waiting = try await client.onLoop { $0.subscribe("a") }
                try await eventually("the link reports why") {
                    client.states.values.contains(
                        .down(reason: "disconnected: The server confirmed no subscription within 0.2 seconds."))
                }
                redis.resume()
                try await waiting.get()
            }
        }
    }

    @Test func aForbiddenChannelIsReported() async throws {
        let options = LocalRedis.Options(users: ["alice on >secret ~* resetchannels &tc:* +@all"])
        try await withRedis(options) { redis in
            try await withSubscriptionLink(to: "redis://alice:secret@127.0.0.1:\(redis.port)") { client in
                let forbidden = try await client.onLoop { $0.subscribe("other") }
                try await eventually("the link reports why: \(client.states.values)") {
                    client.states.values.contains { state in
                        guard case .down(let reason) = state else { return false }
                        return reason.contains("NOPERM")
                    }
                }
                _ = try await client.onLoop { $0.unsubscribe("other") }
                #expect(await code { try await forbidden.get() } == .unsubscribed)
                try await client.subscribe("tc:a")
            }
        }
    }

    @Test func tooManyChannelsAreRefused() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url, configure: { $0.limits.channelsMax = 2 }) { client in
                try await client.subscribe("a", "b")
                #expect(await code { try await client.subscribe("c") } == .overloaded)
            }
        }
    }

    @Test(arguments: [
        "*3\r\n$9\r\nsubscribe\r\n$5\r\nother\r\n:1\r\n", "+OK\r\n", "*3\r\n$7\r\nmessage\r\n:1\r\n:1\r\n", "!",
    ])
    func whatIsNoConfirmationEndsThatConnectionOnly(script: String) async throws {
        let server = try await ScriptedServer.start(script: script)
        try await withSubscriptionLink(to: server.url) { client in
            try await client.isUp()
            _ = try await client.onLoop { $0.subscribe("a") }
            try await eventually("the link reports the violation") {
                client.states.values.contains { state in
                    guard case .down(let reason) = state else { return false }
                    return reason.contains("protocolViolation")
                }
            }
        }
        try await server.stop()
    }

    @Test func stoppingLeavesNothingOpen() async throws {
        try await withRedis { redis in
            try await withSubscriptionLink(to: redis.url) { client in
                try await client.subscribe("a")
                redis.pause()
                let waiting = try await client.onLoop { link in
                    let future = link.subscribe("b")
                    _ = link.stop()
                    return future
                }
                #expect(await code { try await waiting.get() } == .stopped)
                #expect(await code { try await client.subscribe("c") } == .stopped)
                redis.resume()
            }
            try await eventually("Redis has no client left") {
                try await !redis.cli("CLIENT", "LIST").contains("name=test")
            }
        }
    }
}
