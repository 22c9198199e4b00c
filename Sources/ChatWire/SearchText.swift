// The canonical decomposition: the standard library has it only as SPI.
import Foundation

/// What is looked for in messages: a text that is there wherever it is part of a body, a file's name or a user's name,
/// whatever the case of its letters and their diacritics.
///
/// Both sides are folded the same way: compatibility decomposition (full width, ligatures), marks of the blocks of
/// combining diacritics left out, then the lower case of the upper case of each scalar, which is as near to Unicode's case
/// folding as the standard library comes. `Ärger`, `ARGER` and `arger` are one; so are `Straße` and `strasse`. Signs of
/// other scripts that are no ornament (vowels, viramas) stay.
public struct SearchText: Sendable, Hashable {
    /// Without blanks around it.
    public let text: String
    /// UTF-8, folded; not empty.
    private let folded: [UInt8]
    /// Of each begin of `folded`, how much of its end is a begin of `folded` as well: so much of a broken match still
    /// holds. A body and a text of one letter would cost their product without it (Knuth, Morris, Pratt).
    private let borders: [Int]

    /// - Throws: ``WireError`` `invalid_frame` where nothing is left to look for, or too much.
    public init(_ text: some StringProtocol) throws(WireError) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        var folded: [UInt8] = []
        if (1...Limits.searchTextBytesMax).contains(trimmed.utf8.count) { Self.fold(trimmed, into: &folded) }
        guard !folded.isEmpty else {
            throw WireError(
                .invalidFrame, "'text' must be 1 to \(Limits.searchTextBytesMax) bytes without blanks around them.")
        }
        self.text = trimmed
        self.folded = folded
        borders = Self.borders(of: folded)
    }

    /// Whether the entry says the text, or is from a user of that name; what cannot be read does not.
    public func matches(_ entry: Entry) -> Bool {
        switch try? entry.content() {
        case .message(let message): matches(message.body) || matches(message.user)
        case .file(let line): matches(line.name) || matches(line.user)
        case nil: false
        }
    }

    public func matches(_ other: String) -> Bool {
        // Without a copy where all is ASCII: a search looks at every line of a log for each key.
        let answer = other.utf8.withContiguousStorageIfAvailable { bytes -> Bool? in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
            return isPart(of: bytes.lazy.map(Self.lowercased))
        }
        if let answer, let answer { return answer }
        var text: [UInt8] = []
        text.reserveCapacity(other.utf8.count)
        Self.fold(other, into: &text)
        return isPart(of: text)
    }

    private func isPart(of text: some Sequence<UInt8>) -> Bool {
        var matched = 0
        for byte in text {
            while matched > 0, folded[matched] != byte { matched = borders[matched - 1] }
            if folded[matched] == byte { matched += 1 }
            if matched == folded.count { return true }
        }
        return false
    }

    private static func borders(of folded: [UInt8]) -> [Int] {
        var borders = [0]
        var matched = 0
        for byte in folded.dropFirst() {
            while matched > 0, folded[matched] != byte { matched = borders[matched - 1] }
            if folded[matched] == byte { matched += 1 }
            borders.append(matched)
        }
        return borders
    }

    private static func fold(_ text: String, into bytes: inout [UInt8]) {
        var text = text
        let isDone = text.withUTF8 { utf8 in
            guard utf8.allSatisfy({ $0 < 0x80 }) else { return false }
            for byte in utf8 { bytes.append(lowercased(byte)) }
            return true
        }
        if isDone { return }
        for scalar in readable(text).decomposedStringWithCompatibilityMapping.unicodeScalars where !isDiacritic(scalar)
        {
            let properties = scalar.properties
            if scalar.isASCII {
                bytes.append(lowercased(UInt8(truncatingIfNeeded: scalar.value)))
            } else if properties.changesWhenUppercased || properties.changesWhenLowercased {
                bytes.append(contentsOf: properties.uppercaseMapping.lowercased().utf8)
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }

    private static func lowercased(_ ascii: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= ascii ? ascii | 0x20 : ascii
    }

    /// Marks in a row that keep their order; a word of any script has a few.
    private static let marksMax = 30

    /// The text without the diacritics that are written apart, and with no more marks in a row than ``marksMax``: between
    /// the others stands a sign that joins nothing and is a diacritic itself. The decomposition puts marks in order, in a
    /// time that is the square of their number.
    private static func readable(_ text: String) -> String {
        var readable = String.UnicodeScalarView()
        var marks = 0
        for scalar in text.unicodeScalars where !isDiacritic(scalar) {
            marks = isMark(scalar) ? marks + 1 : 0
            if marks > marksMax {
                readable.append("\u{34f}")
                marks = 1
            }
            readable.append(scalar)
        }
        return String(readable)
    }

    /// Whether it may become something that is put in order.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        // Below the diacritics there are no marks.
        guard scalar.value >= 0x300 else { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        // The half width forms of Japanese marks are letters.
        default: return scalar.value == 0xff9e || scalar.value == 0xff9f
        }
    }

    private static func isDiacritic(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x300...0x36f, 0x1ab0...0x1aff, 0x1dc0...0x1dff, 0x20d0...0x20ff, 0xfe20...0xfe2f: true
        default: false
        }
    }
}
