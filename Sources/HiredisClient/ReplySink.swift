import NIOCore

/// Builds replies from the events of a ``ReplyReader``, and sets pub/sub messages apart without building them.
///
/// Every method answers whether it goes on; false spends the reader, with the reason in ``refusal``.
package final class ReplySink {
    /// An array that has begun and not all its values.
    private struct OpenArray {
        var values: [RESPValue]
        var missing: Int
    }

    /// How far the array on its way may be a pub/sub message: `message`, the channel, the payload.
    private enum Message {
        case no
        /// An array of three has begun.
        case maybe
        case awaitsChannel
        /// nil where nobody here wants the channel.
        case awaitsPayload(channel: String?)
    }

    private let replyElementsMax: Int
    /// The name of a channel whose messages are wanted; nil on a link for commands, where every array is a reply.
    private let channel: ((UnsafeRawBufferPointer) -> String?)?

    private var open: [OpenArray] = []
    private var elements = 0
    private var finished: RESPValue?
    private var message = Message.no
    private var batch = MessageBatch()
    private(set) var refusal: String?

    package init(limits: RedisLimits, channel: ((UnsafeRawBufferPointer) -> String?)? = nil) {
        replyElementsMax = limits.replyElementsMax
        self.channel = channel
    }

    /// The reply that the last event completed; nil where that was a message.
    func takeFinished() -> RESPValue? {
        defer { finished = nil }
        return finished
    }

    /// The messages since the last call.
    package func takeMessages() -> [ChannelMessage] { batch.take() }

    func array(count: Int, isNested: Bool) -> Bool {
        elements = isNested ? elements + count : count
        guard elements <= replyElementsMax else {
            refusal = "The server sent a reply of more than \(replyElementsMax) values."
            return false
        }
        if !isNested, count == 3, channel != nil {
            message = .maybe
            return true
        }
        guard isReply() else { return false }
        if count == 0 { return value(.array([])) }
        var values: [RESPValue] = []
        values.reserveCapacity(min(count, 1024))
        open.append(OpenArray(values: values, missing: count))
        return true
    }

    func bulk(_ bytes: UnsafeRawBufferPointer, isNested: Bool) -> Bool {
        switch message {
        case .maybe where bytes.elementsEqual("message".utf8):
            message = .awaitsChannel
        case .awaitsChannel:
            message = .awaitsPayload(channel: channel?(bytes))
        case .awaitsPayload(let channel):
            if let channel { batch.append(channel: channel, payload: bytes) }
            message = .no
        case .no, .maybe:
            return value(.bulk(ByteBuffer(bytes: bytes)))
        }
        return true
    }

    func value(_ value: RESPValue) -> Bool {
        guard isReply() else { return false }
        var value = value
        while let last = open.indices.last {
            open[last].values.append(value)
            open[last].missing -= 1
            guard open[last].missing == 0 else { return true }
            value = .array(open.removeLast().values)
        }
        finished = value
        return true
    }

    /// Turns an array that began like a message and is none into an ordinary one.
    private func isReply() -> Bool {
        switch message {
        case .no:
            return true
        case .maybe:
            message = .no
            open.append(OpenArray(values: [], missing: 3))
            return true
        case .awaitsChannel, .awaitsPayload:
            refusal = "The server sent a message whose channel or payload is no string."
            return false
        }
    }
}

/// One message of a subscription.
public struct ChannelMessage: Sendable, Hashable {
    /// The name given to `subscribe`; one string for all messages of the channel.
    public var channel: String
    /// A slice of the memory that the messages of one read share: copy what is kept for long.
    public var payload: ByteBuffer

    public init(channel: String, payload: ByteBuffer) {
        self.channel = channel
        self.payload = payload
    }
}

/// The messages of one read, their payloads in one piece of memory.
private struct MessageBatch {
    private struct Item {
        var channel: String
        var start: Int
        var count: Int
    }
    /// The memory made ready for the next read; a batch that is larger grows it.
    private static let reservedBytesMax = 64 << 10

    private var payloads = ByteBuffer()
    private var items: [Item] = []

    mutating func append(channel: String, payload: UnsafeRawBufferPointer) {
        items.append(Item(channel: channel, start: payloads.writerIndex, count: payload.count))
        payloads.writeBytes(payload)
    }

    mutating func take() -> [ChannelMessage] {
        guard !items.isEmpty else { return [] }
        let messages = items.map { item in
            ChannelMessage(
                channel: item.channel, payload: payloads.getSlice(at: item.start, length: item.count) ?? ByteBuffer())
        }
        let size = payloads.readableBytes
        payloads = ByteBuffer()
        payloads.reserveCapacity(min(size, Self.reservedBytesMax))
        items.removeAll(keepingCapacity: true)
        return messages
    }
}
