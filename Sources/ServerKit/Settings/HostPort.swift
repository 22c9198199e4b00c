/// Where to listen or to connect: `127.0.0.1:8080`, `[::1]:8080`, `edge.example:8080`, `:8080`, `8080`.
public struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address; IPv6 without brackets.
    public var host: String
    /// 0 to 65535; 0 lets the system choose a free one when listening.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Parameter defaultHost: taken where the text names only a port.
    public init(_ text: String, defaultHost: String) throws(SettingFault) {
        let (hostPart, portPart) = try Self.split(text)
        guard portPart.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(portPart), port <= 65_535 else {
            throw SettingFault("has no port between 0 and 65535")
        }
        guard hostPart.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), hostPart.utf8.count <= 253 else {
            throw SettingFault("has no valid host")
        }
        self.init(host: hostPart.isEmpty ? defaultHost : hostPart, port: port)
    }

    private static func split(_ text: String) throws(SettingFault) -> (host: String, port: String) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw SettingFault("has no ']' after the IPv6 address") }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.first == ":", host.contains(":") else { throw SettingFault("is not of the form [ADDRESS]:PORT") }
            return (String(host), String(rest.dropFirst()))
        }
        guard let colon = text.lastIndex(of: ":") else { return ("", text) }
        let host = text[..<colon]
        guard !host.contains(":") else {
            throw SettingFault("needs brackets around the IPv6 address, as in [::1]:8080")
        }
        return (String(host), String(text[text.index(after: colon)...]))
    }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
