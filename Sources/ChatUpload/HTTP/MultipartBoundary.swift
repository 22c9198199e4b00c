/// The boundary of a multipart body, checked: 1 to 70 of the characters of RFC 2046 section 5.1.1.
struct MultipartBoundary: Sendable, Equatable {
    let bytes: [UInt8]

    static let bytesMax = 70

    /// - Throws: where it is empty, too long, ends with a space or has characters that no boundary has.
    init(_ bytes: some Collection<UInt8>) throws(InputError) {
        guard (1...Self.bytesMax).contains(bytes.count), bytes.allSatisfy(Self.isMember) else {
            throw .malformed("a boundary is 1 to \(Self.bytesMax) letters, digits and '()+_,-./:=? of RFC 2046")
        }
        self.bytes = Array(bytes)
        // Padding behind a boundary is skipped, so a space at its end could never be told from it.
        guard self.bytes.last != ASCII.space else { throw .malformed("a boundary does not end with a space") }
    }

    /// From the value of Content-Type.
    /// - Throws: `unsupported` for anything but form data.
    init(contentType: String?) throws(InputError) {
        guard let contentType else { throw .unsupported("send multipart/form-data") }
        let header = try HeaderParameters(contentType.utf8)
        guard header.value == "multipart/form-data" else { throw .unsupported("send multipart/form-data") }
        guard let boundary = header.parameters["boundary"] else {
            throw .malformed("Content-Type names no boundary")
        }
        try self.init(boundary)
    }

    /// No CR, LF or NUL: ``DelimiterScanner`` counts on CR being nowhere but at a delimiter's begin.
    private static func isMember(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: "_"), ASCII.comma,
            ASCII.dash, UInt8(ascii: "."), UInt8(ascii: "/"), ASCII.colon, ASCII.equals, UInt8(ascii: "?"), ASCII.space:
            true
        default: ASCII.isAlphanumeric(byte)
        }
    }
}
