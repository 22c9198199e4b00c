import Foundation
import NIOCore
import NIOPosix

/// A WebSocket client for tests: simple, strict, and sharing no code with the servers or with ChatClient.
///
/// Every frame that arrives is kept; ``expect(_:within:where:)`` takes the first unread one that matches.
public final class WireClient: Sendable {
    /// The sample key of RFC 6455 section 1.3, whose accept value is known.
    static let handshakeKey = "dGhlIHNhbXBsZSBub25jZQ=="
    /// Long enough for debug binaries on a busy machine; only a failing test waits for it.
    public static let patience: Duration = .seconds(15)

    public let name: String
    /// The answer to the upgrade.
    public let upgrade: HTTPAnswer
    private let channel: any Channel
    private let inbox: WireInbox
    private let ended: EventLoopFuture<WireEnding>

    private init(
        name: String, upgrade: HTTPAnswer, channel: any Channel, inbox: WireInbox, ended: EventLoopFuture<WireEnding>
    ) {
        self.name = name
        self.upgrade = upgrade
        self.channel = channel
        self.inbox = inbox
        self.ended = ended
    }

    /// Connects and upgrades.
    /// - Parameters:
    ///   - name: for failure messages.
    ///   - receiveBufferBytes: the kernel's receive buffer, small where a test wants the server's writes to fill up soon.
    /// - Throws: ``WireRefusal`` where the server answers anything but 101.
    public static func connect(
        port: Int, path: String = "/ws", subprotocols: [String] = ["termchat.v1"], headers: [(String, String)] = [],
        name: String = "client", receiveBufferBytes: Int? = nil
    ) async throws -> WireClient {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let opened = loop.makePromise(of: HTTPAnswer.self)
        let ended = loop.makePromise(of: WireEnding.self)
        let inbox = WireInbox(name: name, opened: opened, ended: ended)
        var bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(inbox) }
            }
        if let receiveBufferBytes {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBufferBytes))
        }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        } catch {
            opened.fail(error)
            ended.fail(error)
            throw error
        }
        var request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        request += "Sec-WebSocket-Key: \(handshakeKey)\r\nSec-WebSocket-Version: 13\r\n"
        if !subprotocols.isEmpty { request += "Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n" }
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        channel.writeAndFlush(ByteBuffer(string: request + "\r\n"), promise: nil)
        let deadline = loop.scheduleTask(in: TimeAmount(patience)) {
            opened.fail(WireFailure("\(name): no answer to the upgrade within \(patience)"))
        }
        do {
            let answer = try await opened.futureResult.get()
            deadline.cancel()
            return WireClient(name: name, upgrade: answer, channel: channel, inbox: inbox, ended: ended.futureResult)
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    /// Sends a text message as it is.
    public func send(text: String) {
        send(opcode: WireOpcode.text, Array(text.utf8))
    }

    /// Sends one frame as one JSON object.
    public func send(_ members: [String: any Sendable]) throws {
        let json = try JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])
        send(opcode: WireOpcode.text, Array(json))
    }

    /// Sends one WebSocket frame, lawful or not.
    public func send(opcode: UInt8, _ payload: [UInt8], fin: Bool = true, reserved: UInt8 = 0, isMasked: Bool = true) {
        var buffer = ByteBuffer()
        WireFraming.encode(
            opcode: opcode, payload: payload, fin: fin, reserved: reserved, isMasked: isMasked, into: &buffer)
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Sends a close frame; the server answers and ends the connection.
    public func close(code: UInt16 = 1000) {
        send(opcode: WireOpcode.close, [UInt8(code >> 8), UInt8(code & 0xff)])
    }

    /// Ends the connection without a close frame, as a program that is killed does.
    public func drop() async {
        try? await channel.close().get()
    }

    /// Ends the connection with a TCP reset, as a NAT that forgets or a host that restarts does.
    public func reset() async {
        try? await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try? await channel.close().get()
    }

    /// Takes the first unread frame of the type that also passes `matches`, waiting for it where it is not there yet.
    /// - Throws: ``WireFailure`` after `within`, or when the connection ends before.
    @discardableResult
    public func expect(
        _ type: String, within: Duration = patience,
        where matches: @escaping @Sendable (WireFrame) -> Bool = { _ in true }
    ) async throws -> WireFrame {
        try await take("`\(type)` within \(within)", within) { $0.type == type && matches($0) }
    }

    /// Takes the answer to the frame called `ref`, whatever its type.
    public func answer(to ref: WireRef, within: Duration = patience) async throws -> WireFrame {
        try await take("answer to \(ref) within \(within)", within) { $0.ref == ref }
    }

    /// Takes the next unread frame.
    public func next(within: Duration = patience) async throws -> WireFrame {
        try await take("frame within \(within)", within) { _ in true }
    }

    private func take(
        _ what: String, _ within: Duration, _ matches: @escaping WireInbox.Match
    ) async throws -> WireFrame {
        let (inbox, loop) = (inbox, channel.eventLoop)
        return try await loop.flatSubmit { inbox.expect(what, within: TimeAmount(within), on: loop, matches) }.get()
    }

    /// Everything that has arrived, in order, read or not.
    public func received() async throws -> [WireFrame] {
        try await channel.eventLoop.submit { [inbox] in inbox.received }.get()
    }

    /// How many pongs have arrived.
    public func pongs() async throws -> Int {
        try await channel.eventLoop.submit { [inbox] in inbox.pongs }.get()
    }

    /// How the connection ended.
    /// - Throws: ``WireFailure`` where it still stands after `within`.
    public func ending(within: Duration = patience) async throws -> WireEnding {
        let promise = channel.eventLoop.makePromise(of: WireEnding.self)
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(within)) { [name] in
            promise.fail(WireFailure("\(name): the connection still stands after \(within)"))
        }
        ended.whenComplete { outcome in
            deadline.cancel()
            promise.completeWith(outcome)
        }
        return try await promise.futureResult.get()
    }

    /// Stops taking bytes from the socket, so that the server's writes fill its buffers.
    public func pauseReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    public func resumeReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }
}
