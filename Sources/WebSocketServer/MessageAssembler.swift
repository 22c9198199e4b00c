import NIOCore

/// Turns the bytes of one client into messages and control frames, and refuses what RFC 6455 or a limit forbids.
///
/// Pure: bytes in, one event out at a time. Payloads are unmasked and checked as they arrive, so invalid text and an
/// oversized message end the connection at their first wrong byte, not after the whole has been buffered.
struct MessageAssembler {
    struct Limits {
        /// Bytes of one message over all its fragments; more is 1009.
        var messageBytesMax: Int
        /// Fragments of one message, empty ones included; more is 1008.
        var fragmentsMax: Int
    }

    /// What the bytes amounted to.
    enum Event {
        /// A complete message; valid UTF-8.
        case text(ByteBuffer)
        case binary(ByteBuffer)
        /// To be answered with a Pong of the same bytes.
        case ping(ByteBuffer)
        case pong
        /// The peer's Close and the code in it, if any. Nothing comes after it.
        case close(CloseStatus?)
        /// The connection must be failed. Nothing comes after it.
        case violation(ProtocolViolation)
    }

    /// Where in the stream of frames the next byte belongs.
    private enum Place {
        /// Between frames or inside a header.
        case header
        /// `missing` bytes of the frame's payload are still to come.
        case payload(FrameHeader, missing: Int)
        /// After a Close or a violation: whatever follows is dropped.
        case ended
    }

    /// A message of which some bytes, or some fragments, are still missing.
    private struct Unfinished {
        let isText: Bool
        var fragments = 1
        var bytes = ByteBuffer()
        var utf8 = UTF8Validator()
    }

    /// Largest payload that goes through the shared scratch buffer; larger ones are rare and get their own.
    static let scratchBytesMax = 64 * 1024

    private let limits: Limits
    private var place = Place.header
    private var partialHeader: ByteBuffer?
    private var message: Unfinished?
    private var control: ByteBuffer?

    init(limits: Limits) {
        self.limits = limits
    }

    /// Whether a frame or a message has begun and is not complete.
    var isMidway: Bool {
        switch place {
        case .header: message != nil || partialHeader != nil
        case .payload: true
        case .ended: false
        }
    }

    /// Memory held for what is not complete.
    var unfinishedBytes: Int {
        (message?.bytes.storageCapacity ?? 0) + (control?.storageCapacity ?? 0) + (partialHeader?.storageCapacity ?? 0)
    }

    /// The next event in `input`, nil when all of it is used up.
    ///
    /// - Parameter scratch: Where a frame that lies whole in `input` is unmasked to. The event then shares its storage: a
    ///   caller that has let go of the event before the next call saves an allocation per message.
    mutating func next(_ input: inout ByteBuffer, scratch: inout ByteBuffer) -> Event? {
        do throws(ProtocolViolation) {
            while true {
                switch place {
                case .header:
                    guard let header = try readHeader(&input) else { return nil }
                    try admit(header)
                    place = .payload(header, missing: header.payloadBytes)
                case .payload(let header, let missing):
                    if input.readableBytes < missing {
                        try takePart(of: header, missing: missing, from: &input)
                        return nil
                    }
                    place = .header
                    guard let event = try finish(header, missing: missing, from: &input, scratch: &scratch) else {
                        continue
                    }
                    if case .close = event { end() }
                    return event
                case .ended:
                    input.moveReaderIndex(to: input.writerIndex)
                    return nil
                }
            }
        } catch {
            end()
            return .violation(error)
        }
    }

    /// Drops what is unfinished and everything that still comes.
    mutating func end() {
        place = .ended
        (message, control, partialHeader) = (nil, nil, nil)
    }

    private mutating func readHeader(_ input: inout ByteBuffer) throws(ProtocolViolation) -> FrameHeader? {
        guard var partial = partialHeader else {
            if let header = try FrameHeader.read(from: &input) { return header }
            if input.readableBytes > 0 {
                partialHeader = ByteBuffer(bytes: input.readableBytesView)
                input.moveReaderIndex(to: input.writerIndex)
            }
            return nil
        }
        partialHeader = nil
        while let byte = input.readInteger(as: UInt8.self) {
            partial.writeInteger(byte)
            if let header = try FrameHeader.read(from: &partial) { return header }
        }
        partialHeader = partial
        return nil
    }

