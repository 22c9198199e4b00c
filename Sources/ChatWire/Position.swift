/// A place in a room's one total order: the id Redis gave an entry, `<milliseconds>-<sequence>`.
///
/// Redis' clock is the only clock that orders anything; positions are compared numerically, part by part.
public struct Position: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970 on Redis' clock; the entry's `ts`.
    public var milliseconds: UInt64
    /// Counts entries within one millisecond.
    public var sequence: UInt64

    public init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// `0-0`, before every entry: the `prev` of a room's first entry.
    public static let zero = Position(milliseconds: 0, sequence: 0)

    public static func < (left: Position, right: Position) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

extension Position: LosslessStringConvertible {
    public var description: String { "\(milliseconds)-\(sequence)" }

    /// Reads `<milliseconds>-<sequence>`, decimal digits only; nil for anything else, including numbers past 64 bits.
    public init?(_ description: String) {
        var description = description
        guard let position = description.withUTF8({ Position(utf8: $0) }) else { return nil }
        self = position
    }

    /// The same from UTF-8 bytes, for the codecs of the hot path.
    public init?(utf8 bytes: some Collection<UInt8>) {
        guard let dash = bytes.firstIndex(of: UInt8(ascii: "-")),
            let milliseconds = Self.decimal(bytes[..<dash]),
            let sequence = Self.decimal(bytes[bytes.index(after: dash)...])
        else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    private static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}
