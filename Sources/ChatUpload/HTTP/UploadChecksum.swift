import Crypto
import Foundation

/// `Upload-Checksum` of tus: `algorithm base64digest`, of the bytes of one PATCH.
struct UploadChecksum: Sendable, Equatable {
    /// SHA-1 because the specification asks every server for it. It finds broken bytes; it proves nothing.
    enum Algorithm: String, Sendable, CaseIterable {
        case sha256
        case sha1

        var digestBytes: Int {
            switch self {
            case .sha256: SHA256.byteCount
            case .sha1: Insecure.SHA1.byteCount
            }
        }
    }

    let algorithm: Algorithm
    let digest: [UInt8]

    init(_ header: String) throws(InputError) {
        let parts = ASCII.trimmed(header).split(separator: " ")
        guard parts.count == 2 else { throw .malformed("write Upload-Checksum as: algorithm base64digest") }
        guard let algorithm = Algorithm(rawValue: parts[0].lowercased()) else {
            throw .malformed("Upload-Checksum is sha256 or sha1")
        }
        guard let digest = Data(base64Encoded: String(parts[1])), digest.count == algorithm.digestBytes else {
            throw .malformed("the digest of Upload-Checksum is \(algorithm.digestBytes) bytes in base64")
        }
        self.algorithm = algorithm
        self.digest = Array(digest)
    }

    /// Takes the bytes as they come. One owner, as any hasher.
    struct Check: Sendable {
        private let expected: [UInt8]
        private var hasher: Hasher

        private enum Hasher: Sendable {
            case sha256(SHA256)
            case sha1(Insecure.SHA1)
        }

        init(_ checksum: UploadChecksum) {
            expected = checksum.digest
            hasher =
                switch checksum.algorithm {
                case .sha256: .sha256(SHA256())
                case .sha1: .sha1(Insecure.SHA1())
                }
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            switch hasher {
            case .sha256(var sha256):
                sha256.update(bufferPointer: bytes)
                hasher = .sha256(sha256)
            case .sha1(var sha1):
                sha1.update(bufferPointer: bytes)
                hasher = .sha1(sha1)
            }
        }

        /// Whether the bytes were those of the digest; 460 answers where not.
        func isMatch() -> Bool {
            switch hasher {
            case .sha256(let sha256): sha256.finalize().elementsEqual(expected)
            case .sha1(let sha1): sha1.finalize().elementsEqual(expected)
            }
        }
    }
}
