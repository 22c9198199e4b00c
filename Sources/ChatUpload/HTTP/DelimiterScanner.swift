import NIOCore

/// Cuts a stream of chunks at a multipart delimiter, wherever the chunks are cut.
///
/// Nothing is carried over but a number: where a chunk ends within what may be a delimiter, the bytes held back are
/// the delimiter's own. If the next chunk shows that they were data, they are given out from the delimiter's copy.
struct DelimiterScanner: Sendable {
    private let search: DelimiterSearch
    private let delimiter: ByteBuffer
    /// Bytes of a delimiter seen at the end of what was read.
    private var matched: Int
    /// Of them, those that were given by ``expectAtLineStart()`` and are in no chunk.
    private var implied: Int

    enum Step: Sendable, Equatable {
        case needsMore
        case bytes(ByteBuffer)
        /// A delimiter was passed; ``resumeWithDelimiterAsData()`` where what follows shows that it is none.
        case delimiter
    }

    /// Stands at the begin of a line, as at the begin of a body.
    init(_ boundary: MultipartBoundary) {
        search = DelimiterSearch(boundary)
        delimiter = ByteBuffer(bytes: search.delimiter)
        matched = Self.lineBreak
        implied = Self.lineBreak
    }

    /// Bytes of CR LF, which a delimiter begins with and which the line before may already have had.
    private static let lineBreak = 2

    /// What follows begins a line: a delimiter there needs no CR LF of its own.
    mutating func expectAtLineStart() {
        matched = Self.lineBreak
        implied = Self.lineBreak
    }

    /// The next piece of `chunk`, which is read from.
    mutating func next(_ chunk: inout ByteBuffer) -> Step {
        if matched > 0 {
            switch goOnMatching(&chunk) {
            case .some(let step): return step
            case .none: break
            }
        }
        let count = chunk.readableBytes
        guard count > 0 else { return .needsMore }
        let end: Int
        switch chunk.withUnsafeReadableBytes({ search.find(in: $0) }) {
        case .none:
            end = count
        case .begun(let at):
            end = at
            matched = count - at
        case .whole(let at):
            guard at > 0 else {
                chunk.moveReaderIndex(forwardBy: search.delimiter.count)
                return .delimiter
            }
            end = at
        }
        let data = chunk.readSlice(length: end) ?? ByteBuffer()
        chunk.moveReaderIndex(forwardBy: matched)
        return data.readableBytes > 0 ? .bytes(data) : .needsMore
    }

    /// The delimiter just passed is data, because of what follows it: a longer word that begins like the boundary.
    mutating func resumeWithDelimiterAsData() -> ByteBuffer {
        matched = search.delimiter.count
        return giveUp()
    }

    /// The bytes held back were data. Only CR could begin a delimiter among them, and it begins them all.
    private mutating func giveUp() -> ByteBuffer {
        let data = delimiter.getSlice(at: implied, length: matched - implied) ?? ByteBuffer()
        matched = 0
        implied = 0
        return data
    }

    /// Compares the begin of `chunk` with the rest of a delimiter begun before; nil where there was nothing to give out.
    private mutating func goOnMatching(_ chunk: inout ByteBuffer) -> Step? {
        let same = chunk.withUnsafeReadableBytes { bytes in
            zip(bytes, search.delimiter[matched...]).prefix { $0 == $1 }.count
        }
        chunk.moveReaderIndex(forwardBy: same)
        matched += same
        if matched == search.delimiter.count {
            // `implied` stays for ``resumeWithDelimiterAsData()``.
            matched = 0
            return .delimiter
        }
        guard chunk.readableBytes > 0 else { return .needsMore }
        let data = giveUp()
        return data.readableBytes > 0 ? .bytes(data) : nil
    }
}
