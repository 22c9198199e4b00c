public import NIOCore

/// One WebSocket after the upgrade: complete messages in, ready frames out.
///
/// `@unchecked Sendable`: bound to ``eventLoop``. Only ``id``, ``remoteAddress`` and ``eventLoop`` may be touched
/// elsewhere; hop there for everything else.
public final class WebSocketConnection: @unchecked Sendable {
    /// Why the connection is not read from.
    struct ReadHold: OptionSet {
        let rawValue: UInt8
        static let application = ReadHold(rawValue: 1)
        /// The peer does not read what it is sent; answers to what it asks must not pile up.
        static let outbound = ReadHold(rawValue: 2)
    }

    /// Bytes of the reason in a Close frame (RFC 6455 section 5.5); longer ones are cut.
    public static let reasonBytesMax = FrameHeader.controlBytesMax - 2

    /// Unique among the connections of this server.
    public let id: UInt64
    /// The client, behind the proxies that are trusted.
    public let remoteAddress: SocketAddress
    public var eventLoop: any EventLoop { loop.eventLoop }

    let loop: ConnectionLoop
    var loopIndex = -1
    var context: ChannelHandlerContext?
    var delegate: (any WebSocketConnectionDelegate)?
    var assembler: MessageAssembler
    var closing = CloseHandshake()
    var liveness: Liveness
    var holds: ReadHold = []
    /// Read from the socket, not looked at because of ``holds``.
    var unread: ByteBuffer?
    /// What is accounted for in the loop's budget.
    var unfinishedBytes = 0
    var messageDeadline = NIODeadline.distantFuture
    private var outbound = OutboundAccount()
    private var isFlushDue = false
    /// The socket, for ``writeThrough(_:count:)``; nil where the channel shows none.
    private var socket: RawSocket?

    init(loop: ConnectionLoop, remoteAddress: SocketAddress) {
        let limits = loop.settings.limits
        let deadlines = loop.settings.deadlines
        let interval = TimeAmount(deadlines.pingInterval)
        self.loop = loop
        self.id = loop.makeID()
        self.remoteAddress = remoteAddress
        self.assembler = MessageAssembler(
            limits: .init(messageBytesMax: limits.messageBytesMax, fragmentsMax: limits.fragmentsMax))
        self.liveness = Liveness(
            patience: interval - .nanoseconds(.random(in: 0...max(0, interval.nanoseconds / 5))),
            pongTimeout: TimeAmount(deadlines.pong), now: loop.now)
    }

    /// False from the first Close on, of either side: nothing more is delivered, and writes are dropped.
    public var isOpen: Bool { closing.isOpen && context != nil }

    /// Whether less than `outboundBytesHigh` waits for the peer.
    public var isWritable: Bool { !holds.contains(.outbound) }

