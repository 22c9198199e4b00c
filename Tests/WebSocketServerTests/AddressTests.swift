import NIOCore
import Testing

@testable import WebSocketServer

@Suite struct TrustedProxiesTests {
    private func client(_ peer: String, _ forwarded: String..., trusting: [String]) throws -> String? {
        let proxies = TrustedProxies(ranges: try trusting.map { try AddressRange($0) })
        return proxies.client(
            behind: try SocketAddress(ipAddress: peer, port: 9), forwardedFor: forwarded.map { $0[...] }
        ).ipAddress
    }

    @Test func strangersAreNotBelieved() throws {
        #expect(try client("192.0.2.7", "1.2.3.4", trusting: []) == "192.0.2.7")
        #expect(try client("192.0.2.7", "1.2.3.4", trusting: ["10.0.0.0/8"]) == "192.0.2.7")
    }

    @Test func theRightmostUntrustedHopIsTheClient() throws {
        #expect(try client("10.0.0.1", "6.6.6.6", "192.0.2.7", "10.1.1.1", trusting: ["10.0.0.0/8"]) == "192.0.2.7")
        #expect(try client("10.0.0.1", "10.1.1.1", trusting: ["10.0.0.0/8"]) == "10.1.1.1")
        #expect(try client("10.0.0.1", trusting: ["10.0.0.0/8"]) == "10.0.0.1")
    }

    @Test func aMalformedHopEndsTheWalk() throws {
        #expect(try client("10.0.0.1", "1.2.3.4", "unknown", trusting: ["10.0.0.0/8"]) == "10.0.0.1")
        #expect(try client("10.0.0.1", "1.2.3.4", "", trusting: ["10.0.0.0/8"]) == "10.0.0.1")
    }

    @Test func portsAndBracketsAreDropped() throws {
        #expect(try client("::1", "192.0.2.7:4711", trusting: ["::1"]) == "192.0.2.7")
        #expect(try client("::1", "[2001:db8::5]:80", trusting: ["::1"]) == "2001:db8::5")
        #expect(try client("::1", "2001:db8::5", trusting: ["::1"]) == "2001:db8::5")
    }

    @Test func mappedAddressesEqualTheirIPv4() throws {
        #expect(try client("::ffff:10.0.0.1", "192.0.2.7", trusting: ["10.0.0.1"]) == "192.0.2.7")
    }

    @Test func rangesEndAtTheirPrefix() throws {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"), ("0.0.0.0/0", "255.1.1.1", "::1"),
        ] {
            let range = try AddressRange(range)
            #expect(try range.contains(#require(IPAddress(inside))))
            #expect(try !range.contains(#require(IPAddress(outside))))
        }
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "host", "10.0.0.0/-1"])
    func malformedRangesAreRefused(_ text: String) {
        #expect(throws: WebSocketServerError.self) { try AddressRange(text) }
    }
}

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    private static func block(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        signature + [0x20 | command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    private static let v6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1]

    struct Header: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        /// Nil: the proxy speaks for itself.
        var source: String?
        var testDescription: String { name }
    }

    static let headers: [Header] = [
        .init(
            name: "v1 TCP4", bytes: Array("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".utf8),
            source: "192.0.2.1:56324"),
        .init(name: "v1 TCP6", bytes: Array("PROXY TCP6 2001:db8::1 ::1 1 2\r\n".utf8), source: "2001:db8::1:1"),
        .init(name: "v1 UNKNOWN", bytes: Array("PROXY UNKNOWN ffff::1 what ever 1 2\r\n".utf8), source: nil),
        .init(
            name: "v2 TCP4", bytes: block(1, 0x11, [192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 1, 0xBB]),
            source: "192.0.2.1:56324"),
        .init(
            name: "v2 TCP6 and TLVs", bytes: block(1, 0x21, v6 + v6 + [0, 7, 0, 8] + [4, 0, 1, 0]),
            source: "2001:db8::1:7"),
        .init(name: "v2 LOCAL", bytes: block(0, 0, []), source: nil),
        .init(name: "v2 unix", bytes: block(1, 0x31, Array(repeating: 0, count: 216)), source: nil),
    ]

    @Test(arguments: headers)
    func readsTheSourceSplitAtEveryByte(_ header: Header) throws {
        for split in 0..<header.bytes.count {
            var buffer = ByteBuffer(bytes: header.bytes[..<split])
            #expect(try ProxyHeader.read(from: &buffer) == nil)
            #expect(buffer.readableBytes == split)
        }
        var buffer = ByteBuffer(bytes: header.bytes + Array("GET".utf8))
        switch try ProxyHeader.read(from: &buffer) {
        case .client(let address): #expect("\(address.ipAddress ?? ""):\(address.port ?? 0)" == header.source)
        case .local: #expect(header.source == nil)
        case nil: Issue.record("not read")
        }
        #expect(String(buffer: buffer) == "GET")
    }

    static let malformed: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\n".utf8), Array("PROXY\n".utf8), Array("PROXY TCP4 1.2.3.4\r\n".utf8),
        Array("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n".utf8), Array("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n".utf8),
        Array("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n".utf8), Array("PROXY ".utf8) + Array(repeating: 65, count: 200),
        [13, 10, 13, 11], signature + [0x10, 0x11, 0, 0], signature + [0x22, 0x11, 0, 0], block(1, 0x11, [1, 2, 3]),
        signature + [0x21, 0x11, 0xFF, 0xFF],
    ]

    @Test(arguments: malformed)
    func refusesWhatIsNot(_ bytes: [UInt8]) {
        #expect(throws: ProxyHeader.Malformed.self) {
            var buffer = ByteBuffer(bytes: bytes)
            return try ProxyHeader.read(from: &buffer)
        }
    }
}

@Suite struct RequestTargetTests {
    @Test func splitsAndDecodes() throws {
        let target = try #require(RequestTarget("/join?room=a%20b&user=%C3%A9l%c3%A8ve&flag&x=1=2", queryItemsMax: 4))
        #expect(target.path == "/join")
        #expect(target.query.map(\.name) == ["room", "user", "flag", "x"])
        #expect(target.query.map(\.value) == ["a b", "élève", "", "1=2"])
    }

    @Test(arguments: ["", "*", "http://chat.example/ws", "/?a=%", "/?a=%2", "/?a=%zz", "/?a=%FF", "/?a&b&c&d&e"])
    func refuses(_ target: String) {
        #expect(RequestTarget(target, queryItemsMax: 4) == nil)
    }
}
