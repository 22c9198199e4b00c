import NIOCore

// The JSON writers. Text is UTF-8 as it is; only what JSON must escape is escaped.
extension ByteBuffer {
    /// Writes a JSON string, quotes included.
    mutating func writeJSONString(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserveCapacity(minimumWritableBytes: bytes.count + 2)
            writeInteger(UInt8(ascii: "\""))
            writeEscaped(UnsafeRawBufferPointer(bytes))
            writeInteger(UInt8(ascii: "\""))
        }
    }

    /// Writes UTF-8 bytes with what JSON does not allow inside a string escaped.
    mutating func writeEscaped(_ bytes: UnsafeRawBufferPointer) {
        var plainStart = 0
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            writeBytes(UnsafeRawBufferPointer(rebasing: bytes[plainStart..<index]))
            writeEscape(of: byte)
            plainStart = index + 1
        }
        writeBytes(UnsafeRawBufferPointer(rebasing: bytes[plainStart...]))
    }

    private mutating func writeEscape(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case UInt8(ascii: "\n"): writeStaticString("\\n")
        case UInt8(ascii: "\t"): writeStaticString("\\t")
        case UInt8(ascii: "\r"): writeStaticString("\\r")
        default:
            writeStaticString("\\u00")
            writeHexadecimalDigit(byte >> 4)
            writeHexadecimalDigit(byte & 15)
        }
    }

    private mutating func writeHexadecimalDigit(_ digit: UInt8) {
        writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }

    /// Writes decimal digits.
    mutating func writeDecimal(_ value: UInt64) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: DecimalDigits.countMax) { space in
            DecimalDigits.write(value, to: space)
        }
    }

    mutating func writeDecimal(_ value: Int) {
        if value < 0 { writeInteger(UInt8(ascii: "-")) }
        writeDecimal(UInt64(value.magnitude))
    }

    /// Writes a whole number without its fraction; JSON has no infinity, so what is not finite is 0.
    mutating func writeJSONNumber(_ value: Double) {
        guard value.isFinite else { return writeDecimal(0) }
        if let whole = Int(exactly: value) { return writeDecimal(whole) }
        writeString("\(value)")
    }

    mutating func writeJSONBool(_ value: Bool) {
        writeStaticString(value ? "true" : "false")
    }

    /// Writes `"<milliseconds>-<sequence>"`.
    mutating func writeJSONPosition(_ position: Position) {
        writeInteger(UInt8(ascii: "\""))
        writeDecimal(position.milliseconds)
        writeInteger(UInt8(ascii: "-"))
        writeDecimal(position.sequence)
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes `[`, the elements with commas between them, and `]`.
    mutating func writeJSONArray<Element>(
        _ elements: some Collection<Element>, _ write: (Element, inout ByteBuffer) -> Void
    ) {
        writeInteger(UInt8(ascii: "["))
        var isFirst = true
        for element in elements {
            if !isFirst { writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            write(element, &self)
        }
        writeInteger(UInt8(ascii: "]"))
    }
}

/// Writes numbers in decimal.
enum DecimalDigits {
    /// Digits of the largest 64-bit number.
    static let countMax = 20

    /// Writes the digits at the start of `space`, which holds at least ``countMax`` bytes, and returns how many they are.
    @inline(__always)
    static func write(_ value: UInt64, to space: UnsafeMutableRawBufferPointer) -> Int {
        var count = 1
        var bound = value / 10
        while bound > 0 {
            count += 1
            bound /= 10
        }
        var rest = value
        var index = count
        repeat {
            index -= 1
            space[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while index > 0
        return count
    }
}
