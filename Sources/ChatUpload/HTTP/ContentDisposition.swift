import ChatWire

/// The value of Content-Disposition in an answer (RFC 6266).
struct ContentDisposition: Sendable, CustomStringConvertible {
    enum Kind: String, Sendable {
        case attachment
        /// Only for what ``MediaType/isInline`` allows.
        case inline
    }

    let kind: Kind
    let name: FileName

    /// Both forms of the name where it is not plain: `filename` for old clients, `filename*` for the others.
    var description: String {
        let plain = String(decoding: name.value.utf8.map(Self.plain), as: UTF8.self)
        let quoted = "\(kind.rawValue); filename=\"\(Self.fallback(name.value))\""
        return plain == name.value ? quoted : "\(quoted); filename*=UTF-8''\(Self.encoded(name.value))"
    }

    /// One `_` for each character that is not plain ASCII, so that the length stays that of the name.
    private static func fallback(_ name: String) -> String {
        String(name.map { $0.asciiValue.map { plain($0) == $0 } == true ? $0 : "_" })
    }

    /// The byte, or `_` for what clients read in different ways: quotes, backslashes, percent signs, anything not ASCII.
    private static func plain(_ byte: UInt8) -> UInt8 {
        let isPlain =
            (0x20..<0x7f).contains(byte) && byte != ASCII.quote && byte != ASCII.backslash && byte != ASCII.percent
        return isPlain ? byte : UInt8(ascii: "_")
    }

    /// RFC 8187 section 3.2.1: what is no `attr-char` becomes `%XX`.
    private static func encoded(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in name.utf8 {
            if isAttributeCharacter(byte) {
                result.append(byte)
            } else {
                result += [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        ASCII.isToken(byte) && byte != ASCII.star && byte != ASCII.percent && byte != UInt8(ascii: "'")
    }
}
