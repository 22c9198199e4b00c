#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Base 64 in the alphabet of URLs, without padding (RFC 7515 section 2).
enum Base64URL {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Nil for anything that ``encode(_:)`` would not have written: padding, other alphabets, stray bits at the end.
    /// So a token has one spelling, and two that differ are two tokens.
    static func decode(_ text: some StringProtocol) -> Data? {
        guard text.utf8.allSatisfy(isMember) else { return nil }
        let standard = String(text).replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard padding.count < 3, let data = Data(base64Encoded: standard + padding), encode(data) == text else {
            return nil
        }
        return data
    }

    private static func isMember(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
