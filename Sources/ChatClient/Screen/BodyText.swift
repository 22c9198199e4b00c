import ChatWire
import TerminalUI

/// What a person wrote, as spans: mentions, links and `code` stand out, each by more than its colour.
///
/// The text is filtered here by ``ChatWire/VisibleText``, once.
struct BodyText {
    let theme: Theme
    /// Whose mentions are marked, without `@`, as it is shown.
    let user: String
    /// Gives a link's number on the screen.
    let link: (String) -> UInt16

    /// Longer addresses are not linked: terminals drop them.
    static let linkBytesMax = 2000

    /// One array of spans for each line of the text.
    func lines(_ body: String, style: Style) -> [[Span]] {
        VisibleText(body, newlines: .kept).value.split(separator: "\n", omittingEmptySubsequences: false)
            .map { spans($0, style: style) }
    }

    private func spans(_ line: Substring, style: Style) -> [Span] {
        var spans: [Span] = []
        var plainStart = line.startIndex
        var index = line.startIndex
        func add(_ text: Substring, _ style: Style) {
            if !text.isEmpty { spans.append(Span(String(text), style)) }
        }
        let utf8 = line.utf8
        while index < line.endIndex {
            if let (end, token) = token(in: line, at: index, style: style) {
                add(line[plainStart..<index], style)
                add(line[index..<end], token)
                plainStart = end
                index = end
            } else {
                utf8.formIndex(after: &index)
            }
        }
        add(line[plainStart...], style)
        return spans
    }

    /// The token that begins at this byte.
    private func token(in line: Substring, at index: String.Index, style: Style) -> (String.Index, Style)? {
        switch line.utf8[index] {
        case UInt8(ascii: "`"):
            let start = line.utf8.index(after: index)
            guard let close = line.utf8[start...].firstIndex(of: UInt8(ascii: "`")), close > start else { return nil }
            let end = line.utf8.index(after: close)
            return isBoundary(line, start) && isBoundary(line, end) ? (end, theme.code) : nil
        case UInt8(ascii: "h") where isWordStart(line, index):
            guard let end = addressEnd(line, index) else { return nil }
            var style = theme.link.with(.underline)
            style.link = address(line[index..<end]).map(link) ?? 0
            return (end, style)
        case UInt8(ascii: "@") where isWordStart(line, index) && !user.isEmpty:
            let rest = line[line.utf8.index(after: index)...]
            guard rest.prefix(user.count).lowercased() == user.lowercased() else { return nil }
            let end = rest.index(rest.startIndex, offsetBy: user.count)
            guard end == line.endIndex || !(line[end].isLetter || line[end].isNumber) else { return nil }
            return (end, theme.mention)
        default: return nil
        }
    }

    /// Nothing that stands on the text before: such a mark has no cell of its own.
    private func isBoundary(_ line: Substring, _ index: String.Index) -> Bool {
        guard index < line.endIndex else { return true }
        let scalar = line.unicodeScalars[index]
        return scalar.isASCII
            || !(scalar.properties.isGraphemeExtend || scalar.properties.generalCategory == .spacingMark)
    }

    /// Scripts without blanks between words may put an address or a mention anywhere.
    private func isWordStart(_ line: Substring, _ index: String.Index) -> Bool {
        guard index > line.startIndex else { return true }
        let before = line.utf8[line.utf8.index(before: index)]
        return !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(before | 0x20)
            && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(before)
    }

    /// Where `http://…` or `https://…` ends: before a blank, and before punctuation that closes a sentence.
    private func addressEnd(_ line: Substring, _ index: String.Index) -> String.Index? {
        let rest = line[index...]
        guard let scheme = ["https://", "http://"].first(where: { rest.utf8.starts(with: $0.utf8) }) else { return nil }
        var address = rest.prefix { !$0.isWhitespace && !"<>\"`".contains($0) }
        // A bracket that was opened before the address closes behind it.
        var unopened = address.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: ")") ? 1 : $1 == UInt8(ascii: "(") ? -1 : 0) }
        while let last = address.last, ".,;:!?'".contains(last) || (last == ")" && unopened > 0) {
            if last == ")" { unopened -= 1 }
            address.removeLast()
        }
        return address.utf8.count > scheme.utf8.count ? address.endIndex : nil
    }

    /// The address in the bytes that OSC 8 allows, others escaped; nil where a part of it is not what was written.
    private func address(_ text: Substring) -> String? {
        guard text.utf8.count <= Self.linkBytesMax, !text.unicodeScalars.contains("\u{fffd}") else { return nil }
        var address = ""
        for byte in text.utf8 {
            if (0x21...0x7e).contains(byte), byte != UInt8(ascii: ";") {
                address.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                address += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return address
    }
}
