import Crypto
import JWTKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The keys of a key file, in one of these forms:
/// - PEM: an Ed25519 public key (SPKI) to verify, or a private key (PKCS #8) to sign;
/// - JSON: a JWK or a set of them, `oct` (HS256) or `OKP` with `Ed25519` (EdDSA);
/// - `base64:` and a secret in base 64 (HS256);
/// - anything else: the bytes are the secret (HS256), without a line end at the end.
struct KeyFile {
    /// Bytes of a key file: some hundred keys.
    static let bytesMax = 64 * 1024
    /// Bytes of a secret: HS256's own size, below which the secret is easier to find than the hash (RFC 7518 section 3.2).
    static let secretBytesMin = 32

    enum Key {
        case secret(SymmetricKey)
        case edPublic(EdDSA.PublicKey)
        case edPrivate(EdDSA.PrivateKey)
    }

    struct Named {
        var kid: String?
        var key: Key
    }

    let path: String
    var keys: [Named]
    /// What the operator should know, though the keys can be used.
    var warnings: [String] = []

    init(path: String) throws(KeyFileError) {
        guard let contents = FileManager.default.contents(atPath: path) else {
            throw KeyFileError(.unreadable, "key file '\(path)' cannot be read; check that it is there and readable.")
        }
        try self.init(contents: contents, path: path)
        if keys.contains(where: \.isSecret), Self.isReadableByAnyone(path) {
            warnings.append("key file '\(path)' is readable by every user of this machine; chmod 600 it")
        }
    }

    init(contents: Data, path: String) throws(KeyFileError) {
        self.path = path
        guard contents.count <= Self.bytesMax else {
            throw KeyFileError(.invalid, "key file '\(path)' is larger than \(Self.bytesMax) bytes.")
        }
        guard contents.contains(where: { !Self.blanks.contains($0) }) else {
            throw KeyFileError(
                .empty, "key file '\(path)' is empty; make a secret with: head -c 32 /dev/urandom > '\(path)'")
        }
        let start = contents.drop { Self.blanks.contains($0) }
        if start.starts(with: Array("-----BEGIN ".utf8)) {
            keys = [Named(kid: nil, key: try Self.pemKey(String(decoding: contents, as: UTF8.self), path))]
        } else if start.first == UInt8(ascii: "{") {
            keys = try JSONWebKey.keys(in: contents, path)
        } else {
            keys = [Named(kid: nil, key: .secret(try Self.secret(contents, path)))]
        }
    }

    static func checked(secret: Data, _ path: String) throws(KeyFileError) -> SymmetricKey {
        guard secret.count >= secretBytesMin else {
            throw KeyFileError(
                .tooShort,
                "the secret in key file '\(path)' has \(secret.count) bytes, and HS256 needs \(secretBytesMin) or more; "
                    + "make one with: head -c 32 /dev/urandom > '\(path)'")
        }
        return SymmetricKey(data: secret)
    }

    private static let blanks = Array(" \t\r\n".utf8)
    private static let base64Prefix = Array("base64:".utf8)

    private static func secret(_ contents: Data, _ path: String) throws(KeyFileError) -> SymmetricKey {
        guard contents.starts(with: base64Prefix) else {
            return try checked(secret: withoutLineEnd(contents), path)
        }
        let text = String(decoding: contents.dropFirst(base64Prefix.count), as: UTF8.self).filter { !$0.isWhitespace }
        guard let decoded = Data(base64Encoded: text) else {
            throw KeyFileError(.invalid, "what follows 'base64:' in key file '\(path)' is not base 64.")
        }
        return try checked(secret: decoded, path)
    }

    /// Editors and `echo` end a text with a line end that nobody means as part of the secret.
    private static func withoutLineEnd(_ contents: Data) -> Data {
        var contents = contents
        if contents.last == UInt8(ascii: "\n") { contents.removeLast() }
        if contents.last == UInt8(ascii: "\r") { contents.removeLast() }
        return contents
    }

    private static func pemKey(_ text: String, _ path: String) throws(KeyFileError) -> Key {
        if let key = try? EdDSA.PublicKey(pem: text) { return .edPublic(key) }
        if let key = try? EdDSA.PrivateKey(pem: text) { return .edPrivate(key) }
        throw KeyFileError(
            .invalid,
            "key file '\(path)' holds no Ed25519 key in PEM; make one with: openssl genpkey -algorithm ed25519")
    }

    private static func isReadableByAnyone(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
    }
}

extension KeyFile.Named {
    var isSecret: Bool {
        if case .edPublic = key { false } else { true }
    }
}
