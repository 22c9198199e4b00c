import CHiredis
import NIOCore

/// hiredis' reply reader: bytes of RESP2 in, events to a ``ReplySink`` out.
///
/// The only file that touches C: the reader and its table of callbacks are freed with this value.
/// After an error the reader is spent; its connection must be closed.
package struct ReplyReader: ~Copyable {
    /// hiredis moves what it has not read yet to the front after each KiB, so it is fed small pieces.
    private static let feedBytesMax = 16 << 10

    private let reader: UnsafeMutablePointer<redisReader>
    private let callbacks: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let sink: ReplySink
    private let replyBytesMax: Int
    /// Bytes fed for the reply that is not complete yet.
    private var unfinishedBytes = 0

    package init(sink: ReplySink, limits: RedisLimits) throws(RedisError) {
        let callbacks = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        callbacks.initialize(to: Self.events)
        guard let reader = redisReaderCreateWithFunctions(callbacks) else {
            callbacks.deallocate()
            throw RedisError(.disconnected, "There is no memory for a reply reader.")
        }
        reader.pointee.privdata = Unmanaged.passUnretained(sink).toOpaque()
        self.reader = reader
        self.callbacks = callbacks
        self.sink = sink
        replyBytesMax = limits.replyBytesMax
    }

    deinit {
        redisReaderFree(reader)
        callbacks.deallocate()
    }

    /// Parses `bytes` and appends the replies that they complete. Those before an error are appended, too.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, replies: inout [RESPValue]) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.feedBytesMax))
            rest = rest.dropFirst(piece.count)
            guard
                redisReaderFeed(reader, piece.baseAddress?.assumingMemoryBound(to: CChar.self), piece.count) == REDIS_OK
            else { throw failure() }
            unfinishedBytes += piece.count
            try drain(into: &replies)
            guard unfinishedBytes <= replyBytesMax else {
                throw RedisError(.protocolViolation, "The server sent a reply of more than \(replyBytesMax) bytes.")
            }
        }
    }

    private mutating func drain(into replies: inout [RESPValue]) throws(RedisError) {
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw failure() }
            guard reply != nil else { return }
            unfinishedBytes = reader.pointee.len - reader.pointee.pos
            if let value = sink.takeFinished() { replies.append(value) }
        }
    }

    private func failure() -> RedisError {
        if let refusal = sink.refusal { return RedisError(.protocolViolation, refusal) }
        let text = withUnsafeBytes(of: &reader.pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, "The server's reply does not parse: \(text).")
    }

    /// Hands what hiredis finds to the sink. hiredis wants an object for each value and takes nil for a lack of memory;
    /// the sink keeps the values, so any pointer that is not nil will do, and there is nothing to free.
    private static let events = redisReplyObjectFunctions(
        createString: { task, bytes, count in
            withSink(task) { sink, place in
                let bytes = UnsafeRawBufferPointer(start: bytes, count: count)
                return switch place.type {
                case REDIS_REPLY_STATUS: sink.value(.simple(String(decoding: bytes, as: UTF8.self)))
                case REDIS_REPLY_ERROR: sink.value(.error(String(decoding: bytes, as: UTF8.self)))
                default: sink.bulk(bytes, isNested: place.parent != nil)
                }
            }
        },
        createArray: { task, count in
            withSink(task) { sink, place in sink.array(count: Int(count), isNested: place.parent != nil) }
        },
        createInteger: { task, value in withSink(task) { sink, _ in sink.value(.integer(value)) } },
        createNil: { task in withSink(task) { sink, _ in sink.value(.null) } },
        freeObject: { _ in }
    )

    private static func withSink(
        _ task: UnsafePointer<redisReadTask>?, _ accept: (ReplySink, redisReadTask) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let place = task?.pointee, let sink = place.privdata else { return nil }
        return accept(Unmanaged<ReplySink>.fromOpaque(sink).takeUnretainedValue(), place) ? sink : nil
    }
}

extension RESPCommand {
    /// Appends the command as it travels.
    func write(to buffer: inout ByteBuffer) throws(RedisError) {
        let length = bytes.withUnsafeReadableBytes { words in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: ends.count) { starts in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: ends.count) { lengths in
                    var start = 0
                    for (index, end) in ends.enumerated() {
                        starts.initializeElement(
                            at: index, to: words.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self))
                        lengths.initializeElement(at: index, to: end - start)
                        start = end
                    }
                    return Self.format(starts, lengths, into: &buffer)
                }
            }
        }
        guard length > 0 else { throw RedisError(.overloaded, "There is no memory to format a command.") }
    }

    /// The length of the formatted command, negative where hiredis has no memory for it.
    private static func format(
        _ starts: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>, _ lengths: UnsafeMutableBufferPointer<Int>,
        into buffer: inout ByteBuffer
    ) -> Int32 {
        var formatted: UnsafeMutablePointer<CChar>?
        let length = redisFormatCommandArgv(&formatted, Int32(starts.count), starts.baseAddress, lengths.baseAddress)
        if let formatted, length > 0 { buffer.writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(length))) }
        redisFreeCommand(formatted)
        return length
    }
}
