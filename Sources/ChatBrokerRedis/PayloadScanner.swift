import ChatWire
import NIOCore

/// Reads a payload from left to right without copies; nil from a method means that the payload is not what it should be.
struct PayloadScanner {
    private static let space = UInt8(ascii: " ")
    private var rest: ByteBuffer

    init(_ payload: ByteBuffer) { rest = payload }

    var isAtEnd: Bool { rest.readableBytes == 0 }

    mutating func byte() -> UInt8? { rest.readInteger() }

    mutating func bytes(_ count: Int) -> ByteBuffer? { rest.readSlice(length: count) }

    /// A position and the space behind it.
    mutating func position() -> Position? {
        guard let milliseconds = number(endingWith: UInt8(ascii: "-")),
            let sequence = number(endingWith: Self.space)
        else { return nil }
        return Position(milliseconds: milliseconds, sequence: sequence)
    }

    /// Decimal digits and the byte behind them.
    mutating func number(endingWith end: UInt8 = UInt8(ascii: " ")) -> UInt64? {
        var value: UInt64 = 0
        var digits = 0
        while let byte: UInt8 = rest.readInteger() {
            if byte == end { return digits > 0 ? value : nil }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 20 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
            digits += 1
        }
        return nil
    }

    /// Text up to a byte, which is skipped; the rest of the payload with nil.
    mutating func word(endingWith end: UInt8? = UInt8(ascii: " ")) -> String? {
        guard let end else { return rest.readString(length: rest.readableBytes) }
        guard let count = rest.readableBytesView.firstIndex(of: end).map({ $0 - rest.readerIndex }),
            let word = rest.readString(length: count)
        else { return nil }
        rest.moveReaderIndex(forwardBy: 1)
        return word
    }
}
