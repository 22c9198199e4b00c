import JWTKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One key of a JWK or JWKS file (RFC 7517): `oct` for HS256, `OKP` with `Ed25519` for EdDSA. JWTKit's own type has no
/// `oct`, and takes algorithms that are not wanted here.
struct JSONWebKey: Decodable {
    var kty: String
    var kid: String?
    var alg: String?
    var use: String?
    var crv: String?
    /// The secret of `oct`.
    var k: String?
    /// The public part of `OKP`.
    var x: String?
    /// The private part of `OKP`.
    var d: String?

    private struct KeySet: Decodable { var keys: [JSONWebKey] }

    static func keys(in json: Data, _ path: String) throws(KeyFileError) -> [KeyFile.Named] {
        let decoder = JSONDecoder()
        let found: [JSONWebKey]
        if let set = try? decoder.decode(KeySet.self, from: json) {
            found = set.keys
        } else if let key = try? decoder.decode(JSONWebKey.self, from: json) {
            found = [key]
        } else {
            throw KeyFileError(.invalid, "key file '\(path)' is neither a JWK nor a JWKS.")
        }
        guard !found.isEmpty else { throw KeyFileError(.empty, "the JWKS in key file '\(path)' has no keys.") }
        let kids = found.map(\.kid)
        guard found.count == 1 || !kids.contains(nil), Set(kids).count == kids.count else {
            throw KeyFileError(.invalid, "each key of the JWKS in key file '\(path)' needs a 'kid' of its own.")
        }
        var named: [KeyFile.Named] = []
        for key in found { named.append(KeyFile.Named(kid: key.kid, key: try key.key(path))) }
        return named
    }

    private func key(_ path: String) throws(KeyFileError) -> KeyFile.Key {
        guard use == nil || use == "sig" else { throw fault("is not for signatures ('use')", path) }
        switch (kty, alg, crv) {
        case ("oct", nil, _), ("oct", "HS256", _):
            guard let secret = k.flatMap({ Base64URL.decode($0) }) else { throw fault("has no valid 'k'", path) }
            return .secret(try KeyFile.checked(secret: secret, path))
        case ("OKP", nil, "Ed25519"), ("OKP", "EdDSA", "Ed25519"):
            if let d {
                guard let key = try? EdDSA.PrivateKey(d: d, curve: .ed25519) else {
                    throw fault("has no valid 'd'", path)
                }
                return .edPrivate(key)
            }
            guard let x, let key = try? EdDSA.PublicKey(x: x, curve: .ed25519) else {
                throw fault("has no valid 'x'", path)
            }
            return .edPublic(key)
        default:
            throw fault("is neither 'oct' for HS256 nor 'OKP' with 'Ed25519' for EdDSA", path)
        }
    }

    private func fault(_ what: String, _ path: String) -> KeyFileError {
        KeyFileError(.invalid, "a key in key file '\(path)' \(what).")
    }
}
