public import NIOCore

/// An address without its port. IPv4 is kept in its IPv6-mapped form, so that `10.0.0.1` seen through a dual-stack
/// listener (`::ffff:10.0.0.1`) equals itself.
struct IPAddress: Hashable {
    let value: UInt128

    static let mappedPrefix: UInt128 = 0xFFFF << 32

    /// Nil for a Unix domain socket.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4: value = Self.mappedPrefix | Self.bytes(4..<8, of: address)
        case .v6: value = Self.bytes(8..<24, of: address)
        case .unixDomainSocket: return nil
        }
    }

    /// Nil for text that is neither an IPv4 nor an IPv6 address.
    init?(_ text: some StringProtocol) {
        guard let address = try? SocketAddress(ipAddress: String(text), port: 0) else { return nil }
        self.init(address)
    }

    /// The address in the C structure, whose layout is fixed: after the family and port (and the IPv6 flow label).
    private static func bytes(_ range: Range<Int>, of address: SocketAddress) -> UInt128 {
        address.withSockAddr { start, size in
            UnsafeRawBufferPointer(start: start, count: size)[range].reduce(0) { $0 << 8 | UInt128($1) }
        }
    }
}

/// What limits per client are counted by: an IPv4 address, or an IPv6 network of 64 bits, as every host has one of those
/// to itself.
public struct ClientAddress: Hashable, Sendable {
    private let value: UInt128

    /// Nil for a Unix domain socket.
    public init?(_ address: SocketAddress) {
        guard let address = IPAddress(address) else { return nil }
        let isIPv4 = address.value >> 32 == IPAddress.mappedPrefix >> 32
        value = isIPv4 ? address.value : address.value & (UInt128.max << 64)
    }
}

extension ClientAddress: CustomStringConvertible {
    /// `192.0.2.1`, or the network of an IPv6 address as `2001:db8:0:1::`.
    public var description: String {
        guard value >> 32 != IPAddress.mappedPrefix >> 32 else {
            return [24, 16, 8, 0].map { "\(value >> $0 & 0xff)" }.joined(separator: ".")
        }
        return [112, 96, 80, 64].map { String(value >> $0 & 0xffff, radix: 16) }.joined(separator: ":") + "::"
    }
}

/// A block of addresses in CIDR notation.
public struct AddressRange: Hashable, Sendable {
    private let network: UInt128
    private let mask: UInt128

    /// - Parameter text: An address (`10.1.2.3`, `::1`) or a block (`10.0.0.0/8`, `fd00::/8`).
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else {
            throw WebSocketServerError(.invalidSetting, "'\(text)' is not an address or a CIDR block")
        }
        let width = first.contains(":") ? 128 : 32
        var length = width
        if parts.count == 2 {
            guard let given = Int(parts[1]), 0...width ~= given else {
                throw WebSocketServerError(.invalidSetting, "'\(text)' needs a prefix length of 0 to \(width)")
            }
            length = given
        }
        mask = UInt128.max << UInt128(width - length)
        network = address.value & mask
    }

    /// False for a Unix domain socket.
    public func contains(_ address: SocketAddress) -> Bool {
        IPAddress(address).map { contains($0) } ?? false
    }

    func contains(_ address: IPAddress) -> Bool {
        address.value & mask == network
    }
}
