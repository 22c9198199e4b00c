/// Text from the network as a terminal may show it: the one filter that everything passes before it becomes a cell,
/// a title, a notification or a line of output.
///
/// It is an allow-list. What is not a letter, mark, number, punctuation, symbol or space becomes U+FFFD: controls
/// (and with them every escape sequence), bidirectional and other format characters, line separators, private use and
/// unassigned characters, and whatever Unicode calls default-ignorable. Inside emoji sequences the joiners, variation
/// selectors and tags stay, because without them the picture falls apart. Marks need something to stand on,
/// at most ``marksMax`` to a base.
public struct VisibleText: Sendable, Hashable, CustomStringConvertible {
    /// What becomes of newlines.
    public enum Newlines: Sendable {
        /// They stay, for text of several lines.
        case kept
        /// One space each, for what must stay on its line: names, titles, notices.
        case spaces
    }

    public let value: String

    /// Spaces that a tab becomes. A fixed number, because where the line begins on the screen is not known here.
    public static let tabSpaces = 4
    /// Marks on one base; more would pile up over the lines around, and cost the terminal dearly.
    public static let marksMax = 8

    public init(_ text: String, newlines: Newlines = .spaces) {
        if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) {
            value = text
            return
        }
        var filter = VisibleTextFilter(newlines: newlines)
        value = filter.filter(text)
    }

    public var description: String { value }
}

/// Decides scalar by scalar, with a look at what was let through before and at what follows.
private struct VisibleTextFilter {
    let newlines: VisibleText.Newlines
    private var output = String.UnicodeScalarView()
    /// Marks since the last base; nil where there is no base to stand on.
    private var marks: Int?
    private var emoji = Emoji.none

    /// What may follow of an emoji sequence.
    private enum Emoji {
        case none
        /// Behind an emoji or its skin tone: one variation selector, or a joiner.
        case base
        /// Behind the variation selector: a joiner. A second selector would only carry what nobody sees.
        case selected
    }

    init(newlines: VisibleText.Newlines) { self.newlines = newlines }

    mutating func filter(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            add(scalar, next: index < scalars.count ? scalars[index] : nil)
            if scalar == "\u{1f3f4}" {
                let tags = Self.flagTags(scalars[index...])
                output.append(contentsOf: tags)
                index += tags.count
            }
        }
        return String(output)
    }

    private mutating func add(_ scalar: Unicode.Scalar, next: Unicode.Scalar?) {
        switch scalar {
        case "\n":
            output.append(newlines == .kept ? "\n" : " ")
            clear()
        case "\t":
            output.append(contentsOf: repeatElement(" ", count: VisibleText.tabSpaces))
            clear()
        case _ where continuesEmoji(scalar, next: next):
            output.append(scalar)
        case _ where scalar.isVisibleMark:
            addMark(scalar)
        case _ where scalar.isVisibleBase:
            output.append(scalar)
            marks = 0
            emoji = scalar.isPicture ? .base : .none
        default:
            replace()
        }
    }

    private mutating func addMark(_ mark: Unicode.Scalar) {
        guard let count = marks, count < VisibleText.marksMax else { return replace() }
        output.append(mark)
        marks = count + 1
        emoji = .none
    }

    private mutating func replace() {
        output.append("\u{fffd}")
        marks = 0
        emoji = .none
    }

    private mutating func clear() {
        marks = nil
        emoji = .none
    }

    /// Whether an invisible scalar belongs to the emoji sequence before it; the sequence then goes on from there.
    private mutating func continuesEmoji(_ scalar: Unicode.Scalar, next: Unicode.Scalar?) -> Bool {
        switch (emoji, scalar) {
        case (.base, "\u{fe0e}"), (.base, "\u{fe0f}"):
            emoji = .selected
            return true
        case (.base, "\u{200d}"), (.selected, "\u{200d}"):
            emoji = .none
            return next?.isPicture == true
        case (.none, "\u{fe0f}"):
            // A keycap: digit, selector, enclosing mark.
            return next == "\u{20e3}" && output.last?.properties.isEmoji == true
        default:
            return false
        }
    }

    /// The tags that make a black flag the flag of a region, at most six letters and digits and the tag that ends them;
    /// nothing where the run is anything else, because tags can hide whole sentences.
    private static func flagTags(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        let letters = scalars.prefix {
            ("\u{e0030}"..."\u{e0039}").contains($0) || ("\u{e0061}"..."\u{e007a}").contains($0)
        }
        let run = scalars.prefix(letters.count + 1)
        return (1...6).contains(letters.count) && run.last == "\u{e007f}" ? run : []
    }
}

extension Unicode.Scalar {
    /// An emoji that is not also an ASCII character, as digits are.
    fileprivate var isPicture: Bool { properties.isEmoji && !isASCII }

    fileprivate var isVisibleMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: !properties.isDefaultIgnorableCodePoint
        default: false
        }
    }

    fileprivate var isVisibleBase: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol,
            .otherSymbol, .spaceSeparator:
            // Hangul fillers are letters that nobody sees.
            !properties.isDefaultIgnorableCodePoint
        case .format:
            // Arabic signs that span the digits behind them: format characters, but seen.
            ("\u{600}"..."\u{605}").contains(self) || self == "\u{6dd}"
        default:
            false
        }
    }
}
