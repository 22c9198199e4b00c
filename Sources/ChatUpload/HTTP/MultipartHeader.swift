/// Collects the header lines of one part, byte by byte; ends at the empty line.
///
/// Lines end with CR LF and are not folded: what two readers could take apart in two ways is refused.
struct MultipartHeader: Sendable {
    private(set) var lines: [[UInt8]] = []
    private var line: [UInt8] = []
    private var count = 0
    private var isAfterReturn = false

    /// Bytes of one part's header: a file name of 255 characters, escaped, with room to spare.
    static let bytesMax = 8 * 1024
    /// Lines of one part's header; senders write one to four.
    static let linesMax = 16

    /// - Returns: true when `byte` ended the header.
    mutating func received(_ byte: UInt8) throws(InputError) -> Bool {
        count += 1
        guard count <= Self.bytesMax else { throw .tooLarge("a part's header is at most \(Self.bytesMax) bytes") }
        switch (isAfterReturn, byte) {
        case (true, ASCII.lineFeed):
            isAfterReturn = false
            return try endLine()
        case (false, ASCII.carriageReturn):
            isAfterReturn = true
        case (true, _), (false, ASCII.lineFeed):
            throw .malformed("end a part's header lines with CR LF")
        case (false, _):
            guard byte >= 0x20 && byte != 0x7f || byte == ASCII.tab else {
                throw .malformed("a part's header has a control character")
            }
            guard !line.isEmpty || !ASCII.isBlank(byte) else { throw .malformed("a part's header line is folded") }
            line.append(byte)
        }
        return false
    }

    private mutating func endLine() throws(InputError) -> Bool {
        if line.isEmpty { return true }
        guard lines.count < Self.linesMax else { throw .tooLarge("a part's header is at most \(Self.linesMax) lines") }
        lines.append(line)
        line = []
        return false
    }
}
