import NIOCore
import Testing

@testable import WebSocketServer

@Suite struct HandshakeTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var contains = ""
        var testDescription: String { name }
    }

    private static let noVersion = Request.upgrade(without: "Sec-WebSocket-Version")
    private static let noKey = "Sec-WebSocket-Key"

    static let refused: [Case] = [
        .init(
            name: "a plain GET", request: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", status: 426,
            contains: "Sec-WebSocket-Version: 13"),
        .init(
            name: "another version",
            request: Request.upgrade(without: "Sec-WebSocket-Version", adding: ["Sec-WebSocket-Version: 8"]),
            status: 426, contains: "Sec-WebSocket-Version: 13"),
        .init(name: "no version", request: noVersion, status: 426),
        .init(name: "no Connection", request: Request.upgrade(without: "Connection"), status: 426),
        .init(name: "no Upgrade", request: Request.upgrade(without: "Upgrade"), status: 426),
        .init(
            name: "another protocol", request: Request.upgrade(without: "Upgrade", adding: ["Upgrade: h2c"]),
            status: 426),
        .init(name: "no key", request: Request.upgrade(without: noKey), status: 400),
        .init(
            name: "two keys", request: Request.upgrade(adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]),
            status: 400),
        .init(
            name: "a short key",
            request: Request.upgrade(without: noKey, adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="]), status: 400),
        .init(
            name: "a key that is not base64",
            request: Request.upgrade(without: noKey, adding: ["Sec-WebSocket-Key: !!!lIHNhbXBsZSBub25jZQ=="]),
            status: 400),
        .init(name: "POST", request: Request.upgrade(method: "POST"), status: 405, contains: "Allow: GET"),
        .init(name: "HTTP/1.0", request: Request.upgrade(version: "HTTP/1.0"), status: 505),
        .init(name: "no Host", request: Request.upgrade(without: "Host"), status: 400),
        .init(name: "an empty Host", request: Request.upgrade(without: "Host", adding: ["Host:"]), status: 400),
        .init(name: "two Hosts", request: Request.upgrade(adding: ["Host: other.example"]), status: 400),
        .init(name: "a body", request: Request.upgrade(adding: ["Content-Length: 5"]) + "hello", status: 400),
        .init(
            name: "a chunked body", request: Request.upgrade(adding: ["Transfer-Encoding: chunked"]) + "0\r\n\r\n",
            status: 400),
        .init(
            name: "two lengths", request: Request.upgrade(adding: ["Content-Length: 0", "Content-Length: 5"]),
            status: 400),
        .init(name: "an unknown path", request: Request.upgrade(path: "/elsewhere"), status: 404),
        .init(
            name: "a target that is not a path", request: Request.upgrade(path: "http://chat.example/ws"), status: 400),
        .init(name: "a malformed escape", request: Request.upgrade(path: "/ws?a=%zz"), status: 400),
        .init(
            name: "a foreign origin", request: Request.upgrade(path: "/ws", adding: ["Origin: https://evil.example"]),
            status: 403),
        .init(name: "a null origin", request: Request.upgrade(path: "/ws", adding: ["Origin: null"]), status: 403),
        .init(
            name: "two origins",
            request: Request.upgrade(
                path: "/ws", adding: ["Origin: https://chat.example", "Origin: https://chat.example"]), status: 403),
        .init(
            name: "a long field",
            request: Request.upgrade(path: "/ws", adding: ["X: " + String(repeating: "x", count: 5000)]), status: 431),
        .init(
            name: "many fields", request: Request.upgrade(path: "/ws", adding: (0..<40).map { "X-\($0): y" }),
            status: 431),
        .init(
            name: "a long target", request: Request.upgrade(path: "/ws?" + String(repeating: "x", count: 5000)),
            status: 431),
        .init(name: "no HTTP", request: "hello there\r\n\r\n", status: 400),
        .init(name: "a TLS hello", request: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", status: 400),
        .init(
            name: "the application's refusal", request: Request.upgrade(path: "/refused"), status: 429,
            contains: #"{"error":{"code":"rate_limited","message":"say \"less\""}}"#),
        .init(
            name: "a second request behind the first",
            request: "GET /ws HTTP/1.1\r\nHost: h\r\n\r\n" + Request.upgrade(path: "/ws"), status: 426),
    ]

    private func run(_ body: (TestServer) async throws -> Void) async throws {
        try await TestServer.run { settings in
            settings.paths = ["/", "/ws", "/refused"]
            settings.allowedOrigins = ["https://chat.example"]
            settings.limits.headerBytesMax = 4096
            settings.limits.headerFieldsMax = 32
        } _: {
            try await body($0)
        }
    }

    @Test func theAnswerToAHeadHasNoBody() async throws {
        try await run { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: Request.upgrade(method: "HEAD"))
            try await eventually("the connection is closed") { client.received.isClosed }
            #expect(client.received.text.hasPrefix("HTTP/1.1 405 "))
            #expect(client.received.text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(arguments: refused)
    func isRefusedWithItsStatusAndClosed(_ wrong: Case) async throws {
        try await run { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: wrong.request)
            try await eventually("the connection is closed") { client.received.isClosed }
            let answer = client.received.text
            #expect(answer.hasPrefix("HTTP/1.1 \(wrong.status) "), "\(answer)")
            #expect(answer.contains(wrong.contains), "\(answer)")
            #expect(answer.contains(#"{"error":{"code":""#))
            #expect(answer.lowercased().contains("close\r\n"))
            #expect(answer.matches(of: /HTTP\/1\.1 [1-5]/).count == 1, "one answer")
            #expect(server.listener.counts.refused == 1)
            #expect(server.journal.entries.isEmpty)
            try await eventually("the server lets go") { server.listener.counts.connections == 0 }
        }
    }

    @Test(arguments: [[], ["Origin: https://chat.example"], ["Origin: HTTPS://Chat.Example"], ["Content-Length: 0"]])
    func isAccepted(_ fields: [String]) async throws {
        try await run { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: Request.upgrade(path: "/ws?room=lobby", adding: fields))
            try await eventually("the answer") { client.received.text.hasSuffix("\r\n\r\n") }
            let answer = client.received.text
            #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"), "\(answer)")
            #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(!answer.contains("Sec-WebSocket-Protocol"))
            #expect(!answer.contains("Sec-WebSocket-Extensions"))
            #expect(server.journal.entries == [.opened(path: "/ws", from: "127.0.0.1")])
        }
    }

    @Test func theSubprotocolTheApplicationChoseIsAnswered() async throws {
        try await run { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: Request.upgrade(adding: ["Sec-WebSocket-Protocol: a, echo.v1"]))
            try await eventually("the answer") {
                client.received.text.contains("\r\nSec-WebSocket-Protocol: echo.v1\r\n")
            }
        }
    }

    @Test func framesSentWithTheRequestAreAnswered() async throws {
        try await run { server in
            let request = Array(Request.upgrade().utf8) + ClientFrame.text("early") + ClientFrame.close(1000)
            for pieces in [[request], request.map { [$0] }] {
                let client = try await RawClient.connect(to: server.address)
                for piece in pieces { try await client.send(piece) }
                try await eventually("closed") { client.received.isClosed }
                let bytes = Array(client.received.bytes.readableBytesView)
                #expect(bytes.suffix(11) == [0x81, 5] + Array("early".utf8) + [0x88, 2, 0x03, 0xE8])
            }
        }
    }

    @Test func aRequestThatDoesNotArriveIsGivenUp() async throws {
        try await TestServer.run {
            $0.deadlines.headers = .milliseconds(300)
        } _: { server in
            let silent = try await RawClient.connect(to: server.address)
            let slow = try await RawClient.connect(to: server.address)
            var sent = 0
            try await eventually("the slow one is answered") {
                if !slow.received.isClosed, sent < 60 {
                    try? await slow.send(text: sent == 0 ? "GET / HTTP/1.1\r\n" : "X-\(sent): y\r\n")
                    sent += 1
                }
                return slow.received.isClosed
            }
            #expect(slow.received.text.hasPrefix("HTTP/1.1 408 "))
            try await eventually("the silent one too") { silent.received.isClosed }
            try await eventually("both are gone") { server.listener.counts.connections == 0 }
        }
    }

    @Test func aClientThatKeepsSendingAfterItsRefusalIsCut() async throws {
        try await TestServer.run {
            $0.deadlines.close = .milliseconds(200)
        } _: { server in
            let client = try await RawClient.connect(to: server.address, goesOn: true)
            try await client.send(text: Request.upgrade(adding: ["Content-Length: 100000000"]))
            // Before it is cut: what a peer has not read by then is lost with the connection.
            try await eventually("it is answered") { client.received.text.hasPrefix("HTTP/1.1 400 ") }
            try await eventually("the server cuts it") {
                try? await client.send(Array(repeating: 120, count: 10_000))
                return server.listener.counts.connections == 0
            }
        }
    }

    @Test func forwardedAddressesCountFromTrustedPeersOnly() async throws {
        for (trusted, expected) in [(["127.0.0.0/8"], "203.0.113.9"), ([], "127.0.0.1")] {
            let ranges = try trusted.map { try AddressRange($0) }
            try await TestServer.run {
                $0.trustedProxies = ranges
            } _: { server in
                let client = try await RawClient.connect(to: server.address)
                try await client.send(
                    text: Request.upgrade(adding: [
                        "X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-For: 127.0.0.3",
                    ]))
                try await eventually("the upgrade") { !server.journal.entries.isEmpty }
                #expect(server.journal.entries == [.opened(path: "/", from: expected)])
            }
        }
    }

    @Test func theProxyHeaderTellsTheClient() async throws {
        let loopback = try AddressRange("127.0.0.1")
        try await TestServer.run {
            $0.trustedProxies = [loopback]
            $0.expectsProxyHeader = true
        } _: { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: "PROXY TCP4 203.0.113.9 127.0.0.1 1234 80\r\n" + Request.upgrade())
            try await eventually("the upgrade") { !server.journal.entries.isEmpty }
            #expect(server.journal.entries == [.opened(path: "/", from: "203.0.113.9")])
            let without = try await RawClient.connect(to: server.address)
            try await without.send(text: Request.upgrade())
            try await eventually("the refusal") { without.received.isClosed }
            #expect(without.received.text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func aProxyHeaderFromAStrangerIsNoHTTP() async throws {
        let elsewhere = try AddressRange("192.0.2.0/24")
        try await TestServer.run {
            $0.trustedProxies = [elsewhere]
            $0.expectsProxyHeader = true
        } _: { server in
            let client = try await RawClient.connect(to: server.address)
            try await client.send(text: "PROXY TCP4 203.0.113.9 127.0.0.1 1234 80\r\n" + Request.upgrade())
            try await eventually("the refusal") { client.received.isClosed }
            #expect(client.received.text.hasPrefix("HTTP/1.1 400 "))
        }
    }
}
