public import NIOCore

/// The peers whose word on a client's address counts, and the rule that finds the client behind them.
public struct TrustedProxies: Sendable {
    let ranges: [AddressRange]

    public init(ranges: [AddressRange]) { self.ranges = ranges }

    /// Entries of `X-Forwarded-For` looked at; a longer list is a client's padding.
    static let hopsMax = 16

    func contains(_ address: SocketAddress) -> Bool {
        guard !ranges.isEmpty, let address = IPAddress(address) else { return false }
        return ranges.contains { $0.contains(address) }
    }

    /// The rightmost hop that is not ours: each proxy appends the peer it saw, so everything left of the first stranger
    /// was written by that stranger. A trusted hop's malformed entry ends the walk at that hop.
    ///
    /// - Parameters:
    ///   - peer: The other end of the connection, or what the PROXY protocol says it is.
    ///   - forwardedFor: The values of all `X-Forwarded-For` fields, in order.
    public func client(behind peer: SocketAddress, forwardedFor: [Substring]) -> SocketAddress {
        var client = peer
        for hop in forwardedFor.reversed().prefix(Self.hopsMax) {
            guard contains(client), let address = Self.address(of: hop) else { break }
            client = address
        }
        return client
    }

    /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` and `[2001:db8::1]:80`; the port is dropped, it names nothing.
    private static func address(of hop: Substring) -> SocketAddress? {
        var text = hop
        if text.first == "[", let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            text = text[..<colon]
        }
        return try? SocketAddress(ipAddress: String(text), port: 0)
    }
}
