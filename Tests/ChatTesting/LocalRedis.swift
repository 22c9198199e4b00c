public import Foundation

/// A redis-server of one test suite: a fresh folder, a Unix socket and a free port on loopback.
///
/// The server ends with ``stop()``, with this object, or with the test process, however that ends. Other servers on the
/// machine are never touched.
public final class LocalRedis: @unchecked Sendable {
    public struct Options: Sendable {
        public enum Persistence: Sendable {
            case none
            /// An append-only file, written to disk once a second.
            case everySecond
            /// An append-only file, written to disk before each reply.
            case always
        }
        public var persistence = Persistence.none
        /// The default user's password.
        public var password: String?
        /// Users beside the default one, as in `ACL SETUSER`: `"alice on >secret ~* &* +@all"`.
        public var users: [String] = []
        /// Listen with TLS, too, on ``LocalRedis/tlsPort``.
        public var tls = false
        /// More lines of redis.conf.
        public var configuration: [String] = []

        public init(
            persistence: Persistence = .none, password: String? = nil, users: [String] = [], tls: Bool = false,
            configuration: [String] = []
        ) {
            self.persistence = persistence
            self.password = password
            self.users = users
            self.tls = tls
            self.configuration = configuration
        }
    }

    /// A program that did not do its part, with what it said.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    public let options: Options
    /// Everything the server writes, and its log, `redis.log`.
    public let directory: URL
    public let port: Int
    /// 0 without ``Options/tls``.
    public let tlsPort: Int
    public var unixPath: String { directory.appendingPathComponent("redis.sock").path }
    public var url: String { "redis://127.0.0.1:\(port)" }
    public var unixURL: String { "unix://\(unixPath)" }
    public var tlsURL: String { "rediss://localhost:\(tlsPort)?ca=\(authorityFile)" }
    /// The certificate that signed the server's, PEM.
    public var authorityFile: String { directory.appendingPathComponent("ca.crt").path }
    private var process: ServerProcess?

    /// Starts a server and waits until it answers.
    public static func start(_ options: Options = Options()) async throws -> LocalRedis {
        let redis = try LocalRedis(options)
        try await redis.launch()
        return redis
    }

    private init(_ options: Options) throws {
        self.options = options
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "redis-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        port = try freePort()
        tlsPort = options.tls ? try freePort() : 0
        if options.tls { try TestCertificates.write(to: directory) }
        try configuration().write(to: directory.appendingPathComponent("redis.conf"), atomically: true, encoding: .utf8)
    }

    deinit {
        process?.signal(SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the server as an operator does, and removes its folder.
    public func stop() async throws {
        try await end(SIGTERM)
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the server at once; its folder stays for ``restart()``.
    public func kill() async throws { try await end(SIGKILL) }

    /// Starts the server again, on the same ports and over the same folder, after ending one that runs as an operator does.
    public func restart() async throws {
        try await end(SIGTERM)
        try await launch()
    }

    /// Freezes the server: its sockets stay open, and nothing is answered.
    public func pause() { process?.signal(SIGSTOP) }

    public func resume() { process?.signal(SIGCONT) }

    public var pid: Int32? { process?.pid }

    /// What `redis-cli` prints for a command, without the newline at the end; throws where Redis answers with an error.
    @discardableResult
    public func cli(_ arguments: String...) async throws -> String { try await cli(arguments) }

    @discardableResult
    public func cli(_ arguments: [String]) async throws -> String {
        var environment: [String: String] = [:]
        if let password = options.password { environment["REDISCLI_AUTH"] = password }
        return try await runProgram("redis-cli", ["-e", "-s", unixPath] + arguments, environment: environment)
    }

    private func launch() async throws {
        try? FileManager.default.removeItem(atPath: unixPath)
        process = try await ServerProcess.start("redis-server", [directory.appendingPathComponent("redis.conf").path])
        do {
            try await eventually("redis-server answers PING") { [self] in
                guard process?.isRunning == true else { throw Failure(description: "redis-server ended: \(log)") }
                guard FileManager.default.fileExists(atPath: unixPath) else { return false }
                return (try? await cli("PING")) == "PONG"
            }
        } catch let error as NotInTime {
            throw Failure(description: "\(error)\n\(log)")
        }
    }

    private func end(_ signal: Int32) async throws {
        guard let process else { return }
        process.signal(SIGCONT)
        process.signal(signal)
        try await eventually("redis-server ends") { !process.isRunning }
        self.process = nil
    }

    private var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("redis.log"), encoding: .utf8)) ?? "no log"
    }

    private func configuration() -> String {
        var lines = [
            "bind 127.0.0.1", "port \(port)", "unixsocket \(unixPath)", "dir \(directory.path)", "logfile redis.log",
            "save \"\"", "daemonize no", "enable-debug-command local",
        ]
        switch options.persistence {
        case .none: lines.append("appendonly no")
        case .everySecond: lines += ["appendonly yes", "appendfsync everysec"]
        case .always: lines += ["appendonly yes", "appendfsync always"]
        }
        if let password = options.password { lines.append("requirepass \"\(password)\"") }
        lines += options.users.map { "user \($0)" }
        if options.tls {
            lines += [
                "tls-port \(tlsPort)", "tls-cert-file server.crt", "tls-key-file server.key", "tls-ca-cert-file ca.crt",
                "tls-auth-clients no",
            ].map { $0.replacingOccurrences(of: "-file ", with: "-file \(directory.path)/") }
        }
        return (lines + options.configuration).joined(separator: "\n") + "\n"
    }
}

/// A port that nobody listens on just now.
public func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
        }
    }
    guard isBound else { throw LocalRedis.Failure(description: "No free port on loopback: errno \(errno).") }
    return Int(UInt16(bigEndian: address.sin_port))
}
