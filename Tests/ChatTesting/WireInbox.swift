import NIOCore

/// How a connection ended, as the client saw it.
public enum WireEnding: Sendable, Equatable, CustomStringConvertible {
    /// The server sent a close frame (RFC 6455 section 5.5.1) and then ended the connection; 1005 where it named no code.
    case closed(code: Int, reason: String)
    /// The connection ended without a close frame.
    case cut

    public var code: Int? {
        guard case .closed(let code, _) = self else { return nil }
        return code
    }

    public var description: String {
        switch self {
        case .closed(let code, let reason): "closed with \(code) \(reason)"
        case .cut: "cut"
        }
    }
}

/// Reads what the server sends and hands it to whoever expects it. Lives on its channel's event loop only.
///
/// A frame stays unread until an expectation that matches takes it, so the order in which a test asks does not matter;
/// `received` keeps everything in the order of arrival.
final class WireInbox: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Match = @Sendable (WireFrame) -> Bool

    private struct Expectation {
        var id: Int
        var matches: Match
        var promise: EventLoopPromise<WireFrame>
        var deadline: Scheduled<Void>
    }

    /// The accept value that belongs to ``WireClient/handshakeKey`` (RFC 6455 section 1.3).
    private static let acceptValue = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private let name: String
    private let opened: EventLoopPromise<HTTPAnswer>
    private let ended: EventLoopPromise<WireEnding>
    private var isOpen = false
    private var buffer = ByteBuffer()
    private var fragments: ByteBuffer?
    private var closeFrame: WireEnding?
    private var ending: WireEnding?
    private var unread = CircularBuffer<WireFrame>()
    private var expectations: [Expectation] = []
    private var expectationsMade = 0
    private(set) var received: [WireFrame] = []
    private(set) var pongs = 0

    init(name: String, opened: EventLoopPromise<HTTPAnswer>, ended: EventLoopPromise<WireEnding>) {
        self.name = name
        self.opened = opened
        self.ended = ended
    }

    func expect(
        _ what: String, within: TimeAmount, on loop: any EventLoop, _ matches: @escaping Match
    ) -> EventLoopFuture<WireFrame> {
        if let index = unread.firstIndex(where: matches) {
            return loop.makeSucceededFuture(unread.remove(at: index))
        }
        if ending != nil { return loop.makeFailedFuture(missing(what)) }
        expectationsMade += 1
        let id = expectationsMade
        let promise = loop.makePromise(of: WireFrame.self)
        let deadline = loop.scheduleTask(in: within) { [self] in
            expectations.removeAll { $0.id == id }
            promise.fail(missing(what))
        }
        expectations.append(Expectation(id: id, matches: matches, promise: promise, deadline: deadline))
        return promise.futureResult
    }

    private func missing(_ what: String) -> WireFailure {
        let recent = unread.suffix(12).map { "\($0.type)\($0.code.map { " \($0)" } ?? "")" }.joined(separator: ", ")
        let state = ending.map { "\($0)" } ?? "open"
        return WireFailure(
            "\(name): no \(what); \(unread.count) unread [\(recent)]; \(received.count) received; connection \(state)")
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
        do {
            if !isOpen { try readHandshake() }
            while isOpen, let frame = try WireFraming.decode(from: &buffer) { try read(frame, context) }
            buffer.discardReadBytes()
        } catch {
            fail(error, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func readHandshake() throws {
        guard var answer = try HTTPAnswer.head(from: &buffer) else { return }
        guard answer.status == 101 else {
            answer.body = String(buffer: buffer)
            return opened.fail(WireRefusal(answer: answer))
        }
        guard answer.headers["sec-websocket-accept"] == Self.acceptValue else {
            throw WireFailure("wrong sec-websocket-accept")
        }
        isOpen = true
        opened.succeed(answer)
    }

    private func read(_ frame: WireFraming.Frame, _ context: ChannelHandlerContext) throws {
        guard closeFrame == nil else { throw WireFailure("\(name): a frame after the close frame") }
        switch frame.opcode {
        case WireOpcode.text, WireOpcode.continuation:
            var message = fragments ?? ByteBuffer()
            message.writeImmutableBuffer(frame.payload)
            fragments = frame.fin ? nil : message
            if frame.fin { deliver(try WireFrame(json: message.readableBytesView)) }
        case WireOpcode.ping:
            write(WireOpcode.pong, frame.payload, context)
        case WireOpcode.pong:
            pongs += 1
        case WireOpcode.close:
            var payload = frame.payload
            let code = payload.readInteger(as: UInt16.self).map(Int.init) ?? 1005
            closeFrame = .closed(code: code, reason: String(buffer: payload))
            write(WireOpcode.close, frame.payload, context)
        default:
            throw WireFailure("\(name): opcode \(frame.opcode) from the server")
        }
    }

    private func write(_ opcode: UInt8, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        var out = ByteBuffer()
        WireFraming.encode(opcode: opcode, payload: payload.readableBytesView, into: &out)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    private func deliver(_ frame: WireFrame) {
        received.append(frame)
        guard let index = expectations.firstIndex(where: { $0.matches(frame) }) else { return unread.append(frame) }
        let expectation = expectations.remove(at: index)
        expectation.deadline.cancel()
        expectation.promise.succeed(frame)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        opened.fail(error)
        for expectation in expectations { expectation.promise.fail(error) }
        context.close(promise: nil)
    }

    private func end() {
        guard ending == nil else { return }
        let how = closeFrame ?? .cut
        ending = how
        opened.fail(WireFailure("\(name): the server closed before it answered the upgrade"))
        for expectation in expectations {
            expectation.deadline.cancel()
            expectation.promise.fail(missing("frame before the end"))
        }
        expectations = []
        ended.succeed(how)
    }
}

/// The server answered the upgrade with something other than 101.
public struct WireRefusal: Error, Sendable {
    public var answer: HTTPAnswer
}
