/// The filter between what others wrote and a terminal: what could move the cursor, hide or reorder text becomes
/// U+FFFD.
enum TerminalText {
    /// For one line: newlines and tabs become spaces.
    static func line(_ text: String) -> String { filter(text, keepsNewlines: false) }

    /// For a body: newlines stay.
    static func text(_ text: String) -> String { filter(text, keepsNewlines: true) }

    private static func filter(_ text: String, keepsNewlines: Bool) -> String {
        var result = String.UnicodeScalarView()
        for character in text {
            let isEmoji = character.unicodeScalars.first?.properties.isEmoji == true
            for scalar in character.unicodeScalars {
                switch scalar {
                case "\n" where keepsNewlines: result.append(scalar)
                case "\n", "\t": result.append(" ")
                // Inside an emoji the joiner and the variation selector change the picture, not the text.
                case "\u{200d}", "\u{fe0f}": result.append(isEmoji ? scalar : "\u{fffd}")
                default: result.append(isVisible(scalar) ? scalar : "\u{fffd}")
                }
            }
        }
        return String(result)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        case .spaceSeparator: scalar == " " || scalar == "\u{a0}" || scalar == "\u{3000}"
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