    /// Bytes written and not yet taken by the kernel. Asks the channel; on the hot path use ``hasRoom(bytesMax:framesMax:)``.
    public var bufferedBytes: Int {
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Whether fewer bytes and fewer frames than these wait for the peer. Cheap while they do.
    public func hasRoom(bytesMax: Int, framesMax: Int) -> Bool {
        if outbound.bytes < bytesMax && outbound.frames < framesMax { return true }
        outbound.corrected(bytes: bufferedBytes)
        return outbound.bytes < bytesMax && outbound.frames < framesMax
    }

    /// Writes complete server frames (``NIOCore/ByteBuffer/writeWebSocketText(_:)-swift.method``) as they are: no copy, no
    /// encoder. They leave at the end of the loop's tick, with whatever else was written to this connection in it.
    ///
    /// Past `outboundBytesMax` or `outboundFramesMax` the connection is reset: nothing can be dropped from the middle of
    /// a stream. Dropped without a word once the connection is closing.
    /// - Parameter count: How many frames `frames` holds.
    public func write(_ frames: ByteBuffer, count: Int = 1) {
        guard isOpen else { return }
        send(frames, count: count)
    }

    /// Writes complete server frames and sends them at once: for who writes to many connections, once each, and would
    /// come back to every one of them only to flush.
    ///
    /// Where nothing waits for the peer the bytes go straight to the kernel; what it does not take, and everything while
    /// something waits, goes the way of ``write(_:count:)``, in order (docs/decisions/0016-write-through.md).
    /// - Parameter count: How many frames `frames` holds.
    public func writeThrough(_ frames: ByteBuffer, count: Int = 1) {
        guard isOpen, let context else { return }
        var rest = frames
        if let socket, !isFlushDue, hasNothingWaiting, context.channel.isActive {
            rest.moveReaderIndex(forwardBy: frames.withUnsafeReadableBytes { socket.send($0) })
            guard rest.readableBytes > 0 else { return }
        }
        send(rest, count: count)
    }

    /// Exact: the account only ever overestimates, and is corrected before it says that something waits.
    private var hasNothingWaiting: Bool {
        if outbound.bytes == 0 { return true }
        outbound.corrected(bytes: bufferedBytes)
        return outbound.bytes == 0
    }

    /// Frames one text message and writes it.
    public func writeText(_ payload: ByteBuffer) {
        var frame = ByteBuffer()
        frame.reserveCapacity(
            payload.readableBytes + ByteBuffer.webSocketHeaderBytes(payloadBytes: payload.readableBytes))
        frame.writeWebSocketText(payload)
        write(frame)
    }

    /// Frames one binary message and writes it.
    public func writeBinary(_ payload: ByteBuffer) {
        var frame = ByteBuffer()
        frame.writeWebSocketFrame(.binary, payload)
        write(frame)
    }

    /// Takes no more messages from this peer until ``resumeReading()``; the kernel's buffers then hold it back. What has
    /// been read already waits too.
    public func pauseReading() {
        holds.insert(.application)
    }

    public func resumeReading() {
        release(.application)
    }

    /// Sends a Close after what is already written and waits for the peer's; after `deadlines.close` the connection is
    /// reset. Calls after the first do nothing.
    public func close(_ code: CloseStatus, reason: String = "") {
        perform(closing.close(code, reason: Self.shortened(reason), until: closeDeadline))
    }

    /// Resets the connection: what is unsent is dropped and the peer sees an error.
    public func abort() {
        closing.cut()
        context?.channel.reset()
    }

    var closeDeadline: NIODeadline { .now() + TimeAmount(loop.settings.deadlines.close) }

    func attached(_ context: ChannelHandlerContext) {
        self.context = context
        socket = RawSocket(of: context.channel)
        loop.add(self)
        loop.counters.upgraded.add(1)
        loop.counters.webSockets.add(1)
    }

    /// Sends the answer to the upgrade and brings the application in; called once, before anything is received.
    func begin(answer: ByteBuffer, _ makeDelegate: (WebSocketConnection) -> any WebSocketConnectionDelegate) {
        send(answer, count: 1)
        delegate = makeDelegate(self)
    }

    /// The channel is gone.
    func detached() {
        context = nil
        socket = nil
        loop.remove(self)
        loop.counters.webSockets.add(-1)
        _ = loop.unfinishedChanged(by: -unfinishedBytes)
        (unread, unfinishedBytes) = (nil, 0)
        assembler.end()
        let delegate = self.delegate.take()
        delegate?.closed(code: closing.code, wasClean: closing.isClean)
    }

    func flushNow() {
        isFlushDue = false
        context?.flush()
    }

    /// Asks the channel how much waits; true when the peer has taken anything since the last time.
    func outboundMoved() -> Bool {
        outbound.corrected(bytes: bufferedBytes)
        return outbound.takeMoved()
    }

    func send(_ bytes: ByteBuffer, count: Int) {
        guard let context else { return }
        outbound.wrote(bytes: bytes.readableBytes, frames: count)
        context.write(NIOAny(bytes), promise: nil)
        if !isFlushDue {
            isFlushDue = true
            loop.flushLater(self)
        }
        let limits = loop.settings.limits
        guard hasRoom(bytesMax: limits.outboundBytesMax + 1, framesMax: limits.outboundFramesMax + 1) else {
            loop.counters.overflows.add(1)
            return abort()
        }
    }

    /// The one place that carries out what ``CloseHandshake`` decided.
    func perform(_ action: CloseHandshake.Action) {
        switch action {
        case .none:
            break
        case .send(let code, let reason):
            sendClose(code, reason: reason)
            release([.application, .outbound])
        case .sendThenLinger(let code, let reason):
            loop.counters.violations.add(1)
            sendClose(code, reason: reason)
            endOutput(promise: nil)
        case .answerThenFinish(let code):
            sendClose(code, reason: "")
            finish()
        case .finish:
            finish()
        case .reset:
            context?.channel.reset()
        }
    }

    private func sendClose(_ code: CloseStatus?, reason: String) {
        var frame = ByteBuffer()
        frame.writeWebSocketClose(code, reason: reason)
        send(frame, count: 1)
    }

    /// Closes once everything written has been taken by the kernel.
    private func finish() {
        guard let channel = context?.channel else { return }
        let ended = eventLoop.makePromise(of: Void.self)
        ended.futureResult.whenComplete { _ in channel.close(promise: nil) }
        endOutput(promise: ended)
    }

    private func endOutput(promise: EventLoopPromise<Void>?) {
        assembler.end()
        holds = []
        unread = nil
        context?.flush()
        context?.close(mode: .output, promise: promise)
        context?.read()
    }

    private static func shortened(_ reason: String) -> String {
        var reason = reason
        while reason.utf8.count > reasonBytesMax { reason.unicodeScalars.removeLast() }
        return reason
    }
}
