import Foundation
import Synchronization

/// Redis and several real edges on loopback, started for one scenario and ended with it.
///
/// The programs are those that lie beside the test bundle. On failure the tails of their logs are printed.
public final class TestCluster: Sendable {
    public let redis: LocalRedis
    /// Where sockets, logs and data of this cluster lie.
    public let folder: String
    private let flags: [String]
    private let edges = Mutex<[EdgeProcess]>([])
    private let others = Mutex<[ChildProcess]>([])

    private init(redis: LocalRedis, folder: String, flags: [String]) {
        self.redis = redis
        self.folder = folder
        self.flags = flags
    }

    /// Runs `body` against a cluster whose edges are ready, and ends everything afterwards.
    /// - Parameters:
    ///   - nodes: names of the edges.
    ///   - flags: added to every edge; guests are allowed unless they are empty of `--guests` on purpose (`guests`).
    ///   - persistent: Redis keeps an append-only file, so that it can be restarted without loss.
    public static func with(
        nodes: [String] = ["edge-a", "edge-b"], flags: [String] = [], guests: Bool = true, persistent: Bool = false,
        isolation: isolated (any Actor)? = #isolation, _ body: (TestCluster) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/cluster-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let redis = try await LocalRedis.start(.init(persistence: persistent ? .always : .none))
        let cluster = TestCluster(redis: redis, folder: folder, flags: flags + (guests ? ["--guests"] : []))
        do {
            for node in nodes { try await cluster.startEdge(node) }
            for edge in cluster.edges.withLock({ $0 }) { try await edge.waitUntilReady() }
            try await body(cluster)
            await cluster.stop()
            for child in cluster.children {
                if let report = child.sanitizerReport { throw WireFailure("\(child.name): \(report)") }
            }
        } catch {
            cluster.printLogs(of: error)
            await cluster.stop()
            throw error
        }
    }

    /// Starts one more edge; it is not ready yet.
    @discardableResult
    public func startEdge(_ name: String, flags more: [String] = []) async throws -> EdgeProcess {
        let edge = try await EdgeProcess.start(
            name, program: Self.program("termchat-edge"), flags: ["--redis", redis.unixURL] + flags + more,
            folder: folder)
        edges.withLock { $0.append(edge) }
        return edge
    }

    /// The edge that was started last under the name.
    public func edge(_ name: String) throws -> EdgeProcess {
        guard let edge = edges.withLock({ $0.last { $0.name == name } }) else { throw WireFailure("no edge \(name)") }
        return edge
    }

    /// HAProxy in front of every edge that was started until now, and of those workers.
    public func startHAProxy(before workers: [UploadProcess] = []) async throws -> LocalHAProxy {
        let proxy = try await LocalHAProxy.start(before: edges.withLock { $0 }, workers, folder: folder)
        others.withLock { $0.append(proxy.process) }
        return proxy
    }

    /// Starts a program of this package that ends with the cluster.
    public func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        keyboard: String? = nil
    ) async throws -> ChildProcess {
        let child = try await ChildProcess.start(
            Self.program(program), arguments, name: program, folder: folder, environment: homed(environment),
            input: input, keyboard: keyboard)
        others.withLock { $0.append(child) }
        return child
    }

    /// Runs a program of this package to its end.
    public func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        try await ChildProcess.run(
            Self.program(program), arguments, folder: folder, environment: homed(environment), input: input)
    }

    /// No program may touch the files of whoever runs the tests.
    private func homed(_ environment: [String: String]) -> [String: String] {
        environment.merging(["HOME": folder, "TMPDIR": folder]) { mine, _ in mine }
    }

    /// The path of a program that was built with the tests.
    public static func program(_ name: String) throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw WireFailure("\(path) is not built") }
        return path
    }

    private var children: [ChildProcess] { others.withLock { $0 } + edges.withLock { $0.map(\.process) } }

    private func stop() async {
        for child in children {
            child.signal(SIGKILL)
            _ = try? await child.exit(within: .seconds(5))
        }
        try? await redis.stop()
    }

    private func printLogs(of error: any Error) {
        print("The scenario failed: \(error)")
        for child in children {
            print("Log of \(child.name) (pid \(child.pid)):\n\(child.errorTail)")
        }
    }
}
