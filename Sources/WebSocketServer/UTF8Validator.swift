/// Checks UTF-8 that arrives in pieces, so that text is refused at its first impossible byte (Unicode table 3-7).
struct UTF8Validator {
    /// Continuation bytes that the current scalar still needs.
    private var missing: UInt8 = 0
    /// What the next continuation byte may be; narrower than 80...BF right after E0, ED, F0 and F4.
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    /// Whether the text may end here: no scalar is left unfinished.
    var isComplete: Bool { missing == 0 }

    /// Takes the next bytes of the text; false when no continuation can make it valid.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            if missing == 0 {
                index = Self.endOfASCII(bytes, from: index)
                guard index < bytes.count else { return true }
                guard begin(bytes[index]) else { return false }
            } else {
                guard lower <= bytes[index], bytes[index] <= upper else { return false }
                missing -= 1
                lower = 0x80
                upper = 0xBF
            }
            index += 1
        }
        return true
    }

    /// Starts a scalar of two to four bytes; false when no such scalar begins with `lead`.
    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, lower) = (2, 0xA0)
        case 0xE1...0xEC, 0xEE...0xEF: missing = 2
        case 0xED: (missing, upper) = (2, 0x9F)
        case 0xF0: (missing, lower) = (3, 0x90)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, upper) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// The index of the first byte at or after `start` that is not ASCII; most chat is skipped eight bytes at a time.
    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
        }
        while index < bytes.count, bytes[index] < 0x80 { index += 1 }
        return index
    }
}
