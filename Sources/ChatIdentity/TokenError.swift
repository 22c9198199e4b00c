public import ChatWire

/// The error of this module: why a token was not accepted. The code and detail are for logs; the peer learns only
/// ``wireError``, so that it cannot probe for what would be accepted.
public struct TokenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The raw value is what logs and metrics say.
    public enum Code: String, Sendable, CaseIterable {
        case malformed
        case tooLong = "too_long"
        /// The header's algorithm is not the key's.
        case wrongAlgorithm = "wrong_algorithm"
        /// The header names a key that the key file does not have.
        case unknownKey = "unknown_key"
        case badSignature = "bad_signature"
        case expired
        case notYetValid = "not_yet_valid"
        case wrongAudience = "wrong_audience"
        case wrongIssuer = "wrong_issuer"
        /// A claim is missing or is no value of its kind.
        case badClaims = "bad_claims"
    }

    public var code: Code
    /// What is wrong, without any part of the token.
    public var detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { "\(code.rawValue): \(detail)" }

    /// What the peer is told. Expiry may be told apart: the signature was good, and a new token helps.
    public var wireError: WireError {
        code == .expired
            ? WireError(.unauthorized, "The token has expired; get a new one.")
            : WireError(.unauthorized, "The token was not accepted.")
    }

    public var closeCode: CloseCode { code == .expired ? .tokenExpired : .unauthorized }
}
