import ChatTesting
import Crypto
import Foundation
import Testing

extension Scenarios {
    /// Who gets in and what they may do, where guests are not let in.
    @Suite struct Tokens {
        @Test func withoutATokenNobodyGetsIn() async throws {
            try await Self.withTokens { edge, _ in
                let client = try await WireClient.connect(port: edge.port)
                try client.send(["type": "hello", "user": "ann"])
                #expect(try await client.expect("error").code == "unauthorized")
                #expect(try await client.ending().code == 4500)
            }
        }

        @Test func tokensThatAreNotGoodAreRefusedAlike() async throws {
            try await Self.withTokens { edge, secret in
                let good = Self.token(["sub": "ann"], secret)
                let parts = good.split(separator: ".").map(String.init)
                let unsigned = Self.base64URL(Data(#"{"alg":"none","typ":"JWT"}"#.utf8)) + ".\(parts[1])."
                let bad: [(what: String, token: String, code: Int)] = [
                    ("nonsense", "nonsense", 4500),
                    ("another key", Self.token(["sub": "ann"], SymmetricKey(size: .bits256)), 4500),
                    ("no algorithm", unsigned, 4500),
                    (
                        "another's payload",
                        [
                            parts[0], Self.token(["sub": "eve"], secret).split(separator: ".").map(String.init)[1],
                            parts[2],
                        ].joined(separator: "."), 4500
                    ),
                    ("not yet", Self.token(["sub": "ann", "nbf": Date().timeIntervalSince1970 + 3600], secret), 4500),
                    ("expired", Self.token(["sub": "ann", "exp": Date().timeIntervalSince1970 - 3600], secret), 4501),
                ]
                for (what, token, code) in bad {
                    let client = try await WireClient.connect(port: edge.port)
                    try client.send(["type": "hello", "token": token])
                    #expect(try await client.expect("error").code == "unauthorized", "\(what)")
                    #expect(try await client.ending().code == code, "\(what)")
                }
            }
        }

        @Test func theTokenNamesTheUserInTheHeaderAndInHello() async throws {
            try await Self.withTokens { edge, secret in
                let token = Self.token(["sub": "ann"], secret)
                let byHello = try await WireClient.connect(port: edge.port)
                #expect(try await byHello.hello("mallory", token: token).user == "ann")
                let byHeader = try await WireClient.connect(
                    port: edge.port, headers: [("Authorization", "Bearer \(token)")])
                #expect(try await byHeader.hello(nil).user == "ann")
            }
        }

        @Test func rightsAreCheckedPerRoom() async throws {
            try await Self.withTokens { edge, secret in
                let token = Self.token(
                    ["sub": "ann", "rooms": ["read": ["news", "team-*"], "write": ["team-*"]]], secret)
                let client = try await WireClient.connect(port: edge.port)
                _ = try await client.hello(nil, token: token)
                _ = try await client.join("team-red")
                _ = try await client.say("hello", in: "team-red")
                _ = try await client.join("news")
                let mute = try await client.ask(["type": "send", "room": "news", "key": "k", "body": "b"])
                #expect(mute.code == "forbidden")

                // Whether a room exists is nobody's business who may not read it.
                let other = try await WireClient.connect(port: edge.port)
                _ = try await other.hello(nil, token: Self.token(["sub": "bob"], secret))
                _ = try await other.join("secret")
                for type in ["join", "history", "who", "send"] {
                    let frame: [String: any Sendable] = ["type": type, "key": "k", "body": "b"]
                    let existing = try await client.ask(frame.merging(["room": "secret"]) { $1 })
                    let absent = try await client.ask(frame.merging(["room": "nowhere"]) { $1 })
                    #expect(existing.code == "forbidden", "\(type)")
                    #expect(existing.code == absent.code && existing.message == absent.message, "\(type)")
                }
            }
        }

        @Test func aSessionEndsWithItsToken() async throws {
            try await Self.withTokens { edge, secret in
                // The edge grants 30 s of leeway for clocks that differ.
                let token = Self.token(["sub": "ann", "exp": Date().timeIntervalSince1970.rounded() - 28], secret)
                let client = try await WireClient.connect(port: edge.port)
                _ = try await client.hello(nil, token: token)
                #expect(try await client.ending(within: .seconds(8)).code == 4501)
            }
        }

        @Test func aTokenForAnotherServiceIsRefused() async throws {
            let flags = ["--token-audience", "chat", "--token-issuer", "ids"]
            try await Self.withTokens(flags: flags) { edge, secret in
                for claims in [["aud": "chat"], ["iss": "ids"], ["aud": "mail", "iss": "ids"]] {
                    let client = try await WireClient.connect(port: edge.port)
                    let token = Self.token(claims.merging(["sub": "ann"]) { mine, _ in mine }, secret)
                    try client.send(["type": "hello", "token": token])
                    #expect(try await client.ending().code == 4500, "\(claims)")
                }
                let client = try await WireClient.connect(port: edge.port)
                let token = Self.token(["sub": "ann", "aud": ["mail", "chat"], "iss": "ids"], secret)
                #expect(try await client.hello(nil, token: token).user == "ann")
                #expect(edge.process.errors.contains("cause=wrong_issuer"))
                let metrics = try await edge.metrics()
                #expect(metrics[#"termchat_edge_tokens_refused_total{cause="wrong_audience"}"#] == 2)
            }
        }

        @Test func aUserHasSoManySessions() async throws {
            try await Self.withTokens(flags: ["--sessions-per-user", "2"]) { edge, secret in
                let token = Self.token(["sub": "ann"], secret)
                var clients: [WireClient] = []
                for _ in 1...2 {
                    clients.append(try await WireClient.connect(port: edge.port))
                    _ = try await clients.last?.hello(nil, token: token)
                }
                let third = try await WireClient.connect(port: edge.port)
                try third.send(["type": "hello", "token": token])
                let error = try await third.expect("error")
                #expect(error.code == "rate_limited" && error.retryAfterMs != nil)
                #expect(try await third.ending().code == 4002)
                clients[0].close()
                try await eventually("there is room for another") {
                    let next = try await WireClient.connect(port: edge.port)
                    try next.send(["type": "hello", "token": token])
                    return (try? await next.expect("welcome", within: .seconds(1))) != nil
                }
            }
        }

        private static func withTokens(
            flags: [String] = [], _ body: (EdgeProcess, SymmetricKey) async throws -> Void
        ) async throws {
            let secret = SymmetricKey(size: .bits256)
            let text = secret.withUnsafeBytes { Data($0).base64EncodedString() }
            let path = FileManager.default.temporaryDirectory.path + "/token-key-\(UInt64.random(in: .min ... .max))"
            let isWritten = FileManager.default.createFile(
                atPath: path, contents: Data("base64:\(text)\n".utf8), attributes: [.posixPermissions: 0o600])
            try require(isWritten, "cannot write \(path)")
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--token-key", path] + flags, guests: false) {
                cluster in
                try await body(cluster.edge("edge-a"), secret)
            }
        }

        /// A JSON Web Token, HS256, good for an hour unless `claims` say otherwise.
        private static func token(_ claims: [String: Any], _ secret: SymmetricKey) -> String {
            let whole = claims.merging(["exp": Date().timeIntervalSince1970 + 3600]) { mine, _ in mine }
            let payload = (try? JSONSerialization.data(withJSONObject: whole)) ?? Data()
            let signed = base64URL(Data(#"{"alg":"HS256","typ":"JWT"}"#.utf8)) + "." + base64URL(payload)
            return signed + "."
                + base64URL(Data(HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: secret)))
        }

        private static func base64URL(_ data: Data) -> String {
            data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
        }
    }
}
