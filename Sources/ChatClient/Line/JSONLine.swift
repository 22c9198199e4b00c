import ChatWire

/// JSON text on one line of a terminal: what would act on the terminal, or on how the line reads, is written as `\u`
/// escapes, which any reader of JSON undoes.
enum JSONLine {
    /// - Parameter json: valid JSON text, so that raw C0 controls are only the spaces between its tokens.
    static func printable(_ json: String) -> String {
        if json.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return json }
        var line = ""
        var marks = 0
        for scalar in json.unicodeScalars {
            marks = isMark(scalar) ? marks + 1 : 0
            if scalar.value < 0x20 {
                line.append(" ")
            } else if isHidden(scalar) || marks > VisibleText.marksMax {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter { line += escape(unit) }
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// What ``ChatWire/VisibleText`` does not let through either: controls, line separators, format characters, what is
    /// private or not assigned, and what nobody sees (fillers, selectors).
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Piled up they cover the lines around.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x300 { return false }
        return switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
