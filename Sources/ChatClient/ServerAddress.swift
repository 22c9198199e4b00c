/// Where a server is: `ws://host[:port][/path]` or `wss://…`; `http` and `https` mean the same.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    public var isSecure: Bool
    /// A name or an address; IPv6 without its brackets.
    public var host: String
    public var port: Int
    /// Begins with `/`; `/ws` where the URL has none.
    public var path: String

    public init(isSecure: Bool = false, host: String, port: Int, path: String = "/ws") {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.path = path
    }

    /// Nil unless `url` is of the form above, without user, query or fragment.
    public init?(url: String) {
        guard let schemeEnd = url.firstRange(of: "://") else { return nil }
        switch url[..<schemeEnd.lowerBound].lowercased() {
        case "ws", "http": isSecure = false
        case "wss", "https": isSecure = true
        default: return nil
        }
        let rest = url[schemeEnd.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let path = rest[authority.endIndex...]
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !authority.contains("@"),
            !rest.contains("?"), !rest.contains("#"),
            let (host, port) = Self.split(authority, defaultPort: isSecure ? 443 : 80)
        else { return nil }
        self.host = host
        self.port = port
        self.path = path.isEmpty || path == "/" ? "/ws" : String(path)
    }

    /// What the `Host` header says.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    public var description: String { "\(isSecure ? "wss" : "ws")://\(authority)\(path)" }

    private static func split(_ authority: Substring, defaultPort: Int) -> (String, Int)? {
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            guard host.contains(":") else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), defaultPort) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65535).contains(port) else { return nil }
        return (String(host), port)
    }
}
