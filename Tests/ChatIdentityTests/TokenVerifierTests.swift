import ChatWire
import Crypto
import Foundation
import JWTKit
import Testing

@testable import ChatIdentity

@Suite struct TokenVerifierTests {
    static let now = 1_763_942_400
    static let secret = String(repeating: "s3cret-", count: 6)

    /// A verifier and a signer that share the keys of two files.
    func pair(
        _ verifying: String, _ signing: String, policy: TokenVerifier.Policy = .init()
    ) async throws -> (verifier: TokenVerifier, signer: TokenSigner) {
        let keys = try await VerificationKeys(KeyFile(contents: Data(verifying.utf8), path: "verify"))
        let signer = try await TokenSigner(KeyFile(contents: Data(signing.utf8), path: "sign"))
        return (TokenVerifier(keys: keys, policy: policy), signer)
    }

    func secretPair(
        policy: TokenVerifier.Policy = .init()
    ) async throws -> (verifier: TokenVerifier, signer: TokenSigner) {
        try await pair(Self.secret, Self.secret, policy: policy)
    }

    func code(_ token: String, _ verifier: TokenVerifier, now: Int = now) -> TokenError.Code? {
        do throws(TokenError) {
            _ = try verifier.verify(token, now: now)
            return nil
        } catch { return error.code }
    }

    /// A token with any header and payload, signed as HS256 with `secret`.
    func token(header: String = #"{"alg":"HS256"}"#, payload: String, secret: String = secret) -> String {
        let signed = Base64URL.encode(Data(header.utf8)) + "." + Base64URL.encode(Data(payload.utf8))
        let mac = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return signed + "." + Base64URL.encode(Data(mac))
    }

    static let good = #"{"sub":"ann","exp":\#(now + 60)}"#

    @Test func aGoodTokenIsAnIdentity() async throws {
        let (verifier, signer) = try await secretPair()
        let claims = TokenClaims(
            sub: "ann", exp: Double(Self.now + 60), rooms: RoomsClaim(read: ["*"], write: ["ops-*"]))
        let identity = try verifier.verify(signer.sign(claims), now: Self.now)
        #expect(identity.user.value == "ann" && !identity.isGuest)
        #expect(identity.expiresAt == Self.now + 90)
        #expect(identity.rights.allows(.read, try RoomName("lobby")))
        #expect(!identity.rights.allows(.write, try RoomName("lobby")))
        #expect(identity.rights.allows(.write, try RoomName("ops-1")))
    }

    @Test func theExampleOfTheRFCVerifies() async throws {
        // RFC 7515 appendix A.1; its claims have no 'sub', so the signature passes and the claims do not.
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let token =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
            + "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let (verifier, _) = try await pair(#"{"kty":"oct","k":"\#(key)"}"#, Self.secret)
        #expect(code(token, verifier) == .badClaims)
        #expect(code(token.dropLast() + "l", verifier) == .malformed)
        #expect(code(token.dropLast() + "g", verifier) == .badSignature)
    }

    @Test func ed25519IsVerifiedWithThePublicKeyAlone() async throws {
        let key = try EdDSA.PrivateKey()
        let (verifier, signer) = try await pair(key.publicKey.pemRepresentation, key.pemRepresentation)
        let token = try signer.sign(TokenClaims(sub: "ann", exp: Double(Self.now + 60)))
        #expect(code(token, verifier) == nil)
        let other = try EdDSA.PrivateKey()
        let (stranger, _) = try await pair(other.publicKey.pemRepresentation, key.pemRepresentation)
        #expect(code(token, stranger) == .badSignature)
    }

