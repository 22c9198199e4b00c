/// Reads a path from what a terminal pastes when a file is dropped on it: as it is, quoted for a shell, or as a `file://`
/// address.
enum PastedPath {
    /// - Returns: nil where the text is no single absolute path.
    static func path(in text: String) -> String? {
        var text = text[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        guard !text.isEmpty, !text.contains(where: \.isNewline), text.utf8.count <= bytesMax else { return nil }
        let path = text.hasPrefix("file://") ? fromAddress(text) : fromShell(text)
        guard let path, path.hasPrefix("/") || path.hasPrefix("~/"), path.count > 1, !path.utf8.contains(0) else {
            return nil
        }
        return path
    }

    /// PATH_MAX of Linux.
    private static let bytesMax = 4096

    /// `file:///home/ada/a%20b.png`, also with this machine's name or `localhost`.
    private static func fromAddress(_ text: Substring) -> String? {
        let rest = text.dropFirst("file://".count)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        var bytes: [UInt8] = []
        var utf8 = rest[slash...].utf8[...]
        while let byte = utf8.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = utf8.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            utf8 = utf8.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Quotes and backslashes as a POSIX shell reads them. A blank outside of them ends the word; then it is no single path,
    /// unless nothing was quoted and the text is the path itself.
    private static func fromShell(_ text: Substring) -> String? {
        var path = ""
        var quote: Character?
        var isQuoted = false
        var characters = text.makeIterator()
        while let character = characters.next() {
            switch (quote, character) {
            case (nil, "'"), (nil, "\""):
                quote = character
                isQuoted = true
            case (.some(let open), character) where open == character: quote = nil
            case (nil, "\\"), ("\"", "\\"):
                guard let next = characters.next() else { return nil }
                path.append(next)
                isQuoted = true
            case (nil, _) where character.isWhitespace && isQuoted: return nil
            default: path.append(character)
            }
        }
        return quote == nil ? path : nil
    }
}
