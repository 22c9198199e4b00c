import Foundation
import NIOCore
import NIOHTTP1

/// An answer's head and, where it is short, its body.
struct TransferAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body = ByteBuffer()

    init(head: HTTPResponseHead, body: ByteBuffer = ByteBuffer()) {
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
    }

    var retryAfter: TimeAmount? {
        headers.first(name: "Retry-After").flatMap { Int64($0) }.map { .seconds(min(max($0, 0), 3600)) }
    }

    /// A header that is a number of bytes.
    func count(_ name: String) -> Int64? {
        headers.first(name: name).flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// The strong tag of a file, which is its SHA-256.
    var sha256: String? {
        guard let tag = headers.first(name: "ETag"), tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil }
        let value = tag.dropFirst().dropLast()
        return value.utf8.count == 64 ? value.lowercased() : nil
    }

    /// `{"error":{"message"}}`.
    var errorMessage: String? { (try? decode(ErrorBody.self))?.error.message }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }

    private struct ErrorBody: Decodable {
        struct Content: Decodable { var message: String }
        var error: Content
    }
}
