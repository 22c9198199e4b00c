import NIOCore

/// The PROXY protocol's header (versions 1 and 2, haproxy.org/download/2.8/doc/proxy-protocol.txt), with which a proxy
/// tells whose connection it passes on.
enum ProxyHeader: Equatable {
    /// The connection comes from there.
    case client(SocketAddress)
    /// The proxy speaks for itself, as its health checks do.
    case local

    /// The header is malformed or missing.
    struct Malformed: Error, Equatable {}

    /// A version 1 line at most, CR LF included (section 2.1).
    static let lineBytesMax = 107
    /// What may follow the fixed part of version 2: the addresses and a few fields about them.
    static let blockBytesMax = 2048

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    /// Reads the header off the front of `buffer`; nil, and nothing read, while it is not complete.
    static func read(from buffer: inout ByteBuffer) throws(Malformed) -> ProxyHeader? {
        guard let first: UInt8 = buffer.peekInteger() else { return nil }
        return first == signature[0] ? try readBlock(&buffer) : try readLine(&buffer)
    }

    /// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CR LF.
    private static func readLine(_ buffer: inout ByteBuffer) throws(Malformed) -> ProxyHeader? {
        let start = Array(buffer.readableBytesView.prefix(lineBytesMax))
        guard start.starts(with: Array("PROXY ".utf8).prefix(start.count)) else { throw Malformed() }
        guard let end = start.firstIndex(of: 10) else {
            if start.count == lineBytesMax { throw Malformed() }
            return nil
        }
        guard end > 0, start[end - 1] == 13 else { throw Malformed() }
        let fields = start[..<(end - 1)].split(separator: 32, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        buffer.moveReaderIndex(forwardBy: end + 1)
        switch fields.count > 1 ? fields[1] : "" {
        case "UNKNOWN":
            return .local
        case "TCP4", "TCP6":
            guard fields.count == 6, let port = UInt16(fields[4]),
                let source = try? SocketAddress(ipAddress: fields[2], port: Int(port))
            else { throw Malformed() }
            return .client(source)
        default:
            throw Malformed()
        }
    }

    private static func readBlock(_ buffer: inout ByteBuffer) throws(Malformed) -> ProxyHeader? {
        guard
            buffer.readableBytesView.prefix(signature.count).elementsEqual(
                signature.prefix(buffer.readableBytes))
        else { throw Malformed() }
        let at = buffer.readerIndex + signature.count
        guard let versionAndCommand = buffer.getInteger(at: at, as: UInt8.self),
            let family = buffer.getInteger(at: at + 1, as: UInt8.self),
            let length = buffer.getInteger(at: at + 2, as: UInt16.self)
        else { return nil }
        guard versionAndCommand >> 4 == 2, length <= blockBytesMax else { throw Malformed() }
        guard var block = buffer.getSlice(at: at + 4, length: Int(length)) else { return nil }
        buffer.moveReaderIndex(to: at + 4 + Int(length))
        switch versionAndCommand & 0x0F {
        case 0: return .local
        case 1: return try readAddresses(&block, family: family)
        default: throw Malformed()
        }
    }

    /// Source address, destination address, source port; what follows is of no use here. A family other than TCP over IP
    /// leaves the connection's own address standing (section 2.2).
    private static func readAddresses(_ block: inout ByteBuffer, family: UInt8) throws(Malformed) -> ProxyHeader {
        let width: Int
        switch family {
        case 0x11: width = 4
        case 0x21: width = 16
        default: return .local
        }
        guard let source = block.readSlice(length: width), block.readSlice(length: width) != nil,
            let port = block.readInteger(as: UInt16.self),
            let address = try? SocketAddress(packedIPAddress: source, port: Int(port))
        else { throw Malformed() }
        return .client(address)
    }
}
