import ChatTesting
import Crypto
import Foundation
import Testing

extension Scenarios {
    /// Files through real workers that share a volume, with the clients that people have.
    @Suite struct Uploads {
        /// The worker is killed in the middle; the client goes on at the other one.
        @Test func anUploadSurvivesItsWorker() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let first = try await cluster.startUpload()
                let second = try await cluster.startUpload()
                let watcher = try await WireClient.connect(port: cluster.edge("edge-a").port)
                _ = try await watcher.hello("watcher")
                _ = try await watcher.join("lobby")
                let text = Self.text(bytes: 2 << 20)
                let path = try await Self.create(text.utf8.count, at: first)
                let half = text.utf8.count / 2
                let connection = try await RawConnection.connect(port: first.port)
                try await connection.send(Self.patchHead(path, offset: 0, bytes: text.utf8.count))
                connection.push(String(text.prefix(half)))
                try await eventually("half of it is on the volume") {
                    try await Self.offset(of: path, at: second) == half
                }
                try await first.kill9()
                let offset = try await Self.offset(of: path, at: second)
                #expect(offset == half)
                let answer = try await HTTPAnswer.exchange(
                    Self.patchHead(path, offset: offset, bytes: text.utf8.count - offset) + text.dropFirst(offset),
                    port: second.port, within: 60)
                #expect(answer.status == 204)

                let file = try #require(try await watcher.expect("file").file)
                #expect(file.sha256 == Self.hash(text))
                #expect(try await Self.offset(of: path, at: second) == text.utf8.count)
                // What was said before is what the history has: the line is there once.
                _ = try await watcher.say("done", in: "lobby")
                let entries = try await watcher.history("lobby").messages ?? []
                #expect(entries.map(\.body) == [nil, "done"])
                let bytes = try await Self.run("/usr/bin/curl", ["-s", "\(second.url)/api/files/\(file.id)"], cluster)
                #expect(Self.hash(bytes) == Self.hash(text))
            }
        }

        @Test func curlUploadsWithoutWaiting() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let worker = try await cluster.startUpload()
                let path = cluster.folder + "/notes.txt"
                try Data(Self.text(bytes: 3 << 20).utf8).write(to: URL(fileURLWithPath: path))
                let timed = ["-s", "-o", cluster.folder + "/answer", "-w", "%{http_code} %{time_total}"]
                for arguments in [
                    ["-T", path, "\(worker.url)/api/rooms/lobby/files/"],
                    ["-F", "file=@\(path)", "-F", "room_key=lobby", "-F", "username=ann", "\(worker.url)/api/upload"],
                    ["-T", path, "-H", "Expect: 100-continue", "\(worker.url)/api/rooms/lobby/files/n"],
                ] {
                    let said = try await Self.run("/usr/bin/curl", timed + arguments, cluster)
                    let words = said.split(separator: " ")
                    #expect(words.first == "201", "\(said)")
                    // curl waits a whole second for 100 Continue before it sends all the same.
                    #expect(Double(words.last ?? "") ?? 9 < 0.9, "\(said)")
                }
                let list = try await Self.run("/usr/bin/curl", ["-s", "\(worker.url)/api/rooms/lobby/files"], cluster)
                #expect(list.contains(Self.hash(Self.text(bytes: 3 << 20))))
            }
        }

        /// As Go's pipe writer does it: chunked, the file before the fields.
        @Test func aPipedFormHasItsFileFirst() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let worker = try await cluster.startUpload()
                let program = """
                    import http.client
                    def parts():
                        yield b'--b\\r\\nContent-Disposition: form-data; name="file"; filename="n.txt"\\r\\n'
                        yield b'Content-Type: application/octet-stream\\r\\n\\r\\n'
                        for _ in range(100): yield b'0123456789' * 1000
                        yield b'\\r\\n--b\\r\\nContent-Disposition: form-data; name="room_key"\\r\\n\\r\\nlobby\\r\\n'
                        yield b'--b\\r\\nContent-Disposition: form-data; name="username"\\r\\n\\r\\nann\\r\\n--b--\\r\\n'
                    c = http.client.HTTPConnection('127.0.0.1', \(worker.port))
                    c.request('POST', '/api/upload', body=parts(), encode_chunked=True, headers={
                        'Content-Type': 'multipart/form-data; boundary=b', 'Transfer-Encoding': 'chunked'})
                    r = c.getresponse()
                    print(r.status, r.read().decode())
                    """
                let said = try await Self.run("/usr/bin/python3", ["-c", program], cluster)
                #expect(said.hasPrefix("201") && said.contains("\"size\":1000000"), "\(said)")
            }
        }

        @Test func aWorkerDrainsOnSIGTERM() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let worker = try await cluster.startUpload(flags: ["--guests", "--stop-seconds", "20"])
                let connection = try await RawConnection.connect(port: worker.port)
                try await connection.send(
                    "PUT /api/rooms/lobby/files/n HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
                try await eventually("the upload began") {
                    try FileManager.default.contentsOfDirectory(atPath: cluster.volume + "/partial").count == 1
                }
                #expect(try await worker.metrics()["termchat_upload_ready"] == 1)
                worker.process.signal(SIGTERM)
                try await eventually("it is not ready") { try await worker.readiness().status == 503 }
                #expect(try await worker.metrics()["termchat_upload_ready"] == 0)
                try await connection.send("world")
                try await connection.expect("HTTP/1.1 201")
                #expect(try await worker.process.exit(within: .seconds(10)) == .status(0))
            }
        }

        private static func text(bytes: Int) -> String {
            String(repeating: "a file that is sent in two halves \n", count: bytes / 35)
        }

        private static func hash(_ text: String) -> String {
            SHA256.hash(data: Data(text.utf8)).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        }

        private static func create(_ bytes: Int, at worker: UploadProcess) async throws -> String {
            let metadata = ["room": "lobby", "username": "ann", "filename": "n.txt"].map {
                "\($0.key) \(Data($0.value.utf8).base64EncodedString())"
            }.joined(separator: ",")
            let answer = try await HTTPAnswer.exchange(
                "POST /api/tus HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Length: \(bytes)\r\n"
                    + "Upload-Metadata: \(metadata)\r\nConnection: close\r\n\r\n", port: worker.port)
            return try #require(answer.headers["location"], "\(answer)")
        }

        private static func patchHead(_ path: String, offset: Int, bytes: Int) -> String {
            "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: \(offset)\r\n"
                + "Content-Type: application/offset+octet-stream\r\nContent-Length: \(bytes)\r\nConnection: close\r\n\r\n"
        }

        private static func offset(of path: String, at worker: UploadProcess) async throws -> Int {
            let answer = try await HTTPAnswer.exchange(
                "HEAD \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nConnection: close\r\n\r\n",
                port: worker.port)
            return answer.headers["upload-offset"].flatMap { Int($0) } ?? -1
        }

        private static func run(_ program: String, _ arguments: [String], _ cluster: TestCluster) async throws -> String
        {
            let result = try await ChildProcess.run(program, arguments, folder: cluster.folder)
            try require(result.exit == .status(0), "\(program): \(result)")
            return result.output
        }
    }
}
