import Foundation

/// One real `termchat-upload` of a ``TestCluster``.
public struct UploadProcess: Sendable {
    public let process: ChildProcess
    public let port: Int
    public let adminPort: Int
    public var url: String { "http://127.0.0.1:\(port)" }

    public func readiness() async throws -> HTTPAnswer { try await HTTPAnswer.get("/readyz", port: adminPort) }

    public func metrics() async throws -> MetricsPage {
        MetricsPage(try await HTTPAnswer.get("/metrics", port: adminPort).body)
    }

    /// Ends the process with no chance to say anything.
    public func kill9() async throws {
        process.signal(SIGKILL)
        try await process.exit(within: .seconds(5))
    }
}

extension TestCluster {
    /// The directory that the upload workers of this cluster share.
    public var volume: String { folder + "/volume" }

    /// Starts an upload worker on the cluster's volume and waits until it is ready.
    public func startUpload(flags: [String] = ["--guests"]) async throws -> UploadProcess {
        try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
        let process = try await start(
            "termchat-upload",
            [
                "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--redis", redis.unixURL, "--volume", volume,
                "--min-free-bytes", "0",
            ] + flags)
        let port = try await Self.port(of: process, "listening on ")
        let worker = UploadProcess(
            process: process, port: port, adminPort: try await Self.port(of: process, "admin on "))
        try await eventually("an upload worker to be ready") { try await worker.readiness().status == 200 }
        return worker
    }

    private static func port(of process: ChildProcess, _ prefix: String) async throws -> Int {
        let address = try await process.outputLine(after: prefix, within: .seconds(20))
        guard let port = address.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw WireFailure("no port in \(address)")
        }
        return port
    }
}
