import Foundation

/// HAProxy on a loopback port in front of edges and upload workers, with the HTTP health check that the deployment uses.
public struct LocalHAProxy: Sendable {
    public let process: ChildProcess
    public let port: Int

    static func start(
        before edges: [EdgeProcess], _ workers: [UploadProcess], folder: String
    ) async throws -> LocalHAProxy {
        let port = try freePort()
        let servers = edges.map { edge in
            "  server \(edge.name) 127.0.0.1:\(edge.port) check port \(edge.adminPort) inter 200ms fall 2 rise 1"
        }
        let uploads = workers.enumerated().map { number, worker in
            "  server upload-\(number) 127.0.0.1:\(worker.port) check port \(worker.adminPort) inter 200ms fall 2 rise 1"
        }
        let settings = """
            defaults
              mode http
              timeout connect 2s
              timeout client 60s
              timeout server 60s
              timeout tunnel 1h
            frontend chat
              bind 127.0.0.1:\(port)
              use_backend uploads if { path_beg /api/ }
              default_backend edges
            backend uploads
              balance leastconn
              option httpchk GET /readyz
              http-check expect status 200
            \(uploads.joined(separator: "\n"))
            backend edges
              balance leastconn
              option httpchk GET /readyz
              http-check expect status 200
            \(servers.joined(separator: "\n"))

            """
        let path = "\(folder)/haproxy.cfg"
        try Data(settings.utf8).write(to: URL(fileURLWithPath: path))
        let process = try await ChildProcess.start(
            "/usr/sbin/haproxy", ["-db", "-f", path], name: "haproxy", folder: folder)
        let proxy = LocalHAProxy(process: process, port: port)
        try await eventually("haproxy to reach an edge", within: .seconds(10)) {
            guard process.exitNow == nil else { throw WireFailure("haproxy ended: \(process.errorTail)") }
            let answer = try? await HTTPAnswer.get("/ws", port: port)
            return answer.map { $0.status != 503 } ?? false
        }
        return proxy
    }
}
