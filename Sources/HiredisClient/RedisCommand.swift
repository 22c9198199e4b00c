public import NIOCore

/// A Redis command as a value: what it says and how its reply reads. One struct per command.
public protocol RedisCommand: Sendable {
    associatedtype Reply: Sendable

    /// The command's name and its arguments.
    var arguments: RESPCommand { get }

    /// Reads the reply. An error of the server does not come here: the call fails with `.reply` instead.
    func decode(_ reply: RESPValue) throws(RedisError) -> Reply
}

extension RedisCommand where Reply == Void {
    /// For commands whose reply says only that they took effect.
    public func decode(_ reply: RESPValue) throws(RedisError) {}
}

/// The words of one command; every word may hold any bytes.
public struct RESPCommand: Sendable, Hashable {
    /// The words, one after the other, and where each ends.
    private(set) var bytes: ByteBuffer
    private(set) var ends: [Int] = []

    public init(_ name: String, reserving capacity: Int = 64) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(capacity)
        append(name)
    }

    public init(_ name: String, _ arguments: String...) {
        self.init(name, arguments)
    }

    public init(_ name: String, _ arguments: [String]) {
        self.init(name)
        for argument in arguments { append(argument) }
    }

    public mutating func append(_ argument: String) {
        bytes.writeString(argument)
        ends.append(bytes.writerIndex)
    }

    public mutating func append(_ argument: ByteBuffer) {
        bytes.writeImmutableBuffer(argument)
        ends.append(bytes.writerIndex)
    }

    public mutating func append(_ argument: [UInt8]) {
        bytes.writeBytes(argument)
        ends.append(bytes.writerIndex)
    }

    public mutating func append(_ argument: some BinaryInteger) {
        append(String(argument))
    }

    /// About what the command takes on the wire: its words and their length lines.
    var byteCount: Int { bytes.readableBytes + ends.count * 16 }
}
