import NIOCore

/// Reads a multipart/form-data body (RFC 7578, RFC 2046 section 5.1) as it arrives, in chunks cut anywhere.
///
/// Give it a chunk, then take events until there are none; after the body's last chunk call ``receivedEnd()`` and take
/// events again. File data comes out as slices of the chunks. An error is the end: nothing but it is thrown after it.
///
/// Where writers of the formats leave room, it takes what Go's `mime/multipart`, curl, Python's requests and the
/// browsers send, and refuses what two readers could understand in two ways: lines that end with LF alone, folded or
/// repeated headers, a boundary line that goes on with something else.
struct MultipartParser: Sendable {
    enum Event: Sendable, Equatable {
        case began(MultipartPart)
        /// Bytes of the part that began last, never empty.
        case bytes(ByteBuffer)
        case ended
        /// The body is over, and it was whole.
        case finished
    }

    /// Parts of one body: a file and the fields that belong to it.
    static let partsMax = 16
    /// Bytes of a part that is no file.
    static let fieldBytesMax = 4 * 1024
    /// Bytes before the first boundary and, again, behind the last. Nobody sends any; RFC 2046 allows them.
    static let surroundingBytesMax = 8 * 1024
    /// Blanks behind a boundary, which old mail gateways added.
    static let paddingBytesMax = 64

    private enum State: Sendable {
        /// Before the first boundary; to `boundary`.
        case preamble
        /// Behind a boundary, where what follows says whether it was one: to `header`, `closed`, or back to data.
        case boundary(BoundaryLine, isFirst: Bool)
        /// To `body`, at the empty line.
        case header(MultipartHeader)
        /// To `boundary`.
        case body
        /// Behind `--`: blanks, then a line break or the end; to `epilogue`.
        case closed(BoundaryLine)
        case epilogue
        case finished
        case failed(InputError)
    }

    /// Where in the line of a boundary it is.
    private enum BoundaryLine: Sendable {
        case begin
        case dash
        case padding
        case carriageReturn
    }

    private var state = State.preamble
    private var scanner: DelimiterScanner
    private var chunk = ByteBuffer()
    private var isAtEnd = false
    private var parts = 0
    private var isField = false
    private var fieldBytes = 0
    private var surroundingBytes = 0
    private var paddingBytes = 0

    init(_ boundary: MultipartBoundary) { scanner = DelimiterScanner(boundary) }

    /// The next chunk of the body; only after ``next()`` said that there is nothing more in the one before.
    mutating func received(_ chunk: ByteBuffer) {
        assert(self.chunk.readableBytes == 0 && !isAtEnd, "take the events of a chunk before the next one")
        self.chunk = chunk
    }

    /// The body is over, as its framing says.
    mutating func receivedEnd() { isAtEnd = true }

