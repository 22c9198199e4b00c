import ChatWire
import ServerKit
import ChatIdentity
import ChatTesting
import Crypto
import Foundation
import Testing

@testable import ChatUpload

/// Files out, and who may have them.
@Suite struct DownloadTests {
    @Test func rangesAreAnswered() async throws {
        try await RunningWorker.with { worker, _, _ in
            let path = try await Self.put("0123456789", worker)
            let part = try await worker.ask("GET", path, ["Range": "bytes=2-4"])
            #expect(part.status == 206 && part.body == "234" && part.headers["content-range"] == "bytes 2-4/10")
            #expect(try await worker.ask("GET", path, ["Range": "bytes=-3"]).body == "789")
            let beyond = try await worker.ask("GET", path, ["Range": "bytes=10-"])
            #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */10")
            let head = try await worker.ask("HEAD", path, ["Range": "bytes=2-4"])
            #expect(head.status == 200 && head.headers["content-length"] == "10")
            #expect(head.headers["content-range"] == nil && head.body.isEmpty)
            let tag = try await worker.ask("GET", path).headers["etag"] ?? ""
            #expect(try await worker.ask("GET", path, ["If-None-Match": tag]).status == 304)
            #expect(try await worker.ask("GET", path, ["Range": "bytes=2-4", "If-Range": tag]).status == 206)
            #expect(try await worker.ask("GET", path, ["Range": "bytes=2-4", "If-Range": "\"other\""]).status == 200)
        }
    }

    @Test(arguments: [
        ("\u{89}PNG", "text/plain", "attachment"), ("<html><script>alert(1)</script>", "text/html", "attachment"),
        ("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml", "attachment"),
        ("GIF89a…", "image/gif", "inline"),
    ]) func whatCouldRunIsNeverInline(_ text: String, _ type: String, _ disposition: String) async throws {
        try await RunningWorker.with { worker, _, _ in
            let path = try await Self.put(text, worker, name: "x.png")
            let answer = try await worker.ask("GET", path)
            #expect(answer.headers["content-disposition"]?.hasPrefix(disposition) == true)
            #expect(answer.headers["content-type"] == type)
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            #expect(answer.headers["content-security-policy"] == "sandbox; default-src 'none'")
        }
    }

    @Test func theListIsNewestFirstAndInPages() async throws {
        try await RunningWorker.with { worker, _, _ in
            for name in ["a", "b", "c"] { _ = try await Self.put(name, worker, name: name) }
            let first = try await worker.ask("GET", "/api/rooms/lobby/files?limit=2")
            let page = try JSONDecoder().decode(Page.self, from: Data(first.body.utf8))
            #expect(page.files.map(\.name) == ["c", "b"] && page.more)
            let rest = try await worker.ask("GET", "/api/rooms/lobby/files?limit=2&before=\(page.files[1].id)")
            #expect(try JSONDecoder().decode(Page.self, from: Data(rest.body.utf8)).files.map(\.name) == ["a"])
        }
    }

    @Test func nginxSendsTheBytesWhereItIsAskedTo() async throws {
        try await RunningWorker.with({ $0.accelPrefix = "/volume" }) { worker, _, _ in
            let path = try await Self.put("hello", worker)
            let answer = try await worker.ask("GET", path)
            let id = path.split(separator: "/").last ?? ""
            #expect(answer.headers["x-accel-redirect"] == "/volume/content/\(id)" && answer.body.isEmpty)
        }
    }

