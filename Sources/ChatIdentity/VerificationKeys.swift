import JWTKit

/// The fixed map from a header's `kid` to the key that it may name.
struct VerificationKeys: Sendable {
    private enum Choice: Sendable {
        /// A key without a name: `kid` chooses nothing and is not read.
        case only(any JWTAlgorithm)
        case named([String: any JWTAlgorithm])
    }

    private let choice: Choice

    init(_ file: KeyFile) async throws {
        var named: [String: any JWTAlgorithm] = [:]
        for key in file.keys {
            let algorithm = try await Self.algorithm(key.key, file.path)
            guard let kid = key.kid else {
                choice = .only(algorithm)
                return
            }
            named[kid] = algorithm
        }
        choice = .named(named)
    }

    /// A token without `kid` is taken where there is one key; what else it may mean is not guessed.
    func algorithm(kid: String?) throws(TokenError) -> any JWTAlgorithm {
        switch choice {
        case .only(let algorithm): return algorithm
        case .named(let keys):
            if kid == nil, keys.count == 1, let only = keys.values.first { return only }
            guard let kid, let algorithm = keys[kid] else {
                throw TokenError(.unknownKey, "the header names no key of the key file")
            }
            return algorithm
        }
    }

    private static func algorithm(_ key: KeyFile.Key, _ path: String) async throws -> any JWTAlgorithm {
        switch key {
        case .secret, .edPublic: return try await key.algorithm()
        case .edPrivate:
            throw KeyFileError(
                .wrongKind,
                "key file '\(path)' holds a private key; servers need the public one: openssl pkey -pubout -in '\(path)'"
            )
        }
    }
}

extension KeyFile.Key {
    /// JWTKit's implementation; its collection is the only public way to it.
    func algorithm() async throws -> any JWTAlgorithm {
        let collection = JWTKeyCollection()
        switch self {
        case .secret(let secret): await collection.add(hmac: HMACKey(key: secret), digestAlgorithm: .sha256)
        case .edPublic(let key): await collection.add(eddsa: key)
        case .edPrivate(let key): await collection.add(eddsa: key)
        }
        return try await collection.getKey()
    }
}