    /// The next event; nil where it takes another chunk, and after `finished`.
    mutating func next() throws(InputError) -> Event? {
        do {
            while true {
                switch try step() {
                case .event(let event): return event
                case .again: continue
                case .needsMore: return isAtEnd ? try end() : nil
                }
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private enum Step {
        case event(Event)
        case again
        case needsMore
    }

    private mutating func step() throws(InputError) -> Step {
        switch state {
        case .preamble, .body: return try scan()
        case .boundary(let line, let isFirst): return try readBoundaryLine(line, isFirst: isFirst)
        case .header(let header): return try readHeader(header)
        case .closed(let line): return try readClosedLine(line)
        case .epilogue:
            try countSurrounding(chunk.readableBytes)
            chunk.moveReaderIndex(to: chunk.writerIndex)
            return .needsMore
        case .finished: return .needsMore
        case .failed(let error): throw error
        }
    }

    private mutating func scan() throws(InputError) -> Step {
        let isFirst = if case .preamble = state { true } else { false }
        switch scanner.next(&chunk) {
        case .needsMore:
            return .needsMore
        case .bytes(let bytes):
            return try data(bytes, isFirst: isFirst)
        case .delimiter:
            state = .boundary(.begin, isFirst: isFirst)
            return .again
        }
    }

    private mutating func data(_ bytes: ByteBuffer, isFirst: Bool) throws(InputError) -> Step {
        if isFirst {
            try countSurrounding(bytes.readableBytes)
            return .again
        }
        if isField {
            fieldBytes += bytes.readableBytes
            guard fieldBytes <= Self.fieldBytesMax else {
                throw .tooLarge("a field is at most \(Self.fieldBytesMax) bytes; a file has a filename")
            }
        }
        return .event(.bytes(bytes))
    }

    private mutating func readBoundaryLine(_ line: BoundaryLine, isFirst: Bool) throws(InputError) -> Step {
        guard let byte = chunk.getInteger(at: chunk.readerIndex, as: UInt8.self) else { return .needsMore }
        switch (line, byte) {
        case (.begin, ASCII.dash):
            state = .boundary(.dash, isFirst: isFirst)
        case (.begin, ASCII.carriageReturn), (.padding, ASCII.carriageReturn):
            state = .boundary(.carriageReturn, isFirst: isFirst)
        case (.begin, _) where ASCII.isBlank(byte), (.padding, _) where ASCII.isBlank(byte):
            try countPadding()
            state = .boundary(.padding, isFirst: isFirst)
        case (.begin, ASCII.lineFeed), (.padding, ASCII.lineFeed):
            throw .malformed("end boundary lines with CR LF")
        case (.begin, _):
            // A longer word that begins like the boundary. The byte is left for the scanner.
            state = isFirst ? .preamble : .body
            return try data(scanner.resumeWithDelimiterAsData(), isFirst: isFirst)
        case (.dash, ASCII.dash):
            paddingBytes = 0
            state = .closed(.begin)
            chunk.moveReaderIndex(forwardBy: 1)
            return isFirst ? .again : .event(.ended)
        case (.carriageReturn, ASCII.lineFeed):
            paddingBytes = 0
            parts += 1
            guard parts <= Self.partsMax else { throw .tooLarge("a body has at most \(Self.partsMax) parts") }
            state = .header(MultipartHeader())
            chunk.moveReaderIndex(forwardBy: 1)
            return isFirst ? .again : .event(.ended)
        case (.dash, _), (.padding, _), (.carriageReturn, _):
            throw .malformed("a boundary line goes on with something else")
        }
        chunk.moveReaderIndex(forwardBy: 1)
        return .again
    }

    private mutating func readHeader(_ header: MultipartHeader) throws(InputError) -> Step {
        var header = header
        // So that the lines are not copied while they grow.
        state = .epilogue
        while let byte = chunk.readInteger(as: UInt8.self) {
            guard try header.received(byte) else { continue }
            let part = try MultipartPart(lines: header.lines)
            isField = !part.isFile
            fieldBytes = 0
            scanner.expectAtLineStart()
            state = .body
            return .event(.began(part))
        }
        state = .header(header)
        return .needsMore
    }

    private mutating func readClosedLine(_ line: BoundaryLine) throws(InputError) -> Step {
        guard let byte = chunk.readInteger(as: UInt8.self) else { return .needsMore }
        switch (line, byte) {
        case (.carriageReturn, ASCII.lineFeed):
            surroundingBytes = 0
            state = .epilogue
        case (.carriageReturn, _):
            throw .malformed("the last boundary line goes on with something else")
        case (_, ASCII.carriageReturn):
            state = .closed(.carriageReturn)
        case (_, _) where ASCII.isBlank(byte):
            try countPadding()
        default:
            throw .malformed("the last boundary line goes on with something else")
        }
        return .again
    }

    private mutating func end() throws(InputError) -> Event? {
        switch state {
        case .closed(.begin), .epilogue:
            state = .finished
            return .finished
        case .finished:
            return nil
        case .preamble where parts == 0:
            throw .malformed("the body has no boundary line of its boundary")
        case .preamble, .boundary, .header, .body, .closed:
            throw .malformed("the body ends before its last boundary")
        case .failed(let error):
            throw error
        }
    }

    private mutating func countSurrounding(_ count: Int) throws(InputError) {
        surroundingBytes += count
        guard surroundingBytes <= Self.surroundingBytesMax else {
            throw .tooLarge("at most \(Self.surroundingBytesMax) bytes may stand before or behind the parts")
        }
    }

    private mutating func countPadding() throws(InputError) {
        paddingBytes += 1
        guard paddingBytes <= Self.paddingBytesMax else { throw .malformed("a boundary line is padded too far") }
    }
}