    @Test func damagedBytesAreNotServed() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await Self.put("hello", worker)
            let id = try #require(path.split(separator: "/").last)
            let file = "\(volume.path)/content/\(id)"
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
            try Data("HELLO".utf8).write(to: URL(fileURLWithPath: file), options: [])
            #expect(try await worker.ask("GET", path).status == 500)
            #expect(worker.server.engine.metrics.damaged.value == 1)
        }
    }

    @Test func rightsAreThoseOfTheRoom() async throws {
        let tokens = try await Tokens()
        let (ann, bob, root) = try (
            tokens.token("ann"), tokens.token("bob", rooms: ["other"]), tokens.token("root", isOperator: true)
        )
        let carl = try tokens.token("carl", read: ["lobby"])
        try await RunningWorker.with(verifier: tokens.verifier) { worker, _, _ in
            let put = try await worker.ask("PUT", "/api/rooms/lobby/files/n", Self.bearer(ann), body: "hello")
            #expect(put.status == 201)
            let path = put.member("url") ?? ""
            #expect(try await worker.ask("GET", path).status == 401)
            #expect(try await worker.ask("GET", path, Self.bearer(carl)).status == 200)
            let hidden = try await worker.ask("GET", path, Self.bearer(bob))
            let absent = try await worker.ask("GET", "/api/files/aaaaaaaaaaaaaaaaaaaaaaaaaa", Self.bearer(bob))
            #expect(hidden.status == 404 && hidden.body == absent.body)
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n", Self.bearer(bob), body: "x").status == 403)
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n", Self.bearer(carl), body: "x").status == 403)
            #expect(try await worker.ask("GET", "/api/rooms/lobby/files", Self.bearer(bob)).status == 403)
            #expect(try await worker.ask("DELETE", path, Self.bearer(bob)).status == 404)
            #expect(try await worker.ask("DELETE", path, Self.bearer(carl)).status == 403)
            #expect(try await worker.ask("DELETE", path, Self.bearer(ann)).status == 204)
            #expect(try await worker.ask("GET", path, Self.bearer(ann)).status == 404)
            let other = try await worker.ask("PUT", "/api/rooms/lobby/files/n", Self.bearer(ann), body: "hello")
            let second = other.member("url") ?? ""
            #expect(try await worker.ask("DELETE", second, Self.bearer(root)).status == 204)
            let upload = try await worker.create(5, token: ann)
            #expect(try await worker.tus("HEAD", upload, Self.bearer(root)).status == 404)
            #expect(try await worker.tus("HEAD", upload, Self.bearer(ann)).status == 200)
        }
    }

    /// The worker has the public half of the key, as the edges have.
    @Test func aTokenSignedWithAnEdwardsKeyIsAccepted() async throws {
        let key = Curve25519.Signing.PrivateKey()
        let path = FileManager.default.temporaryDirectory.path + "/key-\(UInt64.random(in: .min ... .max))"
        let x = Self.base64URL(key.publicKey.rawRepresentation)
        try Data(#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let verifier = try await TokenVerifier.load(keyFile: path)
        let end = Int(Date().timeIntervalSince1970) + 600
        let text = [
            #"{"alg":"EdDSA","typ":"JWT"}"#, #"{"sub":"ann","exp":\#(end),"rooms":{"write":["lobby"]}}"#,
        ].map { Self.base64URL(Data($0.utf8)) }.joined(separator: ".")
        let token = text + "." + Self.base64URL(try key.signature(for: Data(text.utf8)))
        let other = text + "." + Self.base64URL(try Curve25519.Signing.PrivateKey().signature(for: Data(text.utf8)))
        try await RunningWorker.with(verifier: verifier) { worker, _, _ in
            let put = try await worker.ask("PUT", "/api/rooms/lobby/files/n", Self.bearer(token), body: "x")
            #expect(put.status == 201, "\(put)")
            #expect(try await worker.lines(in: "lobby").map(\.user) == ["ann"])
            #expect(try await worker.ask("GET", put.member("url") ?? "", Self.bearer(other)).status == 401)
            #expect(try await worker.ask("PUT", "/api/rooms/ops/files/n", Self.bearer(token), body: "x").status == 403)
        }
    }

    private static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private struct Page: Decodable {
        struct File: Decodable {
            var id: String
            var name: String
        }
        var files: [File]
        var more: Bool
    }

    private static func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

    private static func put(_ text: String, _ worker: RunningWorker, name: String = "n") async throws -> String {
        let answer = try await worker.ask("PUT", "/api/rooms/lobby/files/\(name)", body: text)
        return try #require(answer.member("url"), "\(answer)")
    }
}

/// Tokens of a key of this test's own.
private struct Tokens {
    let verifier: TokenVerifier
    private let signer: TokenSigner

    init() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/key-\(UInt64.random(in: .min ... .max))"
        let secret = (0..<32).map { _ in UInt8.random(in: 33...126) }
        _ = FileManager.default.createFile(
            atPath: path, contents: Data(secret), attributes: [.posixPermissions: 0o600])
        defer { try? FileManager.default.removeItem(atPath: path) }
        verifier = try await TokenVerifier.load(keyFile: path)
        signer = try await TokenSigner.load(keyFile: path)
    }

    func token(
        _ user: String, rooms: [String] = ["*"], read: [String]? = nil, isOperator: Bool = false
    ) throws -> String {
        let claim = read.map { RoomsClaim(read: $0) } ?? RoomsClaim(write: rooms)
        return try signer.sign(
            TokenClaims(
                sub: user, exp: Date().timeIntervalSince1970 + 600, rooms: claim, operator: isOperator ? true : nil))
    }
}
