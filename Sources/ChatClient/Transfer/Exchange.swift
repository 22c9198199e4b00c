import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// One request and its answer on a connection of their own.
///
/// The body goes out while the answer may already come: an answer before the body's end is the answer, and the rest of
/// the body is not sent. Nothing moving for longer than the patience ends it as lost.
struct Exchange: Sendable {
    let server: FileServer
    let head: HTTPRequestHead
    /// How long nothing may move.
    var patience: TimeAmount
    /// How long the answer may take once the body is out.
    var answerPatience: TimeAmount

    init(_ server: FileServer, _ head: HTTPRequestHead, patience: TimeAmount, answerPatience: TimeAmount? = nil) {
        self.server = server
        self.head = head
        self.patience = patience
        self.answerPatience = answerPatience ?? patience
    }

    /// Pulls the next piece of the body; nil at its end.
    typealias Body = @Sendable () async throws -> ByteBuffer?
    /// Takes the next piece of the answer's body, and is awaited before more is read.
    typealias Sink = @Sendable (ByteBuffer) async throws -> Void

    /// The whole answer, which is short.
    /// - Throws: ``TransferFailure`` where there is none; what `body` throws.
    func answer(body: Body? = nil) async throws -> TransferAnswer {
        let collected = NIOLockedValueBox(ByteBuffer())
        var answer = try await run(body: body) { _ in
            { piece in
                try collected.withLockedValue { buffer in
                    guard buffer.readableBytes + piece.readableBytes <= TransferLimits.answerBytesMax else {
                        throw TransferFailure(.stop(.failed), "The server's answer is too long.")
                    }
                    buffer.writeImmutableBuffer(piece)
                }
            }
        }
        answer.body = collected.withLockedValue { $0 }
        return answer
    }

    /// - Parameter sink: gives, for the answer's head, what takes its body.
    /// - Returns: the head, once the body is over.
    func run(
        body: Body? = nil, sink: @escaping @Sendable (TransferAnswer) async throws -> Sink
    ) async throws -> TransferAnswer {
        let motion = Motion(patience)
        return try await withThrowingTaskGroup(of: TransferAnswer.self) { group in
            group.addTask { try await motion.watch() }
            group.addTask { try await exchange(body, sink, motion) }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func exchange(
        _ body: Body?, _ sink: @escaping @Sendable (TransferAnswer) async throws -> Sink, _ motion: Motion
    ) async throws -> TransferAnswer {
        do {
            let channel = try await server.connect()
            return try await channel.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: TransferAnswer?.self) { group in
                    group.addTask {
                        try await send(body, outbound, motion)
                        return nil
                    }
                    group.addTask { try await receive(inbound, sink, motion) }
                    defer { group.cancelAll() }
                    return try await first(of: &group)
                }
            }
        } catch let error as TransferFailure {
            throw error
        } catch let error as CommandFailure {
            throw error
        } catch {
            try Task.checkCancellation()
            throw TransferFailure.lost(error)
        }
    }

    /// The answer, whether it comes before or after the body is out. A server that answers and closes makes the
    /// sending fail; what it said counts more.
    private func first(of group: inout ThrowingTaskGroup<TransferAnswer?, any Error>) async throws -> TransferAnswer {
        var failure: any Error = ChannelError.eof
        while let result = await group.nextResult() {
            switch result {
            case .success(.some(let answer)): return answer
            case .success(.none): continue
            case .failure(let error as TransferFailure): throw error
            case .failure(let error as CommandFailure): throw error
            case .failure(let error): failure = error
            }
        }
        throw failure
    }

    private func send(
        _ body: Body?, _ outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, _ motion: Motion
    ) async throws {
        try await outbound.write(.head(head))
        while var piece = try await body?() {
            while let slice = piece.readSlice(length: min(TransferLimits.sliceBytes, piece.readableBytes)),
                slice.readableBytes > 0
            {
                try await outbound.write(.body(.byteBuffer(slice)))
                motion.moved()
            }
        }
        try await outbound.write(.end(nil))
        motion.moved(patience: answerPatience)
    }

    private func receive(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
        _ sink: @Sendable (TransferAnswer) async throws -> Sink, _ motion: Motion
    ) async throws -> TransferAnswer {
        var answer: TransferAnswer?
        var take: Sink?
        for try await part in inbound {
            motion.moved(patience: patience)
            switch part {
            case .head(let head) where head.status.code < 200:
                continue
            case .head(let head):
                let received = TransferAnswer(head: head)
                answer = received
                take = try await sink(received)
            case .body(let piece):
                try await take?(piece)
                motion.moved()
            case .end:
                if let answer { return answer }
            }
        }
        throw ChannelError.eof
    }
}

/// Notices that nothing moves any more.
private final class Motion: Sendable {
    private struct State {
        var patience: TimeAmount
        var last = NIODeadline.now()
    }
    private let state: NIOLockedValueBox<State>

    init(_ patience: TimeAmount) { state = NIOLockedValueBox(State(patience: patience)) }

    func moved(patience: TimeAmount? = nil) {
        state.withLockedValue { state in
            state.last = .now()
            if let patience { state.patience = patience }
        }
    }

    /// Returns only by throwing.
    func watch() async throws -> Never {
        while true {
            let left = state.withLockedValue { $0.last + $0.patience - .now() }
            guard left > .zero else {
                throw TransferFailure(.retry(notBefore: nil), "Nothing moved for too long.")
            }
            try await Task.sleep(for: .nanoseconds(left.nanoseconds))
        }
    }
}
