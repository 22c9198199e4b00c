import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A TCP client that sends what it is told, right or wrong, and keeps what comes back.
final class RawClient: Sendable {
    /// What has come back so far.
    struct Inbox {
        var bytes = ByteBuffer()
        var isClosed = false
        var wasReset = false

        var text: String { String(buffer: bytes) }
    }

    let channel: any Channel
    private let inbox: NIOLockedValueBox<Inbox>

    private init(channel: any Channel, inbox: NIOLockedValueBox<Inbox>) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameters:
    ///   - reads: False makes a client that never reads, with small buffers so that the server notices soon.
    ///   - goesOn: Whether it keeps its side open when the server has ended its own.
    static func connect(
        to address: SocketAddress, reads: Bool = true, goesOn: Bool = false
    ) async throws -> RawClient {
        let inbox = NIOLockedValueBox(Inbox())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_rcvbuf), value: reads ? 256 * 1024 : 4096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox: inbox, goesOn: goesOn))
                }
            }
            .connect(to: address).get()
        return RawClient(channel: channel, inbox: inbox)
    }

    /// Connects, upgrades and drops the answer, so that only frames are left in the inbox.
    static func webSocket(to address: SocketAddress, reads: Bool = true, path: String = "/") async throws -> RawClient {
        let client = try await connect(to: address)
        try await client.send(text: Request.upgrade(path: path))
        try await eventually("the upgrade is answered") { client.received.text.contains("\r\n\r\n") }
        client.inbox.withLockedValue { inbox in
            let head = inbox.text.components(upTo: "\r\n\r\n")
            inbox.bytes.moveReaderIndex(forwardBy: head.utf8.count)
        }
        if !reads { try await client.channel.setOption(.autoRead, value: false).get() }
        return client
    }

    /// With bytes of its own: what the count of references orders, the thread sanitizer does not see.
    var received: Inbox {
        inbox.withLockedValue { inbox in
            var copy = inbox
            copy.bytes = ByteBuffer(bytes: inbox.bytes.readableBytesView)
            return copy
        }
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func send(text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func close() async throws {
        try await channel.close()
    }

    /// The server's frames so far.
    var frames: [ServerFrame] { ServerFrame.all(in: received.bytes) }

    /// The code of the Close frame that came back, once the server has ended the connection.
    func closeCode() async throws -> Int? {
        try await eventually("the server closes") { self.received.isClosed }
        return frames.last { $0.opcode == 8 }?.closeCode
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: NIOLockedValueBox<Inbox>
        private let goesOn: Bool

        init(inbox: NIOLockedValueBox<Inbox>, goesOn: Bool) {
            self.inbox = inbox
            self.goesOn = goesOn
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            inbox.withLockedValue { _ = $0.bytes.writeImmutableBuffer(unwrapInboundIn(data)) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
            inbox.withLockedValue { $0.isClosed = true }
            if !goesOn { context.close(promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            inbox.withLockedValue { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            inbox.withLockedValue { $0.wasReset = true }
            context.close(promise: nil)
        }
    }
}

extension String {
    /// Everything up to and with the first `end`.
    fileprivate func components(upTo end: String) -> String {
        firstRange(of: end).map { String(self[..<$0.upperBound]) } ?? self
    }

    private func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// One frame as the server sent it.
struct ServerFrame: Equatable {
    var opcode: UInt8
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    var closeCode: Int? { payload.count < 2 ? nil : Int(payload[0]) << 8 | Int(payload[1]) }

    /// The complete, unmasked, unfragmented frames at the front of `bytes`.
    static func all(in bytes: ByteBuffer) -> [ServerFrame] {
        var bytes = bytes
        var frames: [ServerFrame] = []
        while let frame = next(&bytes) { frames.append(frame) }
        return frames
    }

    private static func next(_ bytes: inout ByteBuffer) -> ServerFrame? {
        guard let first: UInt8 = bytes.readInteger(), let short: UInt8 = bytes.readInteger() else { return nil }
        let length: Int? =
            switch short {
            case 126: bytes.readInteger(as: UInt16.self).map(Int.init)
            case 127: bytes.readInteger(as: UInt64.self).map(Int.init)
            default: Int(short)
            }
        guard first & 0xF0 == 0x80, let length, let payload = bytes.readBytes(length: length) else { return nil }
        return ServerFrame(opcode: first & 0x0F, payload: payload)
    }
}

/// A frame as a client sends it.
enum ClientFrame {
    static func text(_ text: String, isFinal: Bool = true) -> [UInt8] { frame(1, Array(text.utf8), isFinal: isFinal) }
    static func continuation(_ payload: [UInt8], isFinal: Bool) -> [UInt8] { frame(0, payload, isFinal: isFinal) }
    static func ping(_ payload: [UInt8] = []) -> [UInt8] { frame(9, payload) }
    static func close(_ code: UInt16? = 1000, reason: [UInt8] = []) -> [UInt8] {
        frame(8, (code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + reason)
    }

    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [0x80 | 127] + (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 0xFF) }
        }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }
}

/// HTTP requests, right and wrong.
enum Request {
    static let upgradeFields = [
        "Host: chat.example", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
    ]

    static func upgrade(
        path: String = "/", method: String = "GET", version: String = "HTTP/1.1", without: String? = nil,
        adding: [String] = []
    ) -> String {
        let fields = upgradeFields.filter { field in without.map { !field.hasPrefix($0 + ":") } ?? true } + adding
        return "\(method) \(path) \(version)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}
