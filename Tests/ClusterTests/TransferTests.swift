import ChatTesting
import Crypto
import Foundation
import Glibc
import Testing

extension Scenarios {
    /// Files from one terminal to another, through real workers.
    @Suite struct Transfer {
        @Test func aFileGoesUpIntoTheRoomAndComesDown() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let (watcher, _) = try await WireClient.signIn("watcher", port: try cluster.edge("edge-a").port)
                _ = try await watcher.join("ops")
                let worker = try await Worker(cluster)
                let path = cluster.folder + "/größe 1.bin"
                let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                try bytes.write(to: URL(filePath: path))

                let up = try await cluster.run("termchat", ["upload", "ops", path, "--json"] + worker.flags)
                #expect(up.exit == .status(0), "\(up.errors)")
                let said = try await watcher.expect("file")
                #expect(said.user == "ann")
                let folder = cluster.folder + "/in/"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for name in ["größe 1.bin", "größe 1 (1).bin"] {
                    let down = try await cluster.run(
                        "termchat", ["download", "ops", "größe 1.bin", "-o", folder] + worker.flags)
                    #expect(down.exit == .status(0), "\(down.errors)")
                    #expect(down.output == folder + name + "\n")
                    #expect(FileManager.default.contents(atPath: folder + name) == bytes)
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
            }
        }

        @Test func anUploadOutlivesItsWorker() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let (watcher, _) = try await WireClient.signIn("watcher", port: try cluster.edge("edge-a").port)
                _ = try await watcher.join("ops")
                let worker = try await Worker(cluster)
                let path = try Self.largeFile(in: cluster.folder)
                let upload = try await cluster.start(
                    "termchat", ["upload", "ops", path, "--json", "--progress", "json"] + worker.flags)
                try await Self.waitUntilMoving(upload)
                worker.process.signal(SIGKILL)
                try await worker.process.exit(within: .seconds(5))
                let next = try await Worker(cluster, port: worker.port)
                #expect(try await upload.exit(within: .seconds(60)) == .status(0), "\(upload.errorTail)")
                _ = try await watcher.expect("file")
                let down = try await cluster.run(
                    "termchat", ["download", "ops", "large.bin", "-o", cluster.folder + "/copy"] + next.flags)
                #expect(down.exit == .status(0), "\(down.errors)")
                #expect(try Self.sha256(cluster.folder + "/copy") == Self.sha256(path))
                let entries = try await watcher.history("ops").messages ?? []
                #expect(entries.count == 1)
            }
        }

        @Test func anInterruptedUploadGoesOnLater() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let worker = try await Worker(cluster)
                let path = try Self.largeFile(in: cluster.folder)
                let command = ["upload", "ops", path, "--json", "--progress", "json"] + worker.flags
                let upload = try await cluster.start("termchat", command)
                try await Self.waitUntilMoving(upload)
                worker.process.signal(SIGSTOP)
                upload.signal(SIGINT)
                #expect(try await upload.exit(within: .seconds(10)) == .status(1))
                #expect(upload.errors.contains("the same command goes on from there"))
                worker.process.signal(SIGCONT)
                let again = try await cluster.run("termchat", command)
                #expect(again.exit == .status(0), "\(again.errors)")
                let reports = try again.errors.split(separator: "\n").map { line in
                    try JSONDecoder().decode(Report.self, from: Data(line.utf8))
                }
                let resumed = reports.first { $0.bytes > 0 }
                #expect((resumed?.bytes_per_second ?? 0) == 0 && (resumed?.bytes ?? 0) > 1 << 20)
            }
        }

        private struct Report: Decodable {
            var bytes: Int
            var bytes_per_second: Int?
        }

        /// A worker on the cluster's one volume.
        private struct Worker {
            let process: ChildProcess
            let port: Int

            init(_ cluster: TestCluster, port: Int = 0) async throws {
                let volume = cluster.folder + "/volume"
                try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
                process = try await cluster.start(
                    "termchat-upload",
                    [
                        "--listen", "127.0.0.1:\(port)", "--admin", "127.0.0.1:0", "--redis", cluster.redis.unixURL,
                        "--volume", volume, "--guests",
                    ])
                let address = try await process.outputLine(after: "listening on ", within: .seconds(20))
                self.port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            }

            var flags: [String] { ["--server", "http://127.0.0.1:\(port)", "--user", "ann"] }
        }

        /// Mostly a hole, so that it is quickly made; long enough to be met on its way.
        private static func largeFile(in folder: String) throws -> String {
            let path = folder + "/large.bin"
            try Data("begin".utf8).write(to: URL(filePath: path))
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.truncate(atOffset: 768 << 20)
            try file.seek(toOffset: 500 << 20)
            try file.write(contentsOf: Data("middle".utf8))
            try file.close()
            return path
        }

        private static func waitUntilMoving(_ upload: ChildProcess) async throws {
            try await eventually("the upload to move", within: .seconds(20)) {
                upload.errors.split(separator: "\n").contains { line in
                    (try? JSONDecoder().decode(Report.self, from: Data(line.utf8)))?.bytes ?? 0 > 8 << 20
                }
            }
        }

        private static func sha256(_ path: String) throws -> String {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            var digest = SHA256()
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { digest.update(data: piece) }
            return digest.finalize().description
        }
    }
}
