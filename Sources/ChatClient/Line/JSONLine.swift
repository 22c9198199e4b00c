/// JSON text on one line of a terminal: what would act on the terminal, or on how the line reads, is written as `\u`
/// escapes, which any reader of JSON undoes.
enum JSONLine {
    /// - Parameter json: valid JSON text, so that raw C0 controls are only the spaces between its tokens.
    static func printable(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: isHidden) else { return json }
        var line = ""
        for scalar in json.unicodeScalars {
            if scalar.value < 0x20 {
                line.append(" ")
            } else if isHidden(scalar) {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter { line += escape(unit) }
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// Controls, line separators, and format characters: bidirectional ones, and those that nobody sees.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
