import ChatTesting
import Foundation
import Testing

extension Scenarios {
    /// `termchat-ctl` against a live cluster: the documents that scripts rely on.
    @Suite struct Control {
        struct Nodes: Decodable {
            struct Node: Decodable {
                var node: String
                var id: String
                var address: String
                var version: String
                var state: String
                var connections: Int
                var rooms: Int
                var messages_per_second: Double
                var started: Double
                var lag_ms: Double
            }
            var nodes: [Node]
        }
        struct Rooms: Decodable {
            struct Room: Decodable {
                var room: String
                var members: Int
                var nodes: Int
                var messages: Int
                var last_activity: UInt64
            }
            var rooms: [Room]
        }
        struct Members: Decodable {
            var room: String
            var count: Int
            var members: [WireFrame.Member]
        }
        struct History: Decodable {
            var room: String
            var messages: [WireEntry]
            var more: Bool
        }

        @Test func listsAreAsDocumented() async throws {
            try await TestCluster.with { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                _ = try await ann.join("lobby")
                _ = try await bob.join("lobby")
                for number in 1...3 { _ = try await ann.say("\(number)", in: "lobby") }

                try await eventually("both nodes to report their connection", within: .seconds(10)) {
                    let nodes = try await cluster.control("nodes", as: Nodes.self).nodes
                    return Set(nodes.map(\.node)) == ["edge-a", "edge-b"]
                        && nodes.allSatisfy { $0.state == "up" && $0.connections == 1 && $0.rooms == 1 }
                }
                let room = try #require(try await cluster.control("rooms", as: Rooms.self).rooms.first)
                #expect(room.room == "lobby")
                #expect(room.members == 2 && room.nodes == 2 && room.messages == 3)
                for command in ["members", "room"] {
                    let members = try await cluster.control(command, "lobby", as: Members.self)
                    #expect(members.count == 2)
                    #expect(Set(members.members.map(\.user)) == ["ann", "bob"])
                }
                let history = try await cluster.control("history", "lobby", as: History.self)
                #expect(history.messages.map(\.body) == ["1", "2", "3"])
                #expect(history.more == false)
                let overEdge = try await bob.history("lobby").messages
                #expect(history.messages == overEdge)
            }
        }

        @Test func whatItSendsArrivesAndTailShowsIt() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--sends-per-second", "1000"]) { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await ann.join("lobby")
                _ = try await ann.say("before", in: "lobby")
                let tail = try await cluster.start(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "tail", "lobby", "--json"])
                try await eventually("the tail to listen", within: .seconds(10)) {
                    _ = try await ann.say("now", in: "lobby")
                    return tail.output.contains("\"now\"")
                }
                let sent = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "send", "lobby", "from ctl", "--json"])
                #expect(sent.exit == .status(0), "\(sent.errors)")
                #expect(try await ann.expect("message") { $0.body == "from ctl" }.prev != nil)
                try await eventually("the tail to show it", within: .seconds(5)) {
                    tail.output.contains("\"from ctl\"")
                }
                for line in tail.output.split(separator: "\n") {
                    let entry = try JSONDecoder().decode(WireEntry.self, from: Data(line.utf8))
                    #expect(entry.id.contains("-"))
                }
            }
        }

        @Test func aKickedUserIsClosedEverywhere() async throws {
            try await TestCluster.with { cluster in
                let (watcher, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-a").port)
                _ = try await watcher.join("lobby")
                let (here, welcome) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (there, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-b").port)
                _ = try await here.join("lobby")
                _ = try await there.join("lobby")

                let asked = try await cluster.run("termchat-ctl", ["--redis", cluster.redis.unixURL, "kick", "ann"])
                #expect(asked.exit != .status(0), "without a terminal it needs --yes")
                let kicked = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "kick", "ann", "--yes"])
                #expect(kicked.exit == .status(0), "\(kicked.errors)")
                for client in [here, there] { #expect(try await client.ending().code == 4502) }
                var left: [WireFrame.Presence] = []
                while left.count < 2 {
                    left += try await watcher.expect("presence") { $0.left?.isEmpty == false }.left ?? []
                }
                #expect(left.map(\.reason) == ["kicked", "kicked"])
                let (_, again) = try await WireClient.signIn(
                    "ann", port: cluster.edge("edge-a").port, resume: welcome.resume)
                #expect(again.resumed == false)
            }
        }

        @Test func anAnnouncementReachesEveryone() async throws {
            try await TestCluster.with { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                let said = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "announce", "Tea at four", "--yes"])
                #expect(said.exit == .status(0), "\(said.errors)")
                for client in [ann, bob] {
                    let notice = try await client.expect("notice")
                    #expect(notice.code == "announcement")
                    #expect(notice.text == "Tea at four")
                }
            }
        }

        @Test func errorsAreSaidOnStderrWithTheirStatus() async throws {
            try await TestCluster.with(nodes: []) { cluster in
                let away = try await cluster.run(
                    "termchat-ctl", ["--redis", "unix:///nowhere.sock", "--json", "nodes"])
                #expect(away.exit == .status(3), "\(away.errors)")
                #expect(away.output.isEmpty)
                struct Failure: Decodable {
                    struct Detail: Decodable { var code: String; var message: String }
                    var error: Detail
                }
                let failure = try JSONDecoder().decode(Failure.self, from: Data(away.errors.utf8))
                #expect(!failure.error.message.isEmpty)
                #expect(try await cluster.run("termchat-ctl", ["dance"]).exit == .status(2))
            }
        }
    }
}

extension TestCluster {
    /// Runs a command of `termchat-ctl --json` and reads its one document.
    func control<Document: Decodable>(_ words: String..., as type: Document.Type) async throws -> Document {
        let answer = try await run("termchat-ctl", ["--redis", redis.unixURL] + words + ["--json"])
        try require(answer.exit == .status(0), "termchat-ctl \(words): \(answer.exit) \(answer.errors)")
        return try JSONDecoder().decode(type, from: Data(answer.output.utf8))
    }
}
