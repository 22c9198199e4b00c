import ChatTesting
import Foundation
import Glibc
import Testing

extension Scenarios {
    /// `termchat` without a terminal, as scripts use it.
    @Suite struct CommandLine {
        @Test func sendTailAndWhoWorkAcrossEdges() async throws {
            try await TestCluster.with { cluster in
                let (here, there) = (try cluster.edge("edge-a"), try cluster.edge("edge-b"))
                let (watcher, _) = try await WireClient.signIn("watcher", port: here.port)
                _ = try await watcher.join("ops")
                let tail = try await cluster.start(
                    "termchat", ["tail", "ops", "--json"] + Self.sign(in: there, as: "tailer"))
                try await watcher.expect("presence") { $0.joined?.first?.user == "tailer" }

                let sent = try await cluster.run(
                    "termchat", ["send", "ops", "build", "is", "green"] + Self.sign(in: there, as: "ci"))
                #expect(sent.exit == .status(0), "\(sent.errors)")
                let message = try await watcher.expect("message")
                #expect(message.user == "ci")
                #expect(message.body == "build is green")

                let piped = try await cluster.run(
                    "termchat", ["send", "ops"] + Self.sign(in: here, as: "ci"), input: "first line\nsecond line\n")
                #expect(piped.exit == .status(0), "\(piped.errors)")
                try await eventually("the tail to show what was piped", within: .seconds(10)) {
                    tail.output.contains("second line")
                }
                let stored = try await watcher.history("ops").messages ?? []
                let bodies = stored.compactMap(\.body).joined(separator: "\n")
                #expect(bodies == "build is green\nfirst line\nsecond line")
                let tailed = try tail.output.split(separator: "\n").map { line in
                    try JSONDecoder().decode(WireEntry.self, from: Data(line.utf8)).id
                }
                #expect(tailed == stored.map(\.id))

                let who = try await cluster.run("termchat", ["who", "ops"] + Self.sign(in: here, as: "asker"))
                #expect(who.exit == .status(0), "\(who.errors)")
                #expect(who.output.contains("watcher") && who.output.contains("tailer"))

                tail.signal(SIGQUIT)
                #expect(try await tail.exit(within: .seconds(5)) == .signal(SIGQUIT))
            }
        }

        @Test func everyProgramSaysTheSameVersion() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                var versions: Set<String> = []
                for program in ["termchat", "termchat-edge", "termchat-upload", "termchat-ctl"] {
                    let run = try await cluster.run(program, ["--version"])
                    #expect(run.exit == .status(0), "\(program): \(run.errors)")
                    versions.insert(run.output)
                }
                #expect(versions.count == 1 && versions.first?.isEmpty == false, "\(versions)")
            }
        }

        @Test func exitStatusesSayWhatWentWrong() async throws {
            let path = FileManager.default.temporaryDirectory.path + "/key-\(UInt64.random(in: .min ... .max))"
            let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
            let isWritten = FileManager.default.createFile(
                atPath: path, contents: Data("base64:\(key)\n".utf8), attributes: [.posixPermissions: 0o600])
            try require(isWritten, "cannot write \(path)")
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--token-key", path], guests: false) { cluster in
                let edge = try cluster.edge("edge-a")
                let refused = try await cluster.run("termchat", ["send", "ops", "x"] + Self.sign(in: edge, as: "ann"))
                #expect(refused.exit == .status(4), "\(refused.errors)")
                let usage = try await cluster.run("termchat", ["send"])
                #expect(usage.exit == .status(2), "\(usage.errors)")
                try await edge.kill9()
                let away = try await cluster.run(
                    "termchat", ["send", "ops", "x", "--timeout", "2"] + Self.sign(in: edge, as: "ann"))
                #expect(away.exit == .status(3), "\(away.errors)")
            }
        }

        @Test func anEdgeThatNobodyCouldSignInToDoesNotStart() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let edge = try await cluster.run("termchat-edge", ["--listen", "127.0.0.1:0", "--broker", "memory"])
                #expect(edge.exit == .status(2))
                #expect(edge.errors.contains("--token-key") && edge.output.isEmpty, "\(edge.errors)")
            }
        }

        private static func sign(in edge: EdgeProcess, as user: String) -> [String] {
            ["--server", "ws://127.0.0.1:\(edge.port)", "--user", user]
        }
    }
}
