import ChatWire
import JWTKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Turns a signed token (JWT, compact form) into an ``Identity``, or says why not.
///
/// The key alone fixes the algorithm: a header that says another one, `none` included, is refused before anything is
/// computed. Keys come only from the key file; `jwk`, `jku` and `x5c` in a header are not read.
public struct TokenVerifier: Sendable {
    /// Whom a token must be from and for, and how far the clocks may differ.
    public struct Policy: Sendable, Equatable {
        /// Must be among the token's `aud`; nil leaves `aud` unread.
        public var audience: String?
        /// Must be the token's `iss`; nil leaves it unread.
        public var issuer: String?
        /// Seconds that the maker's clock and this one may differ, for `exp` and `nbf`.
        public var leewaySeconds: Int

        public init(audience: String? = nil, issuer: String? = nil, leewaySeconds: Int = 30) {
            self.audience = audience
            self.issuer = issuer
            self.leewaySeconds = leewaySeconds
        }
    }

    /// What the operator should know about the key file, for the log at the start.
    public let warnings: [String]
    public let policy: Policy
    private let keys: VerificationKeys

    /// Reads the keys of a file; `docs/configuration.md` tells its forms.
    /// - Throws: ``KeyFileError``, also for a private Ed25519 key, which does not belong on a server that only verifies.
    public static func load(keyFile path: String, policy: Policy = Policy()) async throws -> TokenVerifier {
        let file = try KeyFile(path: path)
        return TokenVerifier(
            keys: try await VerificationKeys(file), policy: policy, warnings: file.warnings)
    }

    init(keys: VerificationKeys, policy: Policy, warnings: [String] = []) {
        self.keys = keys
        self.policy = policy
        self.warnings = warnings
    }

    /// - Parameter now: seconds since 1970.
    public func verify(_ token: String, now: Int) throws(TokenError) -> Identity {
        guard token.utf8.count <= Limits.tokenBytesMax else {
            throw TokenError(.tooLong, "longer than \(Limits.tokenBytesMax) bytes")
        }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            let header = try? JSONDecoder().decode(Header.self, from: headerBytes)
        else { throw TokenError(.malformed, "not three parts of base64url with a JSON header") }
        guard header.crit == nil else {
            throw TokenError(.malformed, "the header demands an extension ('crit') that is not known here")
        }
        let algorithm = try keys.algorithm(kid: header.kid)
        guard header.alg == algorithm.name else {
            throw TokenError(.wrongAlgorithm, "the header's 'alg' is not \(algorithm.name), the key's")
        }
        let signed = Data(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard (try? algorithm.verify(signature, signs: signed)) == true else {
            throw TokenError(.badSignature, "the signature is not the key's")
        }
        return try identity(payload, now: now)
    }

    private struct Header: Decodable {
        var alg: String
        var kid: String?
        /// Extensions that must be understood (RFC 7515 section 4.1.11); there are none here.
        var crit: [String]?
    }

    private func identity(_ payload: Data, now: Int) throws(TokenError) -> Identity {
        let claims: TokenClaims
        do {
            claims = try JSONDecoder().decode(TokenClaims.self, from: payload)
        } catch {
            throw TokenError(.badClaims, "'sub', 'exp' or 'rooms' is missing or not of its kind")
        }
        let expiry = try checkTimes(of: claims, now: now)
        if let audience = policy.audience, claims.aud?.names.contains(audience) != true {
            throw TokenError(.wrongAudience, "'aud' does not have the audience that this server demands")
        }
        if let issuer = policy.issuer, claims.iss != issuer {
            throw TokenError(.wrongIssuer, "'iss' is not the issuer that this server demands")
        }
        guard let user = try? UserName(claims.sub) else { throw TokenError(.badClaims, "'sub' is no user's name") }
        return Identity(
            user: user, rights: try Self.rights(claims.rooms), expiresAt: expiry, isOperator: claims.operator ?? false)
    }

    /// - Returns: from when the token is no longer accepted.
    private func checkTimes(of claims: TokenClaims, now: Int) throws(TokenError) -> Int {
        // Beyond year 9999 the maker wrote milliseconds, and the token would in effect never expire.
        let possible = 0...253_402_300_799.0
        guard possible.contains(claims.exp), possible.contains(claims.nbf ?? 0) else {
            throw TokenError(.badClaims, "'exp' or 'nbf' is not in seconds since 1970")
        }
        if let nbf = claims.nbf, now + policy.leewaySeconds < Int(nbf) {
            throw TokenError(.notYetValid, "'nbf' is still to come")
        }
        let expiry = Int(claims.exp) + policy.leewaySeconds
        guard now < expiry else { throw TokenError(.expired, "'exp' has passed") }
        return expiry
    }

    private static func rights(_ rooms: RoomsClaim?) throws(TokenError) -> RoomRights {
        guard let rooms else { return .everything }
        let read = rooms.read.compactMap { RoomGlob($0) }
        let write = rooms.write.compactMap { RoomGlob($0) }
        guard read.count == rooms.read.count, write.count == rooms.write.count else {
            throw TokenError(.badClaims, "'rooms' has something that is no pattern of rooms")
        }
        return RoomRights(read: read, write: write)
    }
}
