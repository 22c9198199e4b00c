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
        if let answer = other.utf8.withContiguousStorageIfAvailable(matchesASCII), let answer { return answer }
        var text: [UInt8] = []
        text.reserveCapacity(other.utf8.count)
        Self.fold(other, into: &text)
        guard text.count >= folded.count else { return false }
        let first = folded[0]
        for start in 0...(text.count - folded.count) where text[start] == first {
            if text[start...].starts(with: folded) { return true }
        }
        return false
    }

    /// Without a copy, because a search looks at every line of a log for each key. Nil: the text is not all ASCII.
    private func matchesASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
        guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
        return folded.withUnsafeBufferPointer { folded in
            var start = 0
            while start + folded.count <= text.count {
                var length = 0
                while length < folded.count, Self.lower(text[start + length]) == folded[length] { length += 1 }
                if length == folded.count { return true }
                start += 1
            }
            return false
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }

    private static func fold(_ text: String, into bytes: inout [UInt8]) {
        var text = text
        let isDone = text.withUTF8 { utf8 in
            guard utf8.allSatisfy({ $0 < 0x80 }) else { return false }
            for byte in utf8 { bytes.append(lower(byte)) }
            return true
        }
        if isDone { return }
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars where !isDiacritic(scalar) {
            bytes.append(contentsOf: scalar.properties.uppercaseMapping.lowercased().utf8)
        }
    }

    private static func isDiacritic(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x300...0x36f, 0x1ab0...0x1aff, 0x1dc0...0x1dff, 0x20d0...0x20ff, 0xfe20...0xfe2f: true
        default: false
        }
    }
}
