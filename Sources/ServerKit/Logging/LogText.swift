/// Text that cannot break out of its line or its terminal, whoever wrote it.
public enum LogText {
    /// Characters of one value; a longer one is cut.
    static let valueCharactersMax = 1024

    /// The text with controls, line ends, format characters (bidi, zero width), backslashes and `quote` escaped.
    static func escaped(_ text: String, quote: Unicode.Scalar) -> String {
        guard text.unicodeScalars.contains(where: { $0 == quote || needsEscape($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case quote, "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case _ where needsEscape(scalar): result += unicodeEscape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f || scalar == "\\" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return false
        }
    }

    /// As JSON writes it, in UTF-16 units: `\u001b`, `\ud83d\ude00`.
    private static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf16.reduce(into: "") { result, unit in
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    static func shortened(_ text: String) -> String {
        guard text.utf8.count > valueCharactersMax, text.unicodeScalars.count > valueCharactersMax else { return text }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.prefix(valueCharactersMax))
        return String(scalars) + "…"
    }
}
