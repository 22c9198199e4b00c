import ChatTesting
import Foundation
import Glibc
import Testing

extension Scenarios {
    /// `termchat ROOM`: nothing that was typed is lost or said twice, whatever ends first.
    @Suite struct ChatCommand {
        @Test func linesThatArePipedInAreSentOnce() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let piped = try await cluster.run("termchat", Self.chat(port), input: "first\nsecond\n")
                #expect(piped.exit == .status(0), "\(piped.errors)")
                let quit = try await cluster.run("termchat", Self.chat(port), input: "bye\n/quit\n")
                #expect(quit.exit == .status(0), "\(quit.errors)")
                let nothing = try await cluster.run("termchat", Self.chat(port))
                #expect(nothing.exit == .status(0), "\(nothing.errors)")
                #expect(try await Self.bodies(port) == ["first", "second", "bye"])

                let rooms = try await cluster.run("termchat", ["rooms"] + Self.sign(port))
                #expect(rooms.exit == .status(0), "\(rooms.errors)")
                #expect(rooms.output.contains("lobby"))
            }
        }

        @Test func linesSurviveTheClientWhereNoEdgeIsThere() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await edge.kill9()
                let client = try await cluster.start("termchat", Self.chat(edge.port), input: "one\ntwo\n")
                let outbox = "\(cluster.folder)/.local/state/termchat/outbox/ann@127.0.0.1_\(edge.port)"
                try await eventually("both lines to be on disk") {
                    let content = FileManager.default.contents(atPath: outbox) ?? Data()
                    return String(decoding: content, as: UTF8.self).contains("two")
                }
                client.signal(SIGKILL)
                try await client.exit(within: .seconds(5))

                let back = try await cluster.startEdge("edge-b", flags: ["--listen", "127.0.0.1:\(edge.port)"])
                try await back.waitUntilReady()
                for _ in 1...2 {
                    let again = try await cluster.run("termchat", Self.chat(edge.port))
                    #expect(again.exit == .status(0), "\(again.errors)")
                }
                #expect(try await Self.bodies(edge.port) == ["one", "two"])
            }
        }

        @Test func linesSurviveTheDeathOfTheirEdge() async throws {
            try await TestCluster.with { cluster in
                let proxy = try await cluster.startHAProxy()
                var watchers: [String: WireClient] = [:]
                for name in ["edge-a", "edge-b"] {
                    let (watcher, _) = try await WireClient.signIn("watcher-\(name)", port: cluster.edge(name).port)
                    _ = try await watcher.join("lobby")
                    watchers[name] = watcher
                }
                let fifo = cluster.folder + "/keyboard"
                try require(mkfifo(fifo, 0o600) == 0, "no FIFO")
                let client = try await cluster.start("termchat", Self.chat(proxy.port), keyboard: fifo)
                let keyboard = try #require(FileHandle(forWritingAtPath: fifo))
                let joined = try await watchers["edge-a"]?.expect("presence") { $0.joined?.first?.user == "ann" }
                let doomed = try #require(joined?.joined?.first?.node)
                let survivor = try #require(watchers[doomed == "edge-a" ? "edge-b" : "edge-a"])

                try keyboard.write(contentsOf: Data("before\n".utf8))
                try await survivor.expect("message") { $0.body == "before" }
                try await cluster.edge(doomed).kill9()
                try keyboard.write(contentsOf: Data("between\n".utf8))
                try await survivor.expect("message", within: .seconds(20)) { $0.body == "between" }
                try keyboard.write(contentsOf: Data("after\n/quit\n".utf8))
                #expect(try await client.exit(within: .seconds(10)) == .status(0), "\(client.errorTail)")
                let stored = try await survivor.history("lobby").messages ?? []
                #expect(stored.compactMap(\.body) == ["before", "between", "after"])
            }
        }

        @Test func closedAndFullDescriptorsAreNoTrap() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let closed = try await Self.shell("send lobby", "<&-", port, cluster)
                #expect(closed.exit == .status(0), "\(closed.errors)")
                let silent = try await Self.shell("chat lobby", ">&- 2>&-", port, cluster, input: "said\n")
                #expect(silent.exit == .status(0))
                #expect(try await Self.bodies(port) == ["said"])
                for command in ["tail lobby --no-follow", "who lobby --json"] {
                    let unwritten = try await Self.shell(command, ">&-", port, cluster)
                    #expect(unwritten.exit == .status(1), "\(command): \(unwritten.errors)")
                }
                let full = try await Self.shell("who lobby --json", ">/dev/full", port, cluster)
                #expect(full.exit == .status(1), "\(full.errors)")
                #expect(full.errors.contains("No space left"))
            }
        }

        @Test func aTerminalThatHangsUpIsACleanLeave() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let (watcher, _) = try await WireClient.signIn("watcher", port: port)
                _ = try await watcher.join("lobby")
                let fifo = cluster.folder + "/keyboard"
                try require(mkfifo(fifo, 0o600) == 0, "no FIFO")
                let client = try await cluster.start("termchat", Self.chat(port), keyboard: fifo)
                #expect(try await watcher.expect("presence").joined?.first?.user == "ann")
                client.signal(SIGHUP)
                #expect(try await client.exit(within: .seconds(5)) == .status(0), "\(client.errors)")
                #expect(try await watcher.expect("presence").left?.first?.reason == "left")
            }
        }

        @Test func aKickedUserIsToldOnce() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let (watcher, _) = try await WireClient.signIn("watcher", port: port)
                _ = try await watcher.join("lobby")
                let fifo = cluster.folder + "/keyboard"
                try require(mkfifo(fifo, 0o600) == 0, "no FIFO")
                let client = try await cluster.start("termchat", Self.chat(port), keyboard: fifo)
                #expect(try await watcher.expect("presence").joined?.first?.user == "ann")
                let kick = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "kick", "ann", "--yes"])
                #expect(kick.exit == .status(0), "\(kick.errors)")
                #expect(try await client.exit(within: .seconds(5)) == .status(4))
                let told = client.errors.split(separator: "\n").filter { !$0.contains("connected to") }
                #expect(told.count == 1, "\(client.errors)")
            }
        }

        private static func sign(_ port: Int) -> [String] { ["--server", "ws://127.0.0.1:\(port)", "--user", "ann"] }

        private static func chat(_ port: Int) -> [String] { ["lobby"] + sign(port) }

        /// Runs a command with its descriptors as a shell's `redirection` says.
        private static func shell(
            _ command: String, _ redirection: String, _ port: Int, _ cluster: TestCluster, input: String = ""
        ) async throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
            let program = try TestCluster.program("termchat")
            let line = ([program, command] + sign(port) + [redirection]).joined(separator: " ")
            return try await ChildProcess.run(
                "/bin/sh", ["-c", "exec " + line], folder: cluster.folder, environment: ["HOME": cluster.folder],
                input: input)
        }

        /// What the lobby's history says, oldest first.
        private static func bodies(_ port: Int) async throws -> [String] {
            let (reader, _) = try await WireClient.signIn("reader", port: port)
            _ = try await reader.join("lobby")
            return (try await reader.history("lobby").messages ?? []).compactMap(\.body)
        }
    }
}
