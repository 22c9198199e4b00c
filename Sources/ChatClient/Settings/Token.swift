import ChatWire
import Foundation

/// What a token looks like from outside. Whose it is and what it allows, the server says.
enum Token {
    /// - Parameter place: where the token is from, for the message; the token itself is in none.
    /// - Throws: ``CommandFailure`` with status usage.
    static func checked(_ text: some StringProtocol, from place: String) throws -> String {
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.count <= Limits.tokenBytesMax else {
            throw CommandFailure(.usage, "\(place) holds no token.")
        }
        // It stands in a header of HTTP.
        guard token.utf8.allSatisfy({ (0x21..<0x7f).contains($0) }) else {
            throw CommandFailure(.usage, "\(place) holds more than a token.")
        }
        return token
    }

    /// The claims of a JSON Web Token (RFC 7519) that help its owner, unverified; nil for any other token.
    static func claims(of token: String) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var payload = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        payload += String(repeating: "=", count: (4 - payload.utf8.count % 4) % 4)
        guard let json = Data(base64Encoded: payload) else { return nil }
        return try? JSONDecoder().decode(Claims.self, from: json)
    }

    struct Claims: Decodable {
        var sub: String?
        /// Seconds since 1970.
        var exp: Double?

        /// Nil where it does not expire, or does not say so.
        func secondsLeft(at now: Date) -> Double? { exp.map { $0 - now.timeIntervalSince1970 } }
    }

    /// Whether the token says of itself that it is of no use any more.
    static func isExpired(_ token: String, at now: Date = Date()) -> Bool {
        (claims(of: token)?.secondsLeft(at: now)).map { $0 <= 0 } ?? false
    }
}

/// A token in a file that only its user may read.
enum TokenFile {
    /// Refuses a file that others may read: what they can read is no secret.
    /// - Throws: ``CommandFailure`` with status usage.
    static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "Cannot read \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CommandFailure(.usage, "\(path) can be read by others; run chmod 600 on it.")
        }
        var bytes = [UInt8](repeating: 0, count: Limits.tokenBytesMax + 2)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return try Token.checked(String(decoding: bytes[..<max(0, count)], as: UTF8.self), from: path)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func save(_ token: String, to path: String) throws {
        try AtomicFile.write(Array(token.utf8) + [UInt8(ascii: "\n")], to: path)
    }

    /// - Returns: whether there was one.
    static func remove(_ path: String) throws -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw StateError("remove", path) }
        return false
    }
}
