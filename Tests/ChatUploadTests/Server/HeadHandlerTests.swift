import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ChatUpload

@Suite struct HeadHandlerTests {
    /// Its client is told that nothing was done.
    @Test func theRestOfAHeadThatWasRefusedIsDropped() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([
            HalfClosed(), ByteToMessageHandler(HTTPRequestDecoder()), HeadHandler.Installer(timeout: .seconds(30)),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(ByteBuffer(string: "DELETE /api/files/a HTTP/1.1\r\nHost: "))
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        guard case .head(let head)? = try channel.readOutbound(as: HTTPServerResponsePart.self) else {
            Issue.record("not answered")
            return
        }
        #expect(head.status == .requestTimeout)
        try channel.writeInbound(ByteBuffer(string: "localhost\r\n\r\n"))
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == nil)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    /// An embedded channel closes both ways at once; a socket whose output is closed still reads.
    private final class HalfClosed: ChannelOutboundHandler {
        typealias OutboundIn = NIOAny

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            if mode == .output { promise?.succeed() } else { context.close(mode: mode, promise: promise) }
        }
    }
}
