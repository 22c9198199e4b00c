import ChatTesting
import Foundation
import Testing

extension Scenarios {
    /// `termchat-ctl` where something is not as it should be: it says so, and ends.
    @Suite struct ControlTrouble {
        private struct Failure: Decodable {
            struct Detail: Decodable {
                var code: String
                var message: String
            }
            var error: Detail
        }

        private func run(
            _ cluster: TestCluster, _ words: String...
        ) async throws
            -> (exit: ChildProcess.Exit, output: String, errors: String)
        {
            try await cluster.run("termchat-ctl", ["--redis", cluster.redis.unixURL] + words)
        }

        /// Runs a shell's line in which `$ctl` is the program with its Redis.
        private func shell(_ cluster: TestCluster, _ line: String) async throws -> ChildProcess {
            let program = try TestCluster.program("termchat-ctl")
            return try await ChildProcess.start(
                "/bin/sh", ["-c", "ctl='\(program) --redis \(cluster.redis.unixURL)'; \(line)"], name: "sh",
                folder: cluster.folder)
        }

        @Test func aTailReadsWhatItDidNotHear() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                _ = try await run(cluster, "send", "lobby", "first")
                let tail = try await cluster.start(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "tail", "lobby", "--json", "--count", "3"])
                try await eventually("the tail listens") {
                    try await cluster.redis.cli("PUBSUB", "NUMSUB", "tc:{lobby}:live").hasSuffix("1")
                }
                _ = try await run(cluster, "send", "lobby", "second")
                try await eventually("it is printed") { tail.output.contains("second") }
                // Stored, and told to nobody: as if the link had been cut for a moment.
                let newest = try await cluster.redis.cli("XREVRANGE", "tc:{lobby}:history", "+", "-", "COUNT", "1")
                    .split(separator: "\n").map(String.init)
                let unheard = try await cluster.redis.cli(
                    "XADD", "tc:{lobby}:history", "*", "m",
                    newest[2].replacingOccurrences(of: "second", with: "unheard"), "p", newest[0])
                try await cluster.redis.cli("SET", "tc:{lobby}:last", unheard)
                _ = try await run(cluster, "send", "lobby", "third")
                #expect(try await tail.exit(within: .seconds(10)) == .status(0), "\(tail.errors)")
                let bodies = try tail.output.split(separator: "\n").map {
                    try JSONDecoder().decode(WireEntry.self, from: Data($0.utf8)).body
                }
                #expect(bodies == ["second", "unheard", "third"])
            }
        }

        @Test func aTailWhoseSubscriptionWasCutMissesNothing() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let words = ["a0", "a1", "a2", "b0", "b1", "b2", "c"]
                let tail = try await cluster.start(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "tail", "lobby", "--json", "--count", "7"])
                let isHeard = {
                    try await cluster.redis.cli("PUBSUB", "NUMSUB", "tc:{lobby}:live").hasSuffix("1")
                }
                try await eventually("the tail listens", isHeard)
                for word in words.prefix(3) { _ = try await run(cluster, "send", "lobby", word) }
                try await eventually("it prints them") { tail.output.contains("a2") }
                try await cluster.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
                for word in words[3..<6] { _ = try await run(cluster, "send", "lobby", word) }
                try await eventually("the tail listens again", isHeard)
                _ = try await run(cluster, "send", "lobby", "c")
                #expect(try await tail.exit(within: .seconds(10)) == .status(0), "\(tail.errors)")
                let bodies = try tail.output.split(separator: "\n").map {
                    try JSONDecoder().decode(WireEntry.self, from: Data($0.utf8)).body
                }
                #expect(bodies == words)
            }
        }

        /// The server refuses new connections, so that the tail has no link when it is told to end.
        @Test func aTailThatEndsWithoutALinkReadsWhatItDidNotHear() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let tail = try await cluster.start(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "tail", "lobby", "--json"])
                try await eventually("the tail listens") {
                    try await cluster.redis.cli("PUBSUB", "NUMSUB", "tc:{lobby}:live").hasSuffix("1")
                }
                _ = try await run(cluster, "send", "lobby", "heard")
                try await eventually("it prints it") { tail.output.contains("heard") }
                // No subscription any more: each new one of the tail is refused, its commands are not.
                try await cluster.redis.cli("ACL", "SETUSER", "default", "resetchannels")
                try await cluster.redis.cli("CLIENT", "KILL", "TYPE", "pubsub")
                try await eventually("the tail has no link") { tail.errors.contains("link to Redis is down") }
                let newest = try await cluster.redis.cli("XREVRANGE", "tc:{lobby}:history", "+", "-", "COUNT", "1")
                    .split(separator: "\n").map(String.init)
                let unheard = try await cluster.redis.cli(
                    "XADD", "tc:{lobby}:history", "*", "m",
                    newest[2].replacingOccurrences(of: "\"heard", with: "\"unheard"), "p", newest[0])
                try await cluster.redis.cli("SET", "tc:{lobby}:last", unheard)
                tail.signal(SIGTERM)
                #expect(try await tail.exit(within: .seconds(10)) == .status(0), "\(tail.errors)")
                #expect(tail.output.contains("unheard"))
            }
        }

        @Test func aTailWithAGapEndsWithItsStatus() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                _ = try await run(cluster, "send", "lobby", "first")
                let tail = try await cluster.start(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "tail", "lobby", "--count", "1"])
                try await eventually("the tail listens") {
                    try await cluster.redis.cli("PUBSUB", "NUMSUB", "tc:{lobby}:live").hasSuffix("1")
                }
                try await cluster.redis.cli("DEL", "tc:{lobby}:history", "tc:{lobby}:last")
                _ = try await run(cluster, "send", "lobby", "of another history")
                #expect(try await tail.exit(within: .seconds(10)) == .status(5), "\(tail.errors)")
                #expect(tail.output.contains("of another history"))
            }
        }

        @Test func aTailWhoseReaderHasGoneEnds() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let pipe = try await shell(cluster, "$ctl tail lobby | head -1")
                try await eventually("the tail listens") {
                    try await cluster.redis.cli("PUBSUB", "NUMSUB", "tc:{lobby}:live").hasSuffix("1")
                }
                _ = try await run(cluster, "send", "lobby", "one")
                #expect(try await pipe.exit(within: .seconds(10)) == .status(0), "\(pipe.errors)")
                #expect(pipe.output.contains("one"))
            }
        }

        @Test func anOutputThatCannotBeWrittenIsAnError() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let full = try await shell(cluster, "$ctl history lobby --json > /dev/full")
                #expect(try await full.exit(within: .seconds(10)) == .status(1))
                #expect(full.errors.contains("stdout cannot be written"))
            }
        }

        @Test func aFrozenRedisIsUnavailable() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                cluster.redis.pause()
                let answer = try await run(cluster, "nodes")
                cluster.redis.resume()
                #expect(answer.exit == .status(3), "\(answer.errors)")
            }
        }

        @Test func aRefusedPasswordIsNamedAndNotShown() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let answer = try await cluster.run(
                    "termchat-ctl", ["nodes"],
                    environment: ["TERMCHAT_REDIS": "redis://:secret-word@127.0.0.1:\(cluster.redis.port)"])
                #expect(answer.exit == .status(3))
                #expect(answer.errors.contains("refused the user or the password"))
                #expect(!answer.errors.contains("secret-word"))
            }
        }

        @Test func aKickThatNobodyHeardIsNoSuccess() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                for command in ["kick", "announce"] {
                    let answer = try await run(cluster, command, "ann", "--yes")
                    #expect(answer.exit == .status(3), "\(answer.errors)")
                }
            }
        }

        @Test func wrongUsageIsADocumentToo() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                for words in [
                    ["history", "lobby", "--limit", "0", "--json"], ["--json", "dance"], ["tail", "--json"],
                ] {
                    let answer = try await cluster.run("termchat-ctl", words)
                    #expect(answer.exit == .status(2))
                    let failure = try JSONDecoder().decode(Failure.self, from: Data(answer.errors.utf8))
                    #expect(failure.error.code == "usage" && !failure.error.message.isEmpty)
                }
                let unknown = try await cluster.run("termchat-ctl", ["dance", "--json"])
                #expect(unknown.exit == .status(2))
                #expect(unknown.errors.contains("dance") && !unknown.errors.contains("--json"), "\(unknown.errors)")
            }
        }
    }
}
