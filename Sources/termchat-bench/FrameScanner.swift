import CLinux
import Foundation

/// Finds what the checks need in a frame's bytes without decoding JSON: at a million deliveries a second, a decoder
/// would measure itself.
struct FrameScanner {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    enum Kind {
        case message, ack, error, joined, history, slow, gap, other
    }

    /// From the frame's first member, which is `type` in every frame of an edge.
    var kind: Kind {
        guard bytes.count > 12 else { return .other }
        switch bytes[9] {
        case UInt8(ascii: "m"): return hasPrefix(#"{"type":"message""#) ? .message : .other
        case UInt8(ascii: "a"): return hasPrefix(#"{"type":"ack""#) ? .ack : .other
        case UInt8(ascii: "e"): return hasPrefix(#"{"type":"error""#) ? .error : .other
        case UInt8(ascii: "j"): return hasPrefix(#"{"type":"joined""#) ? .joined : .other
        case UInt8(ascii: "h"): return hasPrefix(#"{"type":"history""#) ? .history : .other
        case UInt8(ascii: "s"): return hasPrefix(#"{"type":"slow""#) ? .slow : .other
        case UInt8(ascii: "g"): return hasPrefix(#"{"type":"gap""#) ? .gap : .other
        default: return .other
        }
    }

    /// The offset just behind `name`, from `start` on.
    func end(of name: StaticString, from start: Int = 0) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memmem(base + start, bytes.count - start, name.utf8Start, name.utf8CodeUnitCount)
        else { return nil }
        return UnsafeRawPointer(found) - base + name.utf8CodeUnitCount
    }

    func contains(_ text: StaticString) -> Bool { end(of: text) != nil }

    /// The position written at `offset`, up to its closing quote.
    func position(at offset: Int) -> StreamPosition? {
        var index = offset
        var parts: (UInt64, UInt64) = (0, 0)
        while index < bytes.count, bytes[index] &- 48 < 10 {
            parts.0 = parts.0 &* 10 &+ UInt64(bytes[index] &- 48)
            index += 1
        }
        guard index > offset, index < bytes.count, bytes[index] == UInt8(ascii: "-") else { return nil }
        index += 1
        while index < bytes.count, bytes[index] &- 48 < 10 {
            parts.1 = parts.1 &* 10 &+ UInt64(bytes[index] &- 48)
            index += 1
        }
        return StreamPosition(milliseconds: parts.0, sequence: parts.1)
    }

    /// Sixteen hexadecimal digits at `offset`: the time a publisher wrote into its body.
    func time(at offset: Int) -> UInt64? {
        guard offset + 16 <= bytes.count else { return nil }
        var value: UInt64 = 0
        for byte in bytes[offset..<offset + 16] {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte &- 48)
            case 97...102: value = value << 4 | UInt64(byte &- 87)
            default: return nil
            }
        }
        return value
    }

    /// The text from `offset` up to the next quote.
    func string(at offset: Int) -> String {
        String(decoding: bytes[offset...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }

    func integer(at offset: Int) -> Int? {
        Int(String(decoding: bytes[offset...].prefix { $0 &- 48 < 10 }, as: UTF8.self))
    }

    private func hasPrefix(_ text: StaticString) -> Bool {
        guard bytes.count >= text.utf8CodeUnitCount, let base = bytes.baseAddress else { return false }
        return memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}

/// A position in a room's order, as two numbers.
struct StreamPosition: Equatable, Comparable, CustomStringConvertible {
    var milliseconds: UInt64
    var sequence: UInt64

    static func < (left: Self, right: Self) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }

    var description: String { "\(milliseconds)-\(sequence)" }
}
