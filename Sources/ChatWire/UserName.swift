// NFC and NFKC: the standard library has them only as SPI.
import Foundation

/// The name of a user: 1 to 32 letters, digits, `.`, `_` and `-` of any script, NFC.
///
/// A name is shown to strangers in terminals, so nothing in it is invisible or moves what stands beside it.
/// Two names may still look the same: see ``skeleton``.
public struct UserName: Hashable, Sendable, CustomStringConvertible {
    /// Normalised to NFC, so that two ways to write the same letters are one user.
    public let value: String

    /// - Throws: ``WireError`` `invalid_user`, with a message for the peer.
    public init(_ text: some StringProtocol) throws(WireError) {
        guard text.utf8.count <= Limits.userTextBytesMax else { throw Self.invalid }
        let name = text.utf8.allSatisfy({ $0 < 0x80 }) ? String(text) : text.precomposedStringWithCanonicalMapping
        guard (1...Limits.userNameCharactersMax).contains(name.count), name.utf8.count <= Limits.userNameBytesMax,
            let first = name.unicodeScalars.first, !Self.isMark(first), name.unicodeScalars.allSatisfy(Self.isMember)
        else { throw Self.invalid }
        value = name
    }

    public var description: String { value }

    private static let invalid = WireError(
        .invalidUser,
        "A user's name is 1 to \(Limits.userNameCharactersMax) letters, digits, '.', '_' and '-' of any script.")

    private static func isMember(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        case "\u{0}"..."\u{7f}": false
        // Hangul fillers are letters and variation selectors marks, but neither is seen.
        default: (isLetterOrNumber(scalar) || isMark(scalar)) && !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func isLetterOrNumber(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    /// Marks belong to the letter before them; a name cannot begin with one.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
