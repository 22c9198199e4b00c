import ChatTesting
import Testing

extension Scenarios {
    /// Whatever a stranger sends: one answer, named by its code, and the connection stays.
    @Suite struct BadInput {
        struct Case: Sendable, CustomTestStringConvertible {
            var what: String
            var text: String
            var code: String
            var testDescription: String { what }

            init(_ what: String, _ text: String, _ code: String) {
                self.what = what
                self.text = text
                self.code = code
            }
        }

        static let cases: [Case] = [
            Case("an array", "[1]", "invalid_frame"),
            Case("no JSON", "{\"type\":\"send\"", "invalid_frame"),
            Case("rest behind the object", "{\"type\":\"ping\"} x", "invalid_frame"),
            Case("no type", "{\"room\":\"lobby\"}", "invalid_frame"),
            Case("a type that is a number", "{\"type\":1}", "invalid_frame"),
            Case("an unknown type", "{\"type\":\"dance\",\"ref\":9}", "unsupported"),
            Case(
                "nested too deep",
                "{\"type\":\"ping\",\"x\":" + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
                    + "}", "invalid_frame"),
            Case("a lone surrogate", #"{"type":"send","room":"lobby","key":"k","body":"\ud800"}"#, "invalid_body"),
            Case("a ref that is an object", "{\"type\":\"ping\",\"ref\":{}}", "invalid_frame"),
            Case(
                "a ref too long", "{\"type\":\"ping\",\"ref\":\"" + String(repeating: "r", count: 70) + "\"}",
                "invalid_frame"),
            Case("a room with a space", #"{"type":"join","room":"a b"}"#, "invalid_room"),
            Case("no room", #"{"type":"join"}"#, "invalid_frame"),
            Case("an empty room", #"{"type":"join","room":""}"#, "invalid_room"),
            Case(
                "a room too long", #"{"type":"join","room":""# + String(repeating: "a", count: 65) + #""}"#,
                "invalid_room"),
            Case(
                "a since that is no position", #"{"type":"join","room":"lobby","since":"yesterday"}"#, "invalid_frame"),
            Case("a limit too high", #"{"type":"join","room":"lobby","limit":1001}"#, "invalid_frame"),
            Case("a limit below zero", #"{"type":"history","room":"lobby","limit":-1}"#, "invalid_frame"),
            Case(
                "before and after", #"{"type":"history","room":"lobby","before":"1-0","after":"1-0"}"#, "invalid_frame"),
            Case("no body", #"{"type":"send","room":"lobby","key":"k"}"#, "invalid_frame"),
            Case("a body that is a number", #"{"type":"send","room":"lobby","key":"k","body":1}"#, "invalid_frame"),
            Case("an empty body", #"{"type":"send","room":"lobby","key":"k","body":""}"#, "invalid_body"),
            Case(
                "a body with an escape", #"{"type":"send","room":"lobby","key":"k","body":"\u001b[2J"}"#, "invalid_body"
            ),
            Case(
                "a body with a C1 control", #"{"type":"send","room":"lobby","key":"k","body":"\u009b2J"}"#,
                "invalid_body"),
            Case(
                "a body too large",
                #"{"type":"send","room":"lobby","key":"k","body":""# + String(repeating: "b", count: 8193) + #""}"#,
                "too_large"),
            Case("no key", #"{"type":"send","room":"lobby","body":"b"}"#, "invalid_frame"),
            Case("an empty key", #"{"type":"send","room":"lobby","key":"","body":"b"}"#, "invalid_frame"),
            Case(
                "a key too long",
                #"{"type":"send","room":"lobby","body":"b","key":""# + String(repeating: "k", count: 65) + #""}"#,
                "invalid_frame"),
            Case(
                "a send to a room not joined", #"{"type":"send","room":"elsewhere","key":"k","body":"b"}"#, "not_joined"
            ),
            Case("leaving a room not joined", #"{"type":"leave","room":"elsewhere"}"#, "not_joined"),
        ]

        @Test func everyBadFrameGetsItsErrorAndTheConnectionStays() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let (client, _) = try await WireClient.signIn("mallory", port: cluster.edge("edge-a").port)
                _ = try await client.join("lobby")
                for bad in Self.cases {
                    client.send(text: bad.text)
                    client.send(text: #"{"type":"ping","ref":"after"}"#)
                    let answer = try await client.next()
                    #expect(answer.type == "error", "\(bad.what): got \(answer.type)")
                    #expect(answer.code == bad.code, "\(bad.what): \(answer.message ?? "")")
                    #expect(answer.message?.isEmpty == false, "\(bad.what)")
                    guard answer.ref != "after" else { continue }
                    let pong = try await client.answer(to: "after")
                    #expect(pong.type == "pong", "\(bad.what)")
                }
                #expect(try await client.history("lobby").messages?.isEmpty == true, "nothing of it was stored")
            }
        }

        @Test func aBadSendNamesTheFrameItAnswers() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let (client, _) = try await WireClient.signIn("mallory", port: cluster.edge("edge-a").port)
                _ = try await client.join("lobby")
                let empty = try await client.ask(["type": "send", "room": "lobby", "key": "k", "body": ""])
                #expect(empty.code == "invalid_body")
                let long = try await client.ask(["type": "ping", "x": String(repeating: "x", count: 65_537)])
                #expect(long.code == "too_large")
                let body = String(repeating: #"\u0041"#, count: 8192)
                client.send(text: #"{"type":"send","room":"lobby","key":"escapes","body":""# + body + #""}"#)
                #expect(try await client.expect("message").body == String(repeating: "A", count: 8192))
                let unknown = try await client.ask(["type": "dance"])
                #expect(unknown.code == "unsupported")
                client.send(text: #"{"type":"ping","ref":-1.5e3,"unknown":{"deep":[null,true]}}"#)
                #expect(try await client.expect("pong").ref == .number(-1500))
            }
        }

        /// RFC 6455 broken: the close code that the RFC names.
        @Test func brokenFramingIsClosedWithItsCode() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let text = Array(#"{"type":"ping"}"#.utf8)
                let breaches: [(what: String, code: Int, act: @Sendable (WireClient) -> Void)] = [
                    ("unmasked", 1002, { $0.send(opcode: WireOpcode.text, text, isMasked: false) }),
                    ("reserved bits", 1002, { $0.send(opcode: WireOpcode.text, text, reserved: 2) }),
                    ("reserved opcode", 1002, { $0.send(opcode: 5, text) }),
                    ("stray continuation", 1002, { $0.send(opcode: WireOpcode.continuation, text) }),
                    ("long ping", 1002, { $0.send(opcode: WireOpcode.ping, Array(repeating: 0, count: 126)) }),
                    ("binary", 1003, { $0.send(opcode: WireOpcode.binary, text) }),
                    ("bad UTF-8", 1007, { $0.send(opcode: WireOpcode.text, [0x22, 0xff, 0x22]) }),
                    ("too big", 1009, { $0.send(opcode: WireOpcode.text, Array(repeating: 0x20, count: 140_000)) }),
                ]
                for breach in breaches {
                    let (client, _) = try await WireClient.signIn("mallory", port: port)
                    breach.act(client)
                    let ending = try await client.ending()
                    #expect(ending.code == breach.code, "\(breach.what): \(ending)")
                }
            }
        }

        @Test func nothingWorksBeforeHello() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let client = try await WireClient.connect(port: port)
                for type in ["join", "send", "history", "who", "leave"] {
                    let answer = try await client.ask(["type": type, "room": "lobby", "key": "k", "body": "b"])
                    #expect(answer.code == "unauthorized", "\(type): \(answer.type)")
                }
                for user in ["", "a b", "ann\u{202e}", String(repeating: "u", count: 33), "a\u{200b}b", "tab\there"] {
                    let answer = try await client.ask(["type": "hello", "user": user])
                    #expect(answer.code == "invalid_user", "\(user.debugDescription): \(answer.type)")
                }
                #expect(try await client.hello("ann").user == "ann")
            }
        }

        @Test func roomsAndSendsAreLimited() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--sends-per-second", "2"]) { cluster in
                let (client, welcome) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let rooms = try #require(welcome.limits?.rooms)
                for number in 0..<rooms { _ = try await client.join("room-\(number)", limit: 0) }
                let oneMore = try await client.ask(["type": "join", "room": "one-more"])
                #expect(oneMore.code == "too_many_rooms")
                _ = try await client.leave("room-0")
                _ = try await client.join("one-more")

                #expect(welcome.limits?.sendsPerSecond == 2)
                for number in 0..<50 { try client.post("fast", in: "one-more", key: "k\(number)") }
                let refused = try await client.expect("error")
                #expect(refused.code == "rate_limited")
                #expect((refused.retryAfterMs ?? 0) > 0)
            }
        }
    }
}
