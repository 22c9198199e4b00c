import Glibc

/// One real `termchat-edge` of a ``TestCluster``.
public struct EdgeProcess: Sendable {
    /// The operator's name of the node.
    public let name: String
    public let process: ChildProcess
    public let port: Int
    public let adminPort: Int

    /// Starts the program and waits for its two lines on stdout, not for its readiness.
    static func start(_ name: String, program: String, flags: [String], folder: String) async throws -> EdgeProcess {
        let fixed = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--node", name]
        let process = try await ChildProcess.start(program, fixed + flags, name: name, folder: folder)
        let port = try await port(in: process.outputLine(after: "listening on ", within: .seconds(20)))
        let adminPort = try await Self.port(in: process.outputLine(after: "admin on ", within: .seconds(20)))
        return EdgeProcess(name: name, process: process, port: port, adminPort: adminPort)
    }

    private static func port(in address: String) throws -> Int {
        guard let port = address.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw WireFailure("no port in \(address)")
        }
        return port
    }

    /// Status and body of `/readyz`.
    public func readiness() async throws -> HTTPAnswer {
        try await HTTPAnswer.get("/readyz", port: adminPort)
    }

    public func waitUntilReady(within: Duration = .seconds(20)) async throws {
        try await eventually("\(name) to be ready", within: within) { try await readiness().status == 200 }
    }

    public func metrics() async throws -> MetricsPage {
        MetricsPage(try await HTTPAnswer.get("/metrics", port: adminPort).body)
    }

    /// Ends the process with no chance to say anything.
    public func kill9() async throws {
        process.signal(SIGKILL)
        try await process.exit(within: .seconds(5))
    }

    /// Asks it to drain and end.
    public func terminate() {
        process.signal(SIGTERM)
    }
}