    @Test(arguments: ["none", "None", "nOnE", "HS384", "HS512", "hs256", "RS256", "EdDSA", "ES256", ""])
    func onlyTheKeysAlgorithmIsTaken(alg: String) async throws {
        let (verifier, _) = try await secretPair()
        let signed = token(header: #"{"alg":"\#(alg)"}"#, payload: Self.good)
        #expect(code(signed, verifier) == .wrongAlgorithm)
        let unsigned = signed.split(separator: ".").prefix(2).joined(separator: ".") + "."
        #expect(code(unsigned, verifier) == .wrongAlgorithm)
    }

    /// The classic swap: HS256 with the public key's text, or bytes, as the secret.
    @Test func aPublicKeyIsNoSecret() async throws {
        let key = try EdDSA.PrivateKey()
        let (verifier, _) = try await pair(key.publicKey.pemRepresentation, key.pemRepresentation)
        let pem = key.publicKey.pemRepresentation
        for secret in [pem, pem + "\n", String(decoding: key.publicKey.rawRepresentation, as: Unicode.ASCII.self)] {
            #expect(code(token(payload: Self.good, secret: secret), verifier) == .wrongAlgorithm)
            let renamed = token(header: #"{"alg":"EdDSA"}"#, payload: Self.good, secret: secret)
            #expect(code(renamed, verifier) == .badSignature)
        }
    }

    @Test func keysInTheHeaderAreNotRead() async throws {
        let (verifier, _) = try await secretPair()
        let mine = Base64URL.encode(Data(repeating: 1, count: 32))
        let header =
            #"{"alg":"HS256","jwk":{"kty":"oct","k":"\#(mine)"},"jku":"http://127.0.0.1/","x5u":"http://127.0.0.1/"}"#
        let forged = token(header: header, payload: Self.good, secret: String(repeating: "\u{1}", count: 32))
        #expect(code(forged, verifier) == .badSignature)
        #expect(
            code(token(header: #"{"alg":"HS256","crit":["b64"],"b64":false}"#, payload: Self.good), verifier)
                == .malformed)
    }

    @Test func everyChangedCharacterIsNoticed() async throws {
        let (verifier, signer) = try await secretPair()
        let token = Array(try signer.sign(TokenClaims(sub: "ann", exp: Double(Self.now + 60))).utf8)
        for index in token.indices {
            for replacement in [UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "=")]
            where replacement != token[index] {
                var changed = token
                changed[index] = replacement
                #expect(code(String(decoding: changed, as: UTF8.self), verifier) != nil, "\(index)")
            }
        }
    }

    @Test(arguments: [
        "", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30", "e30.e30.", "e30=.e30.e30", "%.%.%", "é.é.é", "W10.e30.e30",
    ])
    func whatIsNoTokenIsMalformed(text: String) async throws {
        let (verifier, _) = try await secretPair()
        #expect(code(text, verifier) == .malformed)
    }

    @Test func aTokenIsBounded() async throws {
        let (verifier, _) = try await secretPair()
        let padding = String(repeating: "x", count: Limits.tokenBytesMax)
        #expect(code(token(payload: #"{"sub":"ann","exp":\#(Self.now + 60),"x":"\#(padding)"}"#), verifier) == .tooLong)
        let nested = String(repeating: "[", count: 2000)
        #expect(code(token(header: nested, payload: Self.good), verifier) == .malformed)
        #expect(code(token(payload: nested), verifier) == .badClaims)
    }

    @Test func timesHaveALeeway() async throws {
        let (verifier, _) = try await secretPair()
        let (now, leeway) = (Self.now, 30)
        func verdict(_ times: String) -> TokenError.Code? {
            code(token(payload: #"{"sub":"ann",\#(times)}"#), verifier)
        }
        #expect(verdict(#""exp":\#(now - leeway)"#) == .expired)
        #expect(verdict(#""exp":\#(now - leeway + 1)"#) == nil)
        #expect(verdict(#""exp":\#(now).5"#) == nil)
        #expect(verdict(#""exp":\#(now + 60),"nbf":\#(now + leeway + 1)"#) == .notYetValid)
        #expect(verdict(#""exp":\#(now + 60),"nbf":\#(now + leeway)"#) == nil)
        #expect(verdict(#""exp":0"#) == .expired)
    }

    @Test(arguments: [
        #"{}"#, #"[]"#, #"null"#, #"{"sub":"ann"}"#, #"{"exp":1763942460}"#, #"{"sub":5,"exp":1763942460}"#,
        #"{"sub":"","exp":1763942460}"#, #"{"sub":"a b","exp":1763942460}"#, #"{"sub":"a\u0000","exp":1763942460}"#,
        #"{"sub":"ann","exp":"1763942460"}"#, #"{"sub":"ann","exp":null}"#, #"{"sub":"ann","exp":-1}"#,
        #"{"sub":"ann","exp":1e300}"#, #"{"sub":"ann","exp":1763942460000}"#,
        #"{"sub":"ann","exp":1763942460,"nbf":1e300}"#,
        #"{"sub":"ann","exp":1763942460,"nbf":"soon"}"#, #"{"sub":"ann","exp":1763942460,"rooms":"*"}"#,
        #"{"sub":"ann","exp":1763942460,"rooms":{"raed":["*"]}}"#,
        #"{"sub":"ann","exp":1763942460,"rooms":{"read":"*"}}"#,
        #"{"sub":"ann","exp":1763942460,"rooms":["a b"]}"#, #"{"sub":"ann","exp":1763942460,"rooms":[""]}"#,
        #"{"sub":"ann","exp":1763942460,"rooms":{"read":["[a-z]"]}}"#, #"{"sub":"ann","exp":1763942460,"rooms":[5]}"#,
    ])
    func claimsThatAreMissingOrWrongAreRefused(payload: String) async throws {
        let (verifier, _) = try await secretPair()
        #expect(code(token(payload: payload), verifier) == .badClaims)
    }

    @Test func roomsMayBeAListOrAbsentOrEmpty() async throws {
        let (verifier, _) = try await secretPair()
        func rights(_ rooms: String) throws -> RoomRights {
            try verifier.verify(token(payload: #"{"sub":"ann","exp":\#(Self.now + 60)\#(rooms)}"#), now: Self.now)
                .rights
        }
        let (lobby, ops) = (try RoomName("lobby"), try RoomName("ops"))
        #expect(try rights("") == .everything)
        let list = try rights(#","rooms":["ops"]"#)
        #expect(list.allows(.write, ops) && list.allows(.read, ops) && !list.allows(.read, lobby))
        for none in [#","rooms":[]"#, #","rooms":{}"#, #","rooms":{"read":[]}"#] {
            #expect(try !rights(none).allows(.read, lobby))
        }
        let reader = try rights(#","rooms":{"read":["OPS"]}"#)
        #expect(reader.allows(.read, ops) && !reader.allows(.write, ops))
    }

    @Test func audienceAndIssuerAreDemandedWhereSet() async throws {
        let policy = TokenVerifier.Policy(audience: "termchat", issuer: "https://id.example")
        let (verifier, _) = try await secretPair(policy: policy)
        func verdict(_ claims: String) -> TokenError.Code? {
            code(token(payload: #"{"sub":"ann","exp":\#(Self.now + 60)\#(claims)}"#), verifier)
        }
        #expect(verdict(#","aud":"termchat","iss":"https://id.example""#) == nil)
        #expect(verdict(#","aud":["x","termchat"],"iss":"https://id.example""#) == nil)
        #expect(verdict(#","iss":"https://id.example""#) == .wrongAudience)
        #expect(verdict(#","aud":"Termchat","iss":"https://id.example""#) == .wrongAudience)
        #expect(verdict(#","aud":[],"iss":"https://id.example""#) == .wrongAudience)
        #expect(verdict(#","aud":"termchat""#) == .wrongIssuer)
        #expect(verdict(#","aud":"termchat","iss":"https://id.example/""#) == .wrongIssuer)
        let (anyone, _) = try await secretPair()
        #expect(code(token(payload: #"{"sub":"ann","exp":\#(Self.now + 60),"aud":"other","iss":"x"}"#), anyone) == nil)
    }

    @Test func kidChoosesOnlyAmongTheKeysOfTheFile() async throws {
        let other = String(repeating: "o", count: 32)
        let keys =
            #"{"keys":[{"kty":"oct","kid":"old","k":"\#(Base64URL.encode(Data(other.utf8)))"},"#
            + #"{"kty":"oct","kid":"new","alg":"HS256","use":"sig","k":"\#(Base64URL.encode(Data(Self.secret.utf8)))"}]}"#
        let (verifier, signer) = try await pair(keys, keys)
        func verdict(_ kid: String, _ secret: String) -> TokenError.Code? {
            code(token(header: #"{"alg":"HS256"\#(kid)}"#, payload: Self.good, secret: secret), verifier)
        }
        #expect(verdict(#","kid":"new""#, Self.secret) == nil)
        #expect(verdict(#","kid":"old""#, other) == nil)
        #expect(verdict(#","kid":"old""#, Self.secret) == .badSignature)
        for kid in [#","kid":"../../dev/null""#, #","kid":"NEW""#, #","kid":"""#, ""] {
            #expect(verdict(kid, Self.secret) == .unknownKey)
        }
        #expect(code(try signer.sign(TokenClaims(sub: "ann", exp: Double(Self.now + 60))), verifier) == nil)
        let (one, _) = try await secretPair()
        #expect(code(token(header: #"{"alg":"HS256","kid":"any"}"#, payload: Self.good), one) == nil)
    }

    @Test func peersLearnOnlyThatATokenExpired() {
        for code in TokenError.Code.allCases {
            let error = TokenError(code, "the detail")
            #expect(error.wireError.code == .unauthorized)
            #expect(!error.wireError.message.contains("detail"))
            #expect(error.closeCode == (code == .expired ? .tokenExpired : .unauthorized))
            #expect((error.wireError.message == "The token was not accepted.") == (code != .expired))
        }
    }

    @Test func randomBytesNeverPassAndNeverStop() async throws {
        let (verifier, signer) = try await secretPair()
        let token = Array(try signer.sign(TokenClaims(sub: "ann", exp: Double(Self.now + 60))).utf8)
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var bytes = token
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 32...126, using: &random), at: index)
                }
            }
            if bytes != token { #expect(code(String(decoding: bytes, as: UTF8.self), verifier) != nil, "seed \(seed)") }
        }
    }
}
