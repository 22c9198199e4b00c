import ChatTesting
import Foundation
import NIOCore
import Testing

@testable import HiredisClient

@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    @Test func aTrustedServerIsUsed() async throws {
        try await withRedis(LocalRedis.Options(tls: true)) { redis in
            for host in ["localhost", "127.0.0.1"] {
                let url = "rediss://\(host):\(redis.tlsPort)?ca=\(redis.authorityFile)"
                try await withCommandLink(to: url) { client in
                    try await client.isUp()
                    let text = String(repeating: "x", count: 1 << 20)
                    #expect(try await client.send(Call("ECHO", text)) == .text(text))
                }
            }
        }
    }

    @Test func messagesAreHeardAndConnectionsRestored() async throws {
        try await withRedis(LocalRedis.Options(tls: true)) { redis in
            try await withSubscriptionLink(to: redis.tlsURL) { client in
                try await client.subscribe("a")
                try await redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
                try await client.wasUp(times: 2)
                try await redis.cli("PUBLISH", "a", "1")
                try await client.hears("a 1")
            }
        }
    }

    @Test func aServerThatNobodyVouchesForIsRefused() async throws {
        try await withRedis(LocalRedis.Options(tls: true)) { redis in
            try await withCommandLink(to: "rediss://localhost:\(redis.tlsPort)") { client in
                try await client.reports("the certificate") { state in
                    guard case .down(let reason) = state else { return false }
                    return reason.localizedCaseInsensitiveContains("certificate")
                }
                #expect(await code { try await client.send(Ping()) } == .notSent)
            }
        }
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        try await withRedis(LocalRedis.Options(tls: true)) { redis in
            let url = "rediss://127.0.0.2:\(redis.tlsPort)?ca=\(redis.authorityFile)"
            try await redis.cli("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2")
            try await withCommandLink(to: url) { client in
                try await client.reports("the certificate") { if case .down = $0 { true } else { false } }
                #expect(!client.states.values.contains { if case .up = $0 { true } else { false } })
            }
        }
    }

    @Test func aMissingAuthorityFileIsSaidAndStoppingStillEnds() async throws {
        try await withRedis(LocalRedis.Options(tls: true)) { redis in
            try await withCommandLink(to: "rediss://localhost:\(redis.tlsPort)?ca=/nowhere.pem") { client in
                try await client.reports("the reason") { if case .down = $0 { true } else { false } }
            }
        }
    }
}
