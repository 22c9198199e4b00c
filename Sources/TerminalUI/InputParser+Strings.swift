// Strings: OSC, DCS, APC, PM and SOS. Terminals send two that were asked for; the rest, as the answer to a question that
// another program left behind, is eaten up to its end.

extension InputParser {
    /// A byte of `ESC ] …` and its like. The end is BEL or `ESC \`; CAN and SUB break off, and so does any other ESC.
    mutating func receivedString(_ byte: UInt8, introducer: UInt8, sawEscape: Bool) {
        switch byte {
        case UInt8(ascii: "\\") where sawEscape: finishString(introducer)
        case _ where sawEscape:
            begin(.escape(twice: false))
            receivedEscaped(byte, twice: false)
        case 0x07: finishString(introducer)
        case 0x18, 0x1a: end()
        case 0x1b: state = .string(introducer: introducer, sawEscape: true)
        default:
            stringBytes += 1
            if pending.count < InputLimits.sequenceBytesMax { pending.append(byte) }
            if stringBytes >= InputLimits.stringBytesMax { end() }
        }
    }

    private mutating func finishString(_ introducer: UInt8) {
        guard stringBytes <= InputLimits.sequenceBytesMax else { return end() }
        let text = String(decoding: pending, as: UTF8.self)
        switch introducer {
        case UInt8(ascii: "]") where text.hasPrefix("11;"):
            end(Self.color(text.dropFirst(3)).map { .answer(.background($0, $1, $2)) })
        case UInt8(ascii: "P") where text.hasPrefix(">|"):
            let visible = text.dropFirst(2).unicodeScalars.filter {
                $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value)
            }
            end(.answer(.version(String(String.UnicodeScalarView(visible)))))
        default: end()
        }
    }

    /// XParseColor: `rgb:r/g/b` and `rgba:r/g/b/a` with one to four hexadecimal digits each, and `#rgb` to
    /// `#rrrrggggbbbb`.
    private static func color(_ text: Substring) -> (UInt8, UInt8, UInt8)? {
        var parts: [Substring] = []
        if text.hasPrefix("#") {
            let digits = text.dropFirst()
            guard digits.count % 3 == 0, (3...12).contains(digits.count) else { return nil }
            let length = digits.count / 3
            parts = (0..<3).map { digits.dropFirst($0 * length).prefix(length) }
        } else if let colon = text.firstIndex(of: ":"), ["rgb", "rgba"].contains(text[..<colon]) {
            parts = text[text.index(after: colon)...].split(separator: "/", omittingEmptySubsequences: false)
        }
        guard parts.count >= 3, let red = level(parts[0]), let green = level(parts[1]), let blue = level(parts[2])
        else {
            return nil
        }
        return (red, green, blue)
    }

    private static func level(_ digits: Substring) -> UInt8? {
        guard (1...4).contains(digits.count), digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16)
        else { return nil }
        let highest = UInt32(1) << (4 * UInt32(digits.count)) - 1
        return UInt8(value * 255 / highest)
    }
}
