import Crypto
import Foundation
import JWTKit
import Testing

@testable import ChatIdentity

@Suite struct KeyFileTests {
    func error(_ contents: String) -> KeyFileError? {
        do throws(KeyFileError) {
            _ = try KeyFile(contents: Data(contents.utf8), path: "edge.key")
            return nil
        } catch { return error }
    }

    func secret(_ contents: Data) throws -> Data? {
        guard case .secret(let key)? = try KeyFile(contents: contents, path: "edge.key").keys.first?.key else {
            return nil
        }
        return key.withUnsafeBytes { Data($0) }
    }

    @Test func aSecretIsItsBytesWithoutTheLineEnd() throws {
        let raw = Data((0..<32).map { UInt8($0 * 7 + 1) })
        #expect(try secret(raw) == raw)
        let text = Data(String(repeating: "k", count: 40).utf8)
        for end in ["", "\n", "\r\n"] { #expect(try secret(text + Data(end.utf8)) == text) }
        #expect(try secret(text + Data("\n\n".utf8)) == text + Data("\n".utf8))
        let base64 = "base64:" + raw.base64EncodedString()
        #expect(try secret(Data(base64.utf8)) == raw)
        #expect(try secret(Data((base64 + "\n").utf8)) == raw)
    }

    @Test func aSecretThatIsTooShortIsRefusedWithARemedy() {
        let refused = error(String(repeating: "k", count: 31) + "\n")
        #expect(refused?.code == .tooShort)
        #expect(
            refused?.description == "the secret in key file 'edge.key' has 31 bytes, and HS256 needs 32 or more; "
                + "make one with: head -c 32 /dev/urandom > 'edge.key'")
        #expect(error("base64:" + Data(repeating: 7, count: 31).base64EncodedString())?.code == .tooShort)
        #expect(error(#"{"kty":"oct","k":"c2hvcnQ"}"#)?.code == .tooShort)
        #expect(error(String(repeating: "k", count: 32)) == nil)
    }

    @Test func aMissingOrEmptyFileIsRefusedWithARemedy() {
        #expect(
            throws: KeyFileError(
                .unreadable, "key file '/nowhere/edge.key' cannot be read; check that it is there and readable.")
        ) { try KeyFile(path: "/nowhere/edge.key") }
        for contents in ["", "\n", " \t\r\n"] {
            #expect(error(contents)?.code == .empty)
            #expect(error(contents)?.description.contains("head -c 32 /dev/urandom") == true)
        }
    }

    @Test(arguments: [
        "base64:%%%%", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "{", "{}", #"{"keys":5}"#, #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, #"{"kty":"oct"}"#,
        #"{"kty":"oct","k":"a+b="}"#,
        #"{"kty":"oct","alg":"HS512","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        #"{"kty":"oct","use":"enc","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        #"{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, #"{"kty":"OKP","crv":"Ed25519"}"#,
        #"{"kty":"OKP","crv":"Ed25519","alg":"ES256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
    ])
    func otherKeysAreRefused(contents: String) {
        #expect(error(contents)?.code == .invalid)
    }

    @Test func aSetNeedsKeysWithNamesOfTheirOwn() {
        let key = #"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#
        #expect(error(#"{"keys":[]}"#)?.code == .empty)
        #expect(error(#"{"keys":[\#(key)},\#(key)}]}"#)?.code == .invalid)
        #expect(error(#"{"keys":[\#(key),"kid":"a"},\#(key),"kid":"a"}]}"#)?.code == .invalid)
        #expect(error(#"{"keys":[\#(key),"kid":"a"},\#(key),"kid":"b"}]}"#) == nil)
        #expect(error(#"{"keys":[\#(key)}]}"#) == nil)
    }

    @Test func noErrorShowsAKey() {
        let hidden = "very-private-material"
        for contents in [
            hidden, "base64:\(hidden)%", #"{"kty":"oct","k":"\#(hidden)%"}"#, "-----BEGIN X-----\n\(hidden)",
        ] {
            #expect(error(contents)?.description.contains(hidden) == false)
        }
    }

    @Test func eachSideNeedsItsHalf() async throws {
        let key = try EdDSA.PrivateKey()
        let folder = FileManager.default.temporaryDirectory.appending(path: "identity-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (secret, open) = (folder.appending(path: "private.pem"), folder.appending(path: "public.pem"))
        try key.pemRepresentation.write(to: secret, atomically: true, encoding: .utf8)
        try key.publicKey.pemRepresentation.write(to: open, atomically: true, encoding: .utf8)
        let wrongVerifier = await #expect(throws: KeyFileError.self) {
            try await TokenVerifier.load(keyFile: secret.path)
        }
        #expect(wrongVerifier?.code == .wrongKind)
        #expect(wrongVerifier?.description.contains("openssl pkey -pubout") == true)
        let wrongSigner = await #expect(throws: KeyFileError.self) { try await TokenSigner.load(keyFile: open.path) }
        #expect(wrongSigner?.code == .wrongKind)
        _ = try await TokenSigner.load(keyFile: secret.path)
        #expect(try await TokenVerifier.load(keyFile: open.path).warnings.isEmpty)
    }

    @Test func aSecretThatEverybodyCanReadIsWarnedOf() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "identity-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(repeating: 7, count: 32).write(to: file)
        chmod(file.path, 0o644)
        #expect(try KeyFile(path: file.path).warnings.first?.contains("chmod 600") == true)
        chmod(file.path, 0o600)
        #expect(try KeyFile(path: file.path).warnings.isEmpty)
    }

    @Test func secretsCompareByTheirBytes() {
        #expect(isEqualInConstantTime("resume", "resume"))
        #expect(!isEqualInConstantTime("resume", "resumf"))
        #expect(!isEqualInConstantTime("resume", "resum"))
        #expect(isEqualInConstantTime("", ""))
        #expect(!isEqualInConstantTime("\u{e9}", "e\u{301}"))
    }
}
