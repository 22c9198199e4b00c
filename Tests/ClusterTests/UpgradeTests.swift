import ChatTesting
import Testing

extension Scenarios {
    /// Everything about the way in: upgrades, subprotocols, and rooms named in the URL.
    @Suite struct Upgrades {
        @Test func badUpgradesAreAnsweredWithTheirStatus() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                let requests: [(what: String, request: String, status: Int)] = [
                    ("no upgrade", "GET /ws HTTP/1.1\r\nHost: h\r\n\r\n", 426),
                    ("no host", "GET /ws HTTP/1.1\r\n\(upgrade)\(key)\r\n", 400),
                    (
                        "a key that is none", "GET /ws HTTP/1.1\r\nHost: h\r\n\(upgrade)Sec-WebSocket-Key: abc\r\n\r\n",
                        400
                    ),
                    (
                        "a foreign origin",
                        "GET /ws HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\n\(upgrade)\(key)\r\n", 403
                    ),
                    ("an unknown path", "GET /nowhere HTTP/1.1\r\nHost: h\r\n\(upgrade)\(key)\r\n", 404),
                    (
                        "only unknown subprotocols",
                        "GET /ws HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: mqtt, wamp\r\n\(upgrade)\(key)\r\n", 400
                    ),
                    ("a token in the URL", "GET /ws?token=secret HTTP/1.1\r\nHost: h\r\n\(upgrade)\(key)\r\n", 400),
                ]
                for (what, request, status) in requests {
                    #expect(try await HTTPAnswer.exchange(request, port: port).status == status, "\(what)")
                }
            }
        }

        @Test func theSubprotocolIsSelectedOrLeftOut() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let offers = [[], ["termchat.v1"], ["mqtt", "termchat.v1"]]
                for offer in offers {
                    let client = try await WireClient.connect(port: port, subprotocols: offer)
                    #expect(client.upgrade.headers["sec-websocket-protocol"] == (offer.isEmpty ? nil : "termchat.v1"))
                    #expect(try await client.hello("ann").limits?.bodyBytes == 8192)
                    client.close()
                    #expect(try await client.ending().code == 1000)
                }
            }
        }

        @Test func aRoomInTheURLIsJoinedAndTakesPlainLines() async throws {
            try await TestCluster.with { cluster in
                let (watcher, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                _ = try await watcher.join("lobby")
                let client = try await WireClient.connect(
                    port: cluster.edge("edge-a").port, path: "/join?room=Lobby&user=ann", subprotocols: [])
                #expect(try await client.expect("welcome").user == "ann")
                #expect(try await client.expect("joined").room == "lobby")
                client.send(text: "hello from websocat")
                client.send(text: "  [not a frame]\r\n")
                for body in ["hello from websocat", "  [not a frame]"] {
                    #expect(try await watcher.expect("message").body == body)
                }
                client.send(text: "  {not a frame}")
                #expect(try await client.expect("error").code == "invalid_frame")
                #expect(try await client.who("lobby").count == 2)
            }
        }
    }
}
