import ChatTesting
import Foundation
import Glibc
import Testing

extension Scenarios {
    /// The commands in shell scripts, against a real edge.
    @Suite struct Scripts {
        @Test func theOutputOfABuildIsSentLineByLine() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.quickly) { cluster in
                let port = try cluster.edge("edge-a").port
                let built = try await Self.script(
                    """
                    set -e
                    { printf '\\033[1mcc\\033[0m -o a a.c\\n'; echo 'a.c:1: error' >&2; printf 'last'; } 2>&1 | $TERMCHAT send ops
                    echo sent
                    """, cluster)
                #expect(built.exit == .status(0), "\(built.errors)")
                #expect(built.output == "sent\n")
                #expect(try await Self.bodies(port) == ["cc -o a a.c", "a.c:1: error", "last"])
            }
        }

        /// A line is there as soon as it is said, and whoever has seen enough ends the program.
        @Test func aTailIsReadLineByLine() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.quickly) { cluster in
                let port = try cluster.edge("edge-a").port
                let (speaker, _) = try await WireClient.signIn("speaker", port: port)
                _ = try await speaker.join("ops")
                let reading = try await Self.start(
                    """
                    set -e -o pipefail
                    $TERMCHAT tail ops --json --count 0 | head -n 1 > first
                    echo "status $?"
                    """, cluster)
                _ = try await speaker.expect("presence")
                _ = try await speaker.say("the first", in: "ops")
                // Nothing follows it: it did not wait for a full buffer.
                let first = "\(cluster.folder)/first"
                try await eventually("the first line") { Self.text(first).contains("the first") }
                _ = try await speaker.say("the second", in: "ops")
                #expect(try await reading.exit(within: .seconds(10)) == .status(0), "\(reading.errors)")
                #expect(reading.output == "status 0\n")
                #expect(Self.text(first).split(separator: "\n").count == 1)
            }
        }

        @Test func theExitStatusSaysWhatHappened() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.quickly) { cluster in
                let edge = try cluster.edge("edge-a")
                let cases: [(command: String, status: Int32)] = [
                    ("$TERMCHAT send ops fine", 0), ("$TERMCHAT send 'no room' x", 2), ("$TERMCHAT who ops", 0),
                    ("$TERMCHAT rooms --json | head -n 1", 0), ("$TERMCHAT tail ops --no-follow", 0),
                    ("head -c 9000 /dev/zero | tr '\\0' x | $TERMCHAT send ops", 1),
                    ("$TERMCHAT tail ops --no-follow --since 1-0", 5), ("$TERMCHAT --no-such", 2),
                ]
                for (command, status) in cases {
                    let run = try await Self.script("set -e -o pipefail; \(command)", cluster)
                    #expect(run.exit == .status(status), "\(command): \(run.errors)")
                }
                try await edge.kill9()
                let away = try await Self.script(
                    "set -e; $TERMCHAT send ops --timeout 1 x; echo never", cluster)
                #expect(away.exit == .status(3), "\(away.errors)")
                #expect(away.output.isEmpty)
            }
        }

        /// Twenty lines a run, and the run killed at any moment of them. Of each run the line that was printed last may
        /// come again, because it is printed before its position is kept; none is left out.
        @Test func aTailWithAStateMissesNothingThoughItIsKilled() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.quickly) { cluster in
                let port = try cluster.edge("edge-a").port
                let (speaker, _) = try await WireClient.signIn("speaker", port: port)
                _ = try await speaker.join("ops")
                var generator = SeededGenerator.fresh()
                var runs: [[String]] = []
                for run in 0..<10 {
                    let moment = Int.random(in: 0...20, using: &generator)
                    let tail = try await Self.tail(cluster)
                    for number in 1...20 { _ = try await speaker.say("text \(run * 20 + number)", in: "ops") }
                    try await eventually("\(moment) lines") { Self.lines(tail).count >= moment }
                    tail.signal(SIGKILL)
                    try await tail.exit(within: .seconds(5))
                    runs.append(Self.lines(tail))
                }
                let last = try await Self.tail(cluster)
                // One for this run itself: it must be there before it is told to leave.
                _ = try await speaker.say("text 201", in: "ops")
                try await eventually("the last line") { Self.lines(last).contains { $0.contains("\"text 201\"") } }
                last.signal(SIGTERM)
                #expect(try await last.exit(within: .seconds(5)) == .status(0))
                runs.append(Self.lines(last))
                var seen: [String] = []
                for run in runs {
                    var lines = run[...]
                    if let again = lines.first, again == seen.last { lines = lines.dropFirst() }
                    seen += lines
                }
                let bodies = seen.compactMap { $0.firstMatch(of: /"body":"([^"]*)"/).map { String($0.1) } }
                #expect(bodies == (1...201).map { "text \($0)" }, "seed \(generator.seed)")
            }
        }

        // MARK: Scripts and what they leave

        private static let quickly = ["--sends-per-second", "10000"]

        private static func tail(_ cluster: TestCluster) async throws -> ChildProcess {
            let port = try cluster.edge("edge-a").port
            return try await cluster.start(
                "termchat",
                [
                    "tail", "ops", "--json", "--count", "200", "--state", "\(cluster.folder)/state", "--server",
                    "ws://127.0.0.1:\(port)", "--user", "ann",
                ])
        }

        /// Whole lines only.
        private static func lines(_ tail: ChildProcess) -> [String] {
            let lines = tail.output.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.dropLast().map(String.init)
        }

        private static func environment(_ cluster: TestCluster) throws -> [String: String] {
            [
                "HOME": cluster.folder, "TERMCHAT": try TestCluster.program("termchat"), "TERMCHAT_USER": "ann",
                "TERMCHAT_SERVER": "ws://127.0.0.1:\(try cluster.edge("edge-a").port)",
            ]
        }

        private static func start(_ text: String, _ cluster: TestCluster) async throws -> ChildProcess {
            try await ChildProcess.start(
                "/bin/bash", ["-c", "cd \(cluster.folder); \(text)"], name: "script", folder: cluster.folder,
                environment: try environment(cluster))
        }

        private static func script(
            _ text: String, _ cluster: TestCluster
        ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
            try await ChildProcess.run(
                "/bin/bash", ["-c", "cd \(cluster.folder); \(text)"], folder: cluster.folder,
                environment: try environment(cluster))
        }

        private static func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }

        private static func bodies(_ port: Int) async throws -> [String] {
            let (reader, _) = try await WireClient.signIn("reader", port: port)
            _ = try await reader.join("ops")
            return (try await reader.history("ops").messages ?? []).compactMap(\.body)
        }
    }
}
