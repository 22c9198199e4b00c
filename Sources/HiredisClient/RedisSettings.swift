/// Where a Redis server is and how to sign in there.
public struct RedisSettings: Sendable, Hashable {
    public enum Address: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unix(path: String)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): path
            }
        }
    }

    /// The server's certificate and name are always verified.
    public struct TLS: Sendable, Hashable {
        /// A PEM file of the authorities to trust; nil trusts the system's.
        public var authorityFile: String?

        public init(authorityFile: String? = nil) { self.authorityFile = authorityFile }
    }

    public var address: Address
    /// nil speaks in the clear.
    public var tls: TLS?
    /// nil signs in as the server's default user.
    public var username: String?
    public var password: String?
    public var database = 0
    /// Shown in the server's `CLIENT LIST`.
    public var clientName: String?
    /// The key whose existence is asked for to see whether the server carries out commands; the user must be allowed to read
    /// it, and it need not be there.
    public var readinessKey = "ready"
    /// For the connection, TLS and signing in together, and for the confirmation of a batch of subscriptions.
    public var connectTimeout: Duration = .seconds(3)
    public var backoff = Backoff()
    public var limits = RedisLimits()

    public init(address: Address) { self.address = address }
}

/// Without the password.
extension RedisSettings: CustomStringConvertible {
    public var description: String {
        let user = username.map { "\($0)@" } ?? ""
        return switch address {
        case .tcp: "\(tls == nil ? "redis" : "rediss")://\(user)\(address)/\(database)"
        case .unix: "unix://\(user)\(address)?db=\(database)"
        }
    }
}
