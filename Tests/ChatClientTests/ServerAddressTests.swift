import Testing

@testable import ChatClient

@Suite struct ServerAddressTests {
    @Test func readsTheForms() {
        #expect(ServerAddress(url: "ws://localhost:8080") == ServerAddress(host: "localhost", port: 8080))
        #expect(
            ServerAddress(url: "wss://chat.example.org")
                == ServerAddress(isSecure: true, host: "chat.example.org", port: 443))
        #expect(ServerAddress(url: "HTTP://h/base/ws") == ServerAddress(host: "h", port: 80, path: "/base/ws"))
        #expect(ServerAddress(url: "ws://[::1]:9/") == ServerAddress(host: "::1", port: 9))
    }

    @Test(arguments: [
        "", "localhost", "localhost:8080", "ftp://h", "ws://", "ws://:80", "ws://h:0", "ws://h:65536", "ws://h:x",
        "ws://user@h", "ws://h/ws?token=1", "ws://h/#x", "ws://[::1", "ws://[h]:1", "ws://h /ws", "ws://h\r\nX: y",
    ])
    func refusesTheRest(url: String) {
        #expect(ServerAddress(url: url) == nil)
    }

    @Test(arguments: ["ws://h:8080/ws", "wss://h/ws", "ws://[::1]:9/ws", "ws://h/other"])
    func describesItself(url: String) {
        #expect(ServerAddress(url: url)?.description == url)
    }
}
