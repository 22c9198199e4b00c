import JWTKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Makes tokens, for `termchat-ctl token` and tests.
public struct TokenSigner: Sendable {
    private let algorithm: any JWTAlgorithm
    private let kid: String?

    /// Takes the first key of the file: a secret (HS256) or a private Ed25519 key (EdDSA).
    /// - Throws: ``KeyFileError``, also for a public key.
    public static func load(keyFile path: String) async throws -> TokenSigner {
        try await TokenSigner(KeyFile(path: path))
    }

    init(_ file: KeyFile) async throws {
        guard let first = file.keys.first, first.isSecret else {
            throw KeyFileError(.wrongKind, "key file '\(file.path)' holds a public key; signing needs the private one.")
        }
        algorithm = try await first.key.algorithm()
        kid = first.kid
    }

    private struct Header: Encodable {
        var alg: String
        var typ = "JWT"
        var kid: String?
    }

    /// The token in compact form. Names and patterns are not checked here; the verifier does that.
    public func sign(_ claims: TokenClaims) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let header = try encoder.encode(Header(alg: algorithm.name, kid: kid))
        let signed = try Base64URL.encode(header) + "." + Base64URL.encode(encoder.encode(claims))
        return try signed + "." + Base64URL.encode(algorithm.sign(Data(signed.utf8)))
    }
}
