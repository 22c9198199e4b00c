extension RedisSettings {
    /// Reads `redis://[[user]:password@]host[:port][/db]`, `rediss://` (TLS; `?ca=FILE` names the authorities to trust) or
    /// `unix://[[user]:password@]/path[?db=N]`. Parts may be percent-encoded; a password needs it for `@ : / ? # %`.
    /// - Throws: ``RedisError`` `.invalidURL`, with a message that does not repeat the URL.
    public init(url: String) throws(RedisError) {
        guard let separator = url.firstRange(of: "://") else {
            throw Self.invalid("it does not begin with redis://, rediss:// or unix://")
        }
        let parts = try URLParts(url[separator.upperBound...])
        switch url[..<separator.lowerBound].lowercased() {
        case "redis": try self.init(host: parts)
        case "rediss":
            try self.init(host: parts)
            tls = TLS(authorityFile: parts.query["ca"])
        case "unix": try self.init(path: parts)
        case "redis+sentinel", "redis+cluster":
            throw Self.invalid("Sentinel and Cluster are not supported by this version; name one server")
        default:
            throw Self.invalid("it does not begin with redis://, rediss:// or unix://")
        }
        username = parts.username
        password = parts.password
    }

    private init(host parts: URLParts) throws(RedisError) {
        let host = try parts.host()
        self.init(address: .tcp(host: host.name, port: host.port ?? 6379))
        try parts.allow(queries: ["ca"])
        if parts.path.count > 1 { database = try Self.database(String(parts.path.dropFirst())) }
    }

    private init(path parts: URLParts) throws(RedisError) {
        guard parts.authority.isEmpty, parts.path.count > 1 else {
            throw Self.invalid("unix:// needs an absolute path")
        }
        self.init(address: .unix(path: try URLParts.decode(parts.path)))
        try parts.allow(queries: ["db"])
        if let text = parts.query["db"] { database = try Self.database(text) }
    }

    private static func database(_ text: String) throws(RedisError) -> Int {
        guard let number = Int(text), number >= 0 else { throw invalid("the database is not a number") }
        return number
    }

    fileprivate static func invalid(_ reason: String) -> RedisError {
        RedisError(.invalidURL, "The Redis URL is not valid: \(reason).")
    }
}

/// What follows the scheme of a URL, cut at `@`, `/` and `?`; percent-encoding is resolved after the cut.
private struct URLParts {
    var username: String?
    var password: String?
    /// Host and port as written.
    var authority: Substring
    /// From the first `/`, as written.
    var path: Substring
    var query: [String: String] = [:]

    init(_ text: Substring) throws(RedisError) {
        guard !text.contains("#") else { throw RedisSettings.invalid("'#' must be written as %23") }
        let beforeQuery = text.prefix { $0 != "?" }
        for pair in text[beforeQuery.endIndex...].dropFirst().split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            query[String(name)] = try Self.decode(pair[name.endIndex...].dropFirst())
        }
        authority = beforeQuery.prefix { $0 != "/" }
        path = beforeQuery[authority.endIndex...]
        guard let at = authority.lastIndex(of: "@") else { return }
        let user = authority[..<at]
        authority = authority[authority.index(after: at)...]
        let name = user.prefix { $0 != ":" }
        if !name.isEmpty { username = try Self.decode(name) }
        if name.endIndex != user.endIndex { password = try Self.decode(user[name.endIndex...].dropFirst()) }
        guard username == nil || password != nil else { throw RedisSettings.invalid("a user needs a password") }
    }

    /// Host and port; an IPv6 address stands in brackets.
    func host() throws(RedisError) -> (name: String, port: Int?) {
        var name = authority
        var port: Substring?
        if let bracket = authority.lastIndex(of: "]"), authority.first == "[" {
            name = authority[..<bracket].dropFirst()
            let rest = authority[bracket...].dropFirst()
            guard rest.isEmpty || rest.first == ":" else {
                throw RedisSettings.invalid("the port does not follow the host")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            name = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !name.isEmpty else { throw RedisSettings.invalid("it names no host") }
        guard let port else { return (try Self.decode(name), nil) }
        guard let number = UInt16(port), number > 0 else { throw RedisSettings.invalid("the port is not 1 to 65535") }
        return (try Self.decode(name), Int(number))
    }

    func allow(queries names: Set<String>) throws(RedisError) {
        guard let unknown = query.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw RedisSettings.invalid("'\(unknown)' is not known here")
    }

    static func decode(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.first != UInt8(ascii: "+"), let value = UInt8(Substring(digits), radix: 16)
            else {
                throw RedisSettings.invalid("'%' is not followed by two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw RedisSettings.invalid("it does not decode to UTF-8")
        }
        return decoded
    }
}
