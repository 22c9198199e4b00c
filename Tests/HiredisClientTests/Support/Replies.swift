import NIOCore

@testable import HiredisClient

/// What a reader made of some bytes.
struct Reading: Equatable {
    var replies: [RESPValue] = []
    var messages: [ChannelMessage] = []
    var error: RedisError.Code?
    var message: String?

    /// Reads `bytes` in pieces that end at `cuts`. With `channels`, messages of these are set apart.
    init(_ bytes: [UInt8], cuts: [Int] = [], channels: Set<String>? = nil, limits: RedisLimits = RedisLimits()) {
        let sink = ReplySink(
            limits: limits,
            channel: channels.map { channels in
                { bytes in
                    channels.contains(String(decoding: bytes, as: UTF8.self))
                        ? String(decoding: bytes, as: UTF8.self) : nil
                }
            })
        do throws(RedisError) {
            var reader = try ReplyReader(sink: sink, limits: limits)
            var start = 0
            for end in cuts + [bytes.count] {
                try reader.feed(Array(bytes[start..<end]), replies: &replies)
                start = end
            }
        } catch {
            self.error = error.code
            message = error.message
        }
        messages = sink.takeMessages()
    }

    init(_ text: String, cuts: [Int] = [], channels: Set<String>? = nil, limits: RedisLimits = RedisLimits()) {
        self.init(Array(text.utf8), cuts: cuts, channels: channels, limits: limits)
    }
}

extension ReplyReader {
    mutating func feed(_ bytes: [UInt8], replies: inout [RESPValue]) throws(RedisError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try feed(UnsafeRawBufferPointer(buffer), replies: &replies)
    }
}

extension RESPValue {
    static func text(_ text: String) -> RESPValue { .bulk(ByteBuffer(string: text)) }
}
