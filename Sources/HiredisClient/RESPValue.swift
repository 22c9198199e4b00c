public import NIOCore

/// One value of the Redis protocol, version 2.
///
/// The accessors throw `.protocolViolation` where the value has another shape and `.reply` where it is an error,
/// so a command's `decode` reads what it expects without looking at the rest.
public enum RESPValue: Sendable, Hashable {
    case simple(String)
    case error(String)
    case integer(Int64)
    case bulk(ByteBuffer)
    case null
    case array([RESPValue])

    /// A simple or bulk string as text; invalid UTF-8 is repaired.
    public var text: String {
        get throws(RedisError) {
            switch self {
            case .simple(let text): text
            case .bulk(let buffer): String(buffer: buffer)
            case .error, .integer, .null, .array: throw mismatch("a string")
            }
        }
    }

    /// The bytes of a simple or bulk string.
    public var bytes: ByteBuffer {
        get throws(RedisError) {
            switch self {
            case .simple(let text): ByteBuffer(string: text)
            case .bulk(let buffer): buffer
            case .error, .integer, .null, .array: throw mismatch("a string")
            }
        }
    }

    /// An integer, or a string that holds one in decimal digits, as hashes and streams store them.
    public var int: Int {
        get throws(RedisError) {
            switch self {
            case .integer(let value): return Int(value)
            case .simple, .bulk:
                guard let value = Int(try text) else { throw mismatch("an integer") }
                return value
            case .error, .null, .array: throw mismatch("an integer")
            }
        }
    }

    public var elements: [RESPValue] {
        get throws(RedisError) {
            guard case .array(let values) = self else { throw mismatch("an array") }
            return values
        }
    }

    /// An array of exactly `count` values.
    public func elements(_ count: Int) throws(RedisError) -> [RESPValue] {
        let values = try elements
        guard values.count == count else { throw mismatch("an array of \(count)") }
        return values
    }

    public var isNull: Bool { self == .null }

    private func mismatch(_ expected: String) -> RedisError {
        switch self {
        case .error(let message): RedisError(.reply, message)
        case .simple, .integer, .bulk, .null, .array:
            RedisError(.protocolViolation, "The server answered with \(kind) where \(expected) was expected.")
        }
    }

    private var kind: String {
        switch self {
        case .simple: "a simple string"
        case .error: "an error"
        case .integer: "an integer"
        case .bulk: "a bulk string"
        case .null: "null"
        case .array(let values): "an array of \(values.count)"
        }
    }
}
