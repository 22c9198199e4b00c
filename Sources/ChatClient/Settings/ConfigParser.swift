/// Reads the part of TOML 1.0 that docs/client.md names: comments, `[headers]`, keys, strings on one line, integers,
/// `true`, `false`, and lists of strings. Whatever else TOML has is refused by name, never misread (docs/decisions/0030).
struct ConfigParser {
    private let text: [Character]
    private var index = 0
    private var place = ConfigDocument.Place(line: 1, column: 1)
    private var document = ConfigDocument()
    private var table: [String] = []

    static func parse(_ text: String) throws(ConfigError) -> ConfigDocument {
        var parser = ConfigParser(text)
        try parser.run()
        return parser.document
    }

    private init(_ text: String) { self.text = Array(text) }

    private mutating func run() throws(ConfigError) {
        while true {
            skip(acrossLines: true)
            guard let next = peek else { return }
            if next == "[" { try header() } else { try pair() }
            skip(acrossLines: false)
            if let rest = peek, !rest.isNewline { throw wrong("'\(rest)' after the end of the value") }
        }
    }

    private mutating func header() throws(ConfigError) {
        let start = place
        advance()
        if peek == "[" { throw wrong("lists of tables ('[[') are not supported") }
        let path = try dottedKey()
        guard peek == "]" else { throw wrong("the header lacks its ']'") }
        advance()
        guard !document.tables.contains(where: { $0.path == path }) else {
            throw ConfigError(place: start, message: "[\(path.joined(separator: "."))] is there twice")
        }
        table = path
        document.tables.append(.init(path: path, place: start))
    }

    private mutating func pair() throws(ConfigError) {
        let start = place
        let path = try dottedKey()
        guard path.count == 1 else {
            throw ConfigError(place: start, message: "dotted keys are not supported; use a [header]")
        }
        guard peek == "=" else { throw wrong("'=' is missing after the key") }
        advance()
        skip(acrossLines: false)
        let entry = ConfigDocument.Entry(table: table, key: path[0], value: try value(), place: start)
        guard !document.entries.contains(where: { $0.table == table && $0.key == entry.key }) else {
            throw ConfigError(place: start, message: "'\(entry.key)' is there twice")
        }
        document.entries.append(entry)
    }

    /// Leaves the cursor behind the spaces that follow.
    private mutating func dottedKey() throws(ConfigError) -> [String] {
        var parts: [String] = []
        while true {
            skip(acrossLines: false)
            switch peek {
            case "\"", "'": parts.append(try string())
            case let next? where Self.isBare(next): parts.append(word(while: Self.isBare))
            default: throw wrong("a key is missing")
            }
            skip(acrossLines: false)
            guard peek == "." else { return parts }
            advance()
        }
    }

    private mutating func value() throws(ConfigError) -> ConfigDocument.Value {
        let start = place
        switch peek {
        case "\"", "'": return .string(try string())
        case "[": return .strings(try list())
        case "{": throw wrong("tables in braces are not supported; use a [header]")
        case nil, .some("\n"), .some("\r\n"): throw wrong("the value is missing")
        default: break
        }
        let text = word { !$0.isWhitespace && !"#,]".contains($0) }
        if let boolean = Bool(text) { return .boolean(boolean) }
        if let integer = Int(text) { return .integer(integer) }
        throw ConfigError(
            place: start, message: "'\(text)' is no value; a text stands in quotes: \"\(text)\"")
    }

    private mutating func list() throws(ConfigError) -> [String] {
        let start = place
        var items: [String] = []
        advance()
        while true {
            skip(acrossLines: true)
            switch peek {
            case "]":
                advance()
                return items
            case "\"", "'":
                items.append(try string())
                skip(acrossLines: true)
                if peek == "," { advance() } else if peek != "]" { throw wrong("',' or ']' is missing in the list") }
            case nil: throw ConfigError(place: start, message: "the list lacks its ']'")
            default: throw wrong("a list holds strings in quotes")
            }
        }
    }

    private mutating func string() throws(ConfigError) -> String {
        let start = place
        let quote = text[index]
        advance()
        if peek == quote, index + 1 < text.count, text[index + 1] == quote {
            throw ConfigError(place: start, message: "strings of several lines are not supported")
        }
        var result = ""
        while let next = peek, !next.isNewline {
            if next == quote {
                advance()
                return result
            }
            guard next.unicodeScalars.allSatisfy({ $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7f) }) else {
                throw wrong("a control character stands in a string")
            }
            if next == "\\", quote == "\"" { result += try escape() } else { result.append(take()) }
        }
        throw ConfigError(place: start, message: "the string lacks its closing \(quote)")
    }

    private mutating func escape() throws(ConfigError) -> String {
        let start = place
        advance()
        guard peek != nil else { throw ConfigError(place: start, message: "an escape is cut off") }
        let letter = take()
        switch letter {
        case "\"", "\\": return String(letter)
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "u", "U":
            let digits = text[index...].prefix(letter == "u" ? 4 : 8)
            guard digits.allSatisfy(\.isHexDigit), let code = UInt32(String(digits), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw ConfigError(place: start, message: "'\\\(letter)' needs the digits of a character") }
            for _ in digits { advance() }
            return String(scalar)
        default: throw ConfigError(place: start, message: "'\\\(letter)' is no escape; in '…' a backslash is itself")
        }
    }

    private static func isBare(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }

    private var peek: Character? { index < text.count ? text[index] : nil }

    private mutating func advance() {
        guard index < text.count else { return }
        if text[index].isNewline { place = .init(line: place.line + 1, column: 1) } else { place.column += 1 }
        index += 1
    }

    private mutating func take() -> Character {
        defer { advance() }
        return text[index]
    }

    private mutating func word(while belongs: (Character) -> Bool) -> String {
        var result = ""
        while let next = peek, belongs(next) { result.append(take()) }
        return result
    }

    /// Spaces and comments; newlines too where they mean nothing.
    private mutating func skip(acrossLines: Bool) {
        while let next = peek {
            if next == "#" {
                while let other = peek, !other.isNewline {
                    _ = other
                    advance()
                }
            } else if next == " " || next == "\t" || (acrossLines && next.isNewline) {
                advance()
            } else {
                return
            }
        }
    }

    private func wrong(_ message: String) -> ConfigError { ConfigError(place: place, message: message) }
}
