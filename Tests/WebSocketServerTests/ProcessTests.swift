import ChatTesting
import Foundation
import NIOCore
import Testing

/// What a whole process holds and uses, so in one of its own: `websocket-echo`.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ProcessTests {
    struct Echo: ~Copyable {
        let process: ChildProcess
        let address: SocketAddress
        let folder: String

        /// - Parameter openFilesMax: the process' limit of descriptors, none of which the server reserves.
        static func start(openFilesMax: Int? = nil) async throws -> Echo {
            let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
                .appending(path: "websocket-echo").path
            let folder = NSTemporaryDirectory() + "echo-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let limit = openFilesMax.map { "ulimit -n \($0) && " } ?? ""
            let process = try await ChildProcess.start(
                "/bin/sh", ["-c", limit + "exec '\(program)' 0 \(openFilesMax == nil ? "" : "0")"], name: "echo",
                folder: folder)
            let listening = try await process.outputLine(after: "listening on ", within: .seconds(10))
            let port = try #require(listening.split(separator: ":").last.flatMap { Int($0) })
            return Echo(
                process: process, address: try SocketAddress(ipAddress: "127.0.0.1", port: port), folder: folder)
        }

        deinit {
            process.signal(SIGKILL)
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Seconds of CPU that a process has used.
    private func cpuSeconds(of pid: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
        let ticks = try #require(
            fields.count > 12
                ? Double(fields[11]).flatMap { user in
                    Double(fields[12]).map { user + $0 }
                } : nil)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    @Test func whatFollowsARefusedUpgradeIsNotKept() async throws {
        let echo = try await Echo.start()
        let process = echo.process
        let client = try await RawClient.connect(to: echo.address, goesOn: true)
        try await client.send(text: Request.upgrade(method: "POST"))
        try await eventually("the refusal") { client.received.text.hasPrefix("HTTP/1.1 405 ") }
        let before = process.residentBytes
        let chunk = [UInt8](repeating: 120, count: 1 << 20)
        var sent = 0
        // Until the server has had enough, at its deadline for this.
        while sent < 256, (try? await client.send(chunk)) != nil { sent += 1 }
        let grown = process.residentBytes - before
        #expect(sent > 32, "too little was taken to tell")
        #expect(grown < 16 << 20, "\(grown >> 20) MiB more after \(sent) MiB")
        #expect(process.exitNow == nil)
    }

    @Test func withoutDescriptorsNothingSpinsAndItIsSaid() async throws {
        let openFilesMax = 256
        let echo = try await Echo.start(openFilesMax: openFilesMax)
        let process = echo.process
        var clients: [RawClient] = []
        for _ in 0..<openFilesMax { clients.append(try await RawClient.connect(to: echo.address)) }
        try await eventually("it says so") {
            // Where connecting took long, the first ones have waited too long for their handshake and are closed.
            if let client = try? await RawClient.connect(to: echo.address) { clients.append(client) }
            return process.errors.contains("at capacity")
        }
        #expect(process.errors.contains("limit=descriptors"))

        let before = try cpuSeconds(of: process.pid)
        // Not to wait for anything: the time over which the use of the processor is measured.
        try await Task.sleep(for: .seconds(1))
        let used = try cpuSeconds(of: process.pid) - before
        #expect(used < 0.3, "\(used) s of CPU in a second")
        #expect(process.errors.components(separatedBy: "at capacity").count == 2, "said once")

        for client in clients { try? await client.close() }
        try await eventually("it accepts again") { process.errors.contains("accepting again") }
        let client = try await RawClient.webSocket(to: echo.address)
        try await client.send(ClientFrame.text("hello"))
        try await eventually("the echo") { client.frames.map(\.text) == ["hello"] }
    }
}
