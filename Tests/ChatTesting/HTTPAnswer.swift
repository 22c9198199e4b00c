import NIOCore
import NIOPosix

/// The answer to one plain HTTP/1.1 request, for tests that look at status and headers with no HTTP library between.
public struct HTTPAnswer: Sendable {
    public var status: Int
    /// Names in lower case; a repeated header keeps its last value.
    public var headers: [String: String]
    public var body: String

    /// Fetches `path` with one connection of its own.
    public static func get(_ path: String, port: Int) async throws -> HTTPAnswer {
        try await exchange("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n", port: port)
    }

    /// Sends the bytes of a request as they are and reads until the answer is whole or the server closes.
    /// - Throws: ``WireFailure`` where no whole answer comes within `seconds`.
    public static func exchange(_ request: String, port: Int, within seconds: Int64 = 10) async throws -> HTTPAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: HTTPAnswer.self)
        let deadline = loop.scheduleTask(in: .seconds(seconds)) {
            answer.fail(WireFailure("no answer within \(seconds) s to: \(request.prefix(80))"))
        }
        answer.futureResult.whenComplete { _ in deadline.cancel() }
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AnswerReader(answer))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            answer.fail(error)
            throw error
        }
        channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        defer { channel.close(promise: nil) }
        return try await answer.futureResult.get()
    }

    /// Takes a status line and headers from the front of `buffer`; nil while the empty line is not there yet.
    static func head(from buffer: inout ByteBuffer) throws -> HTTPAnswer? {
        let view = buffer.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text = String(decoding: view[..<end.lowerBound], as: UTF8.self)
        buffer.moveReaderIndex(forwardBy: view.distance(from: view.startIndex, to: end.upperBound))
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw WireFailure("not an HTTP status line: \(lines.first ?? "")")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw WireFailure("not a header: \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        return HTTPAnswer(status: status, headers: headers, body: "")
    }
}

/// Collects one answer: up to its `content-length`, else to the end of the connection. Lives on its channel's loop.
private final class AnswerReader: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    private let answer: EventLoopPromise<HTTPAnswer>
    private var head: HTTPAnswer?
    private var buffer = ByteBuffer()

    init(_ answer: EventLoopPromise<HTTPAnswer>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        do {
            if head == nil { head = try HTTPAnswer.head(from: &buffer) }
        } catch {
            answer.fail(error)
        }
        if let length = head?.headers["content-length"].flatMap({ Int($0) }), buffer.readableBytes >= length {
            finish()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
    }

    private func finish() {
        guard var whole = head else { return answer.fail(WireFailure("the server closed without an answer")) }
        whole.body = String(buffer: buffer)
        answer.succeed(whole)
    }
}