    /// Checks what one header alone does not show: the order of fragments and the size of the whole (section 5.4).
    private mutating func admit(_ header: FrameHeader) throws(ProtocolViolation) {
        switch header.opcode {
        case .close, .ping, .pong:
            return
        case .text, .binary:
            guard message == nil else { throw .messageNotFinished }
        case .continuation:
            guard let fragments = message?.fragments else { throw .nothingToContinue }
            guard fragments < limits.fragmentsMax else { throw .tooManyFragments }
            message?.fragments = fragments + 1
        }
        guard header.payloadBytes <= limits.messageBytesMax - (message?.bytes.readableBytes ?? 0) else {
            throw .messageTooBig
        }
    }

    /// Keeps what has come of a payload.
    private mutating func takePart(
        of header: FrameHeader, missing: Int, from input: inout ByteBuffer
    ) throws(ProtocolViolation) {
        let count = input.readableBytes
        if header.opcode.isControl {
            var bytes = control ?? ByteBuffer()
            control = nil
            bytes.writeUnmasked(count, from: &input, mask: header.mask, offset: header.payloadBytes - missing)
            control = bytes
        } else {
            try appendToMessage(count, of: header, missing: missing, from: &input)
        }
        place = .payload(header, missing: missing - count)
    }

    /// Completes a frame whose payload's last `missing` bytes are in `input`; nil for a fragment that is not the last.
    private mutating func finish(
        _ header: FrameHeader, missing: Int, from input: inout ByteBuffer, scratch: inout ByteBuffer
    ) throws(ProtocolViolation) -> Event? {
        if header.opcode.isControl {
            var bytes = control.take() ?? Self.empty(&scratch, for: missing)
            bytes.writeUnmasked(missing, from: &input, mask: header.mask, offset: header.payloadBytes - missing)
            scratch = bytes
            return try controlEvent(header.opcode, bytes)
        }
        if message == nil, header.isFinal {
            var bytes = Self.empty(&scratch, for: missing)
            bytes.writeUnmasked(missing, from: &input, mask: header.mask, offset: 0)
            if missing <= Self.scratchBytesMax { scratch = bytes }
            guard header.opcode == .text else { return .binary(bytes) }
            guard Self.isUTF8(bytes) else { throw .invalidUTF8 }
            return .text(bytes)
        }
        try appendToMessage(missing, of: header, missing: missing, from: &input)
        guard header.isFinal, let whole = message.take() else { return nil }
        guard whole.isText else { return .binary(whole.bytes) }
        guard whole.utf8.isComplete else { throw .invalidUTF8 }
        return .text(whole.bytes)
    }

    /// Adds payload to the message in progress, which the first such bytes begin.
    private mutating func appendToMessage(
        _ count: Int, of header: FrameHeader, missing: Int, from input: inout ByteBuffer
    ) throws(ProtocolViolation) {
        var whole = message.take() ?? Unfinished(isText: header.opcode == .text)
        let start = whole.bytes.writerIndex
        whole.bytes.writeUnmasked(count, from: &input, mask: header.mask, offset: header.payloadBytes - missing)
        if whole.isText {
            let isValid = whole.bytes.withUnsafeReadableBytes { whole.utf8.consume(.init(rebasing: $0[start...])) }
            guard isValid else { throw .invalidUTF8 }
        }
        message = whole
    }

    private func controlEvent(_ opcode: Opcode, _ payload: ByteBuffer) throws(ProtocolViolation) -> Event {
        switch opcode {
        case .ping: .ping(payload)
        case .close: .close(try Self.closeStatus(payload))
        case .pong, .continuation, .text, .binary: .pong
        }
    }

    /// Checks a Close frame's body: nothing, or a code that may be sent and a reason in UTF-8 (section 5.5.1).
    private static func closeStatus(_ payload: ByteBuffer) throws(ProtocolViolation) -> CloseStatus? {
        if payload.readableBytes == 0 { return nil }
        var payload = payload
        guard let code = payload.readInteger(as: UInt16.self).map(CloseStatus.init), code.isAllowedOnWire else {
            throw .closeBody
        }
        guard isUTF8(payload) else { throw .invalidUTF8 }
        return code
    }

    private static func isUTF8(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            var validator = UTF8Validator()
            return validator.consume(bytes) && validator.isComplete
        }
    }

    /// The scratch buffer emptied, or a new one for what would make it grow for good.
    private static func empty(_ scratch: inout ByteBuffer, for count: Int) -> ByteBuffer {
        guard count <= scratchBytesMax else { return ByteBuffer() }
        var bytes = ByteBuffer()
        swap(&bytes, &scratch)
        bytes.clear()
        return bytes
    }
}
