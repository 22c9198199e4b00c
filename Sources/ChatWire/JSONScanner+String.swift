extension JSONScanner {
    /// Reads a string whose opening quote is the next byte.
    @inline(__always)
    mutating func scanString() throws(Malformed) -> JSONToken {
        let start = position
        var traits: JSONToken.Traits = []
        /// Bytes that escapes take in the text beyond those of what they stand for.
        var surplus = 0
        position += 1
        while true {
            skipPlainText()
            guard let byte = next() else { throw Malformed() }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return JSONToken(
                    stringFrom: start, to: position, valueBytes: position - start - 2 - surplus, traits: traits)
            case UInt8(ascii: "\\"):
                traits.insert(.escapes)
                surplus += try scanEscape(&traits)
            case 0..<0x20:
                throw Malformed()
            case 0x7f:
                traits.insert(.controls)
                position += 1
            case 0..<0x80:
                position += 1
            default:
                try scanMultibyte(&traits)
            }
        }
    }

    /// Goes past ASCII that needs no look, eight bytes at a time; what stops it may also be the last seven bytes.
    @inline(__always)
    private mutating func skipPlainText() {
        while position &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let stops = Self.stops(in: word)
            guard stops == 0 else {
                position &+= stops.trailingZeroBitCount / 8
                return
            }
            position &+= 8
        }
    }

    /// The high bit of each byte that is a control, a quote, a backslash or not ASCII. Only the lowest bit is exact:
    /// the subtractions may borrow from a byte above one that is set.
    @inline(__always)
    private static func stops(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let delete = word ^ (ones &* 0x7f)
        let found = (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones) | (delete &- ones)
        return (found | word) & (ones &* 0x80)
    }

    /// Reads one escape and returns its surplus: the bytes it takes beyond those of what it stands for.
    private mutating func scanEscape(_ traits: inout JSONToken.Traits) throws(Malformed) -> Int {
        position += 1
        guard let byte = next() else { throw Malformed() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return 1
        case UInt8(ascii: "n"), UInt8(ascii: "t"):
            traits.insert(.layout)
            return 1
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "r"):
            traits.insert(.controls)
            return 1
        case UInt8(ascii: "u"):
            return try scanUnicodeEscape(&traits)
        default:
            throw Malformed()
        }
    }

    private mutating func scanUnicodeEscape(_ traits: inout JSONToken.Traits) throws(Malformed) -> Int {
        guard let unit = hexadecimal(at: position) else { throw Malformed() }
        position += 4
        switch unit {
        case 0x0a, 0x09:
            traits.insert(.layout)
            return 5
        case 0..<0x20, 0x7f:
            traits.insert(.controls)
            return 5
        case 0..<0x80:
            return 5
        case 0x80..<0xa0:
            traits.insert(.controls)
            return 4
        case 0..<0x800:
            return 4
        case 0xd800..<0xdc00:
            guard let low = lowSurrogate(at: position) else { break }
            position += low.length
            return 8
        case 0xdc00..<0xe000:
            break
        default:
            return 3
        }
        traits.insert(.loneSurrogate)
        return 3
    }

    /// The `\u` escape of a low surrogate at `offset`, and its length in the text.
    func lowSurrogate(at offset: Int) -> (unit: UInt16, length: Int)? {
        guard offset + 6 <= bytes.count, equals(offset..<offset + 2, "\\u"), let unit = hexadecimal(at: offset + 2),
            (0xdc00..<0xe000).contains(unit)
        else { return nil }
        return (unit, 6)
    }

    /// Four hexadecimal digits at `offset`.
    func hexadecimal(at offset: Int) -> UInt16? {
        guard offset + 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for byte in bytes[offset..<offset + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// Reads UTF-8 sequences of two to four bytes as long as they follow each other (Unicode table 3-7).
    private mutating func scanMultibyte(_ traits: inout JSONToken.Traits) throws(Malformed) {
        repeat {
            let length = UTF8Sequence.length(bytes, at: position)
            guard length > 0 else { throw Malformed() }
            if UTF8Sequence.isControl(bytes, at: position) { traits.insert(.controls) }
            position += length
        } while position < bytes.count && bytes[position] >= 0x80
    }
}
