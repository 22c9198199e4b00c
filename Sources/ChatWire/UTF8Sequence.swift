/// The well-formed byte sequences of UTF-8 beyond ASCII (Unicode 16, table 3-7).
enum UTF8Sequence {
    /// The length of the sequence that starts at `offset`, 2 to 4; 0 where it is cut short, overlong, a surrogate or past U+10FFFF.
    @inline(__always)
    static func length(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let available = bytes.count - offset
        let first = bytes[offset]
        switch first {
        case 0xc2...0xdf:
            return available >= 2 && isContinuation(bytes[offset + 1]) ? 2 : 0
        case 0xe0...0xef:
            guard available >= 3, isContinuation(bytes[offset + 1]), isContinuation(bytes[offset + 2]) else { return 0 }
            let second = bytes[offset + 1]
            if first == 0xe0, second < 0xa0 { return 0 }
            if first == 0xed, second > 0x9f { return 0 }
            return 3
        case 0xf0...0xf4:
            guard available >= 4, isContinuation(bytes[offset + 1]), isContinuation(bytes[offset + 2]),
                isContinuation(bytes[offset + 3])
            else { return 0 }
            let second = bytes[offset + 1]
            if first == 0xf0, second < 0x90 { return 0 }
            if first == 0xf4, second > 0x8f { return 0 }
            return 4
        default:
            return 0
        }
    }

    /// Whether the well-formed sequence at `offset` is a C1 control.
    @inline(__always)
    static func isControl(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        bytes[offset] == 0xc2 && bytes[offset + 1] < 0xa0
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }
}
