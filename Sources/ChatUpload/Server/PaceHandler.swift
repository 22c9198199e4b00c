import NIOCore
import NIOHTTPTypes

/// The body came below the lowest rate.
struct SlowSender: Error {}

/// Ends bodies that come too slowly, or when the worker stops, and answers that are not read, and gives each upload its share of memory.
/// Bound to its channel's loop.
final class PaceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    private let memory: MemoryShare
    private let connections: OpenConnections
    private let bytesPerSecond: Int
    private let grace: TimeAmount
    private var rate: MinimumRate?
    private var check: Scheduled<Void>?
    private var stall: Scheduled<Void>?
    private var readBytes = 0
    private var isReading = false

    init(memory: MemoryShare, connections: OpenConnections, settings: UploadSettings) {
        self.memory = memory
        self.connections = connections
        bytesPerSecond = settings.bytesPerSecondMin
        grace = settings.rateGrace
    }

    func handlerAdded(context: ChannelHandlerContext) { connections.opened(context.channel) }

    func handlerRemoved(context: ChannelHandlerContext) {
        connections.closed(context.channel)
        check?.cancel()
        stall?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            rate = nil
            isReading = true
        case .body(let bytes):
            if rate == nil { begin(context) }
            rate?.received(bytes: bytes.readableBytes, at: .now())
        case .end:
            rate = nil
            isReading = false
            check?.cancel()
            check = nil
            setRead(MemoryShare.readBytes.lowerBound, context)
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        rate?.paused(at: .now())
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        rate?.resumed(at: .now())
        context.read()
    }

    private func begin(_ context: ChannelHandlerContext) {
        rate = MinimumRate(bytesPerSecond: bytesPerSecond, grace: grace, now: .now())
        setRead(memory.readBytes, context)
        schedule(in: grace, context)
    }

    private func setRead(_ bytes: Int, _ context: ChannelHandlerContext) {
        guard bytes != readBytes else { return }
        readBytes = bytes
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: 4096, initial: MemoryShare.readBytes.lowerBound, maximum: bytes)
        context.channel.setOption(.recvAllocator, value: allocator).whenFailure { _ in }
    }

    private func schedule(in time: TimeAmount, _ context: ChannelHandlerContext) {
        check?.cancel()
        check = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            guard let rate else { return }
            if rate.isTooSlow(at: .now()) {
                self.rate = nil
                context.fireErrorCaught(SlowSender())
            } else {
                // A sender that waits for this worker is looked at again later.
                schedule(in: max(.seconds(1), (rate.deadline ?? .now()) - .now()), context)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is OpenConnections.EndBody {
            guard isReading else { return }
            isReading = false
            rate = nil
            context.fireErrorCaught(Stopping())
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = context.eventLoop.assumeIsolated().scheduleTask(in: UploadLimits.writeTimeout) {
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }
}
