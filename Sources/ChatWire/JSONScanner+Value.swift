extension JSONScanner {
    /// Whether a string token's value is `literal`, escapes resolved.
    @inline(__always)
    func matches(_ token: JSONToken, _ literal: StaticString) -> Bool {
        guard token.kind == .string else { return false }
        if !token.traits.contains(.escapes) { return equals(token.contents, literal) }
        return token.valueBytes == literal.utf8CodeUnitCount && string(token) == "\(literal)"
    }

    /// A string token's value. Halves of surrogate pairs, which stand for nothing, become U+FFFD.
    func string(_ token: JSONToken) -> String {
        guard token.traits.contains(.escapes) else { return text(token.contents) }
        var value: [UInt8] = []
        value.reserveCapacity(token.valueBytes)
        var index = token.contents.lowerBound
        while index < token.contents.upperBound {
            if bytes[index] == UInt8(ascii: "\\") {
                index = appendEscape(at: index + 1, to: &value)
            } else {
                value.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// The JSON text of any token.
    func json(_ token: JSONToken) -> String { text(token.text) }

    /// A number written as digits alone, without sign, fraction or exponent; nil for any other, or past 64 bits.
    func unsigned(_ token: JSONToken) -> UInt64? {
        guard token.kind == .number, bytes[token.text.lowerBound] != UInt8(ascii: "-") else { return nil }
        return UInt64(text(token.text))
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    // Resolves an escape that was scanned before; `index` is behind its backslash. Returns the index behind it.
    private func appendEscape(at index: Int, to value: inout [UInt8]) -> Int {
        switch bytes[index] {
        case UInt8(ascii: "b"): value.append(0x08)
        case UInt8(ascii: "f"): value.append(0x0c)
        case UInt8(ascii: "n"): value.append(0x0a)
        case UInt8(ascii: "r"): value.append(0x0d)
        case UInt8(ascii: "t"): value.append(0x09)
        case UInt8(ascii: "u"): return appendUnicodeEscape(at: index + 1, to: &value)
        case let byte: value.append(byte)
        }
        return index + 1
    }

    private func appendUnicodeEscape(at index: Int, to value: inout [UInt8]) -> Int {
        var end = index + 4
        var code = UInt32(hexadecimal(at: index) ?? 0xfffd)
        if (0xd800..<0xdc00).contains(code), let low = lowSurrogate(at: end) {
            code = 0x10000 + (code - 0xd800) << 10 + (UInt32(low.unit) - 0xdc00)
            end += low.length
        }
        value.append(contentsOf: UTF8.encode(Unicode.Scalar(code) ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter)
        return end
    }
}
