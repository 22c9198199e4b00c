import ChatTesting
import Foundation
import Testing

extension Scenarios {
    /// The full screen as people use it: in a terminal, with keys.
    @Suite struct FullScreens {
        @Test func twoPeopleOnTwoEdgesTalk() async throws {
            try await TestCluster.with { cluster in
                try await Self.pair(cluster) { ann, bob in
                    try await ann.type("hello bob")
                    try await ann.press("Enter")
                    try await bob.shows("hello bob")
                    // Stored, and seen to be.
                    try await eventually("ann's line to be marked as stored") {
                        try await ann.screen().contains { $0.contains("hello bob") && $0.contains("✓") }
                    }
                    try await bob.type("@ann 了解です 👍🏽 👨‍👩‍👧‍👦 e\u{301} 🇯🇵")
                    try await bob.press("Enter")
                    try await eventually("ann to see who is meant") {
                        try await ann.screen().contains { $0.contains("@ann 了解です") && $0.contains("│@") }
                    }
                    try await ann.type("two")
                    try await ann.press("M-Enter")
                    try await ann.type("lines")
                    try await ann.press("Enter")
                    try await bob.shows("lines")
                    try await ann.type("/me waves")
                    try await ann.press("Enter")
                    try await bob.shows("ann waves")
                    try await bob.type("/topic ship it")
                    try await bob.press("Enter")
                    try await ann.shows("ship it")
                }
            }
        }

        @Test func aLongPasteIsAskedAbout() async throws {
            try await TestCluster.with { cluster in
                try await Self.pair(cluster) { ann, bob in
                    let lines = (1...30).map { "pasted \($0)" }.joined(separator: "\n")
                    try await ann.paste(lines)
                    try await ann.shows("30 lines")
                    #expect(try await !bob.screen().contains { $0.contains("pasted") })
                    try await ann.press("s")
                    try await bob.shows("pasted 30")
                    try await ann.paste("just one line")
                    try await ann.shows("just one line")
                    #expect(try await !bob.screen().contains { $0.contains("just one") })
                }
            }
        }

        @Test func anySizeWillDo() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    try await ann.type("a line to find again")
                    try await ann.press("Enter")
                    try await ann.shows("✓")
                    for (columns, rows) in [(1, 1), (2, 3), (10, 4), (60, 12), (200, 50), (80, 24), (1, 1), (100, 30)] {
                        try await ann.resize(columns: columns, rows: rows)
                    }
                    try await ann.shows("a line to find again")
                    try await ann.shows("IN ROOM")
                    try await ann.resize(columns: 60, rows: 12)
                    try await ann.hides("IN ROOM")
                    try await ann.type("still here")
                    try await ann.press("Enter")
                    try await ann.shows("still here")
                    #expect(try await ann.value("pane_dead") == "0")
                }
            }
        }

        @Test func aKilledEdgeIsCountedDownAndCaughtUpWith() async throws {
            try await TestCluster.with { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.pair(cluster) { ann, bob in
                    try await ann.type("before")
                    try await ann.press("Enter")
                    try await bob.shows("before")
                    try await edge.kill9()
                    try await ann.shows("reconnecting in")
                    try await ann.shows("connection lost")
                    try await ann.type("written meanwhile")
                    try await ann.press("Enter")
                    try await eventually("the line to wait") {
                        try await ann.screen().contains { $0.contains("written meanwhile") && $0.contains("…") }
                    }
                    try await ann.shows("1 unsent")
                    try await bob.type("said meanwhile")
                    try await bob.press("Enter")
                    try await bob.shows("✓")
                    let back = try await cluster.startEdge("edge-a", flags: ["--listen", "127.0.0.1:\(edge.port)"])
                    try await back.waitUntilReady()
                    try await ann.shows("said meanwhile")
                    try await ann.shows("caught up")
                    try await bob.shows("written meanwhile")
                    try await eventually("the line to be stored") {
                        try await ann.screen().contains { $0.contains("written meanwhile") && $0.contains("✓") }
                    }
                    #expect(try await bob.screen().count { $0.contains("written meanwhile") } == 1)
                }
            }
        }

        /// More was said than the server keeps: what is between stands as a gap, neither left out nor waited for.
        @Test func whatIsNoLongerKeptIsDrawnAsAGap() async throws {
            let flags = ["--sends-per-second", "10000", "--history-entries", "100"]
            try await TestCluster.with(flags: flags) { cluster in
                let edge = try cluster.edge("edge-a")
                let (speaker, _) = try await WireClient.signIn("speaker", port: cluster.edge("edge-b").port)
                _ = try await speaker.join("lobby")
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    _ = try await speaker.say("the last before", in: "lobby")
                    try await ann.shows("the last before")
                    try await edge.kill9()
                    try await ann.shows("reconnecting in")
                    _ = try await speaker.say("never to be read", in: "lobby")
                    for number in 0..<600 { try speaker.post("\(number) meanwhile", in: "lobby", key: "k\(number)") }
                    _ = try await speaker.answer(to: "k599")
                    let back = try await cluster.startEdge("edge-a", flags: ["--listen", "127.0.0.1:\(edge.port)"])
                    try await back.waitUntilReady()
                    try await ann.shows("599 meanwhile")
                    try await ann.press("M-Home")
                    try await ann.shows("messages no longer kept")
                    let log = try await ann.screen().joined(separator: "\n")
                    let lines = log.firstMatch(
                        of:
                            /the last before[^│]*│[\s\S]*── gap \d\d:\d\d–\d\d:\d\d: messages no longer kept ──[\s\S]* meanwhile/
                    )
                    #expect(lines != nil, "\(log)")
                    #expect(!log.contains("never to be read"))
                    // What comes then goes on behind it.
                    _ = try await speaker.say("and after", in: "lobby")
                    try await ann.press("M-End")
                    try await ann.shows("and after")
                }
            }
        }

        @Test func whatWasTypedOutlivesTheClient() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    try await edge.kill9()
                    try await ann.shows("reconnecting in")
                    for line in ["first unsent", "second unsent"] {
                        try await ann.type(line)
                        try await ann.press("Enter")
                    }
                    try await ann.shows("2 unsent")
                    try await ann.type("a draft")
                    try await ann.shows("a draft")
                    let outbox = "\(cluster.folder)/.local/state/termchat/outbox/ann@127.0.0.1_\(edge.port)"
                    try await eventually("both lines to be on disk") {
                        let content = FileManager.default.contents(atPath: outbox) ?? Data()
                        return String(decoding: content, as: UTF8.self).contains("second unsent")
                    }
                    let pid = try #require(pid_t(try await ann.value("pane_pid")))
                    kill(pid, SIGKILL)
                    try await ann.ends()
                }
                let back = try await cluster.startEdge("edge-a", flags: ["--listen", "127.0.0.1:\(edge.port)"])
                try await back.waitUntilReady()
                for _ in 1...2 {
                    try await Self.terminal(cluster, "ann", edge.port) { ann in
                        try await ann.shows("second unsent")
                        try await ann.hides("…")
                    }
                }
                let (watcher, _) = try await WireClient.signIn("watcher", port: edge.port)
                _ = try await watcher.join("lobby")
                let stored = try await watcher.history("lobby").messages ?? []
                #expect(stored.compactMap(\.body) == ["first unsent", "second unsent"])
            }
        }

        @Test func theRoomsOneWasInComeBack() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    for line in ["/join dev", "/join ops", "/leave lobby", "/join dev"] {
                        try await ann.type(line)
                        try await ann.press("Enter")
                    }
                    try await ann.shows("#dev ❯")
                    let kept = "\(cluster.folder)/.local/state/termchat/rooms/ann@127.0.0.1_\(edge.port).json"
                    try await eventually("the rooms to be on disk") {
                        let content = String(
                            decoding: FileManager.default.contents(atPath: kept) ?? Data(), as: UTF8.self)
                        return content.contains(/"shown" : "dev"/)
                    }
                    let pid = try #require(pid_t(try await ann.value("pane_pid")))
                    kill(pid, SIGKILL)
                    try await ann.ends()
                }
                try await Self.terminal(cluster, "ann", edge.port, room: nil, shows: "#dev") { ann in
                    try await ann.shows("#ops")
                    #expect(try await !ann.screen().contains { $0.contains("#lobby") })
                }
                try await Self.terminal(cluster, "ann", edge.port, room: "news") { ann in
                    let rooms = try await ann.screen().compactMap { $0.firstMatch(of: #/^[▌ ] \#([a-z]+) /#)?.1 }
                    #expect(rooms == ["news", "dev", "ops"])
                }
            }
        }

        @Test func whatIsTypedAroundANewNameGoesWithIt() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let edge = try cluster.edge("edge-a")
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    try await ann.type("/join dev")
                    try await ann.press("Enter")
                    try await ann.shows("#dev ❯")
                    try await ann.type("for dev")
                    try await ann.press("M-1")
                    try await ann.shows("#lobby ❯")
                    // In one burst, as somebody in a hurry types.
                    try await ann.type("/nick zoe\rtyped at once")
                    // In the pane of members: the server has let the name in.
                    try await ann.shows("● zoe")
                    try await ann.shows("#lobby ❯ typed at once")
                    try await ann.press("Enter")
                    try await ann.shows("✓")
                    try await ann.press("M-2")
                    try await ann.shows("#dev ❯ for dev")
                }
                let (watcher, _) = try await WireClient.signIn("watcher", port: edge.port)
                _ = try await watcher.join("lobby")
                let stored = try await watcher.history("lobby").messages ?? []
                #expect(stored.map(\.user) == ["zoe"])
                #expect(stored.map(\.body) == ["typed at once"])
            }
        }

        @Test func directMessagesReachTheOtherWhereverTheyAre() async throws {
            try await TestCluster.with { cluster in
                try await Self.pair(cluster) { ann, bob in
                    try await ann.type("/msg bob psst")
                    try await ann.press("Enter")
                    try await ann.shows("psst")
                    try await bob.shows("1 room @")
                    try await bob.press("M-a")
                    try await bob.shows("psst")
                }
            }
        }

        @Test func theServersHistoryIsSearched() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: ["--sends-per-second", "10000"]) { cluster in
                let edge = try cluster.edge("edge-a")
                let speaker = Talker(user: "speaker", room: "lobby")
                try await speaker.connect(port: edge.port)
                let (finder, _) = try await WireClient.signIn("finder", port: edge.port)
                _ = try await finder.join("lobby")
                _ = try await finder.say("the Needle in it", in: "lobby")
                try await speaker.talk(messages: 500)
                try await Self.terminal(cluster, "ann", edge.port) { ann in
                    #expect(try await !ann.screen().contains { $0.contains("Needle") })
                    try await ann.press("C-s")
                    try await ann.type("needle")
                    try await ann.shows("the Needle in it")
                    try await ann.press("Enter")
                    try await ann.hides("Search")
                    try await ann.shows("the Needle in it")
                }
            }
        }

        @Test func aFileGoesWithABarAndComesBack() async throws {
            try await TestCluster.with { cluster in
                let proxy = try await cluster.startHAProxy(before: [cluster.startUpload()])
                let path = cluster.folder + "/large.bin"
                try Data("begin".utf8).write(to: URL(filePath: path))
                let file = try FileHandle(forWritingTo: URL(filePath: path))
                // Mostly a hole, so that it is quickly made; long enough to be met on its way.
                try file.truncate(atOffset: 512 << 20)
                try file.close()
                let downloads = cluster.folder + "/downloads"
                try FileManager.default.createDirectory(atPath: downloads, withIntermediateDirectories: true)
                try await Self.terminal(cluster, "ann", proxy.port) { ann in
                    try await ann.type("/upload \(path)")
                    try await ann.press("Enter")
                    var shown: Set<String> = []
                    try await eventually("the bar to move", within: .seconds(60)) {
                        let bars = try await ann.screen().filter { $0.contains("↑ large.bin") && $0.contains("%") }
                        shown.formUnion(bars.compactMap { $0.firstMatch(of: /[0-9]+%/).map { String($0.0) } })
                        return shown.count >= 3
                    }
                    try await ann.shows("▤ large.bin", within: .seconds(60))
                    try await Self.terminal(cluster, "bob", proxy.port, folder: downloads) { bob in
                        try await bob.shows("▤ large.bin")
                        try await bob.type("/get large.bin")
                        try await bob.press("Enter")
                        try await eventually("the file to be there", within: .seconds(60)) {
                            FileManager.default.fileExists(atPath: downloads + "/large.bin")
                        }
                    }
                }
                let sizes = try [path, downloads + "/large.bin"].map {
                    try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int
                }
                #expect(sizes[0] == sizes[1])
            }
        }

        /// `chafa` draws it, here one that always draws the same.
        @Test func aPictureIsShownInTheLog() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let programs = cluster.folder + "/bin"
                try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
                let chafa = """
                    #!/bin/sh
                    for file; do :; done
                    [ "$(cat "$file")" = "a picture" ] && printf '\\033[0m\\033[38;5;9mred \\033[48;5;4mblue\\033[0m\\n<end>\\n'
                    """
                try Data(chafa.utf8).write(to: URL(filePath: programs + "/chafa"))
                chmod(programs + "/chafa", 0o700)
                let path = cluster.folder + "/p.png"
                try Data("a picture".utf8).write(to: URL(filePath: path))
                let downloads = cluster.folder + "/downloads"
                try FileManager.default.createDirectory(atPath: downloads, withIntermediateDirectories: true)
                let proxy = try await cluster.startHAProxy(before: [cluster.startUpload()])
                let environment = ["PATH": programs + ":/usr/bin:/bin"]
                try await Self.terminal(
                    cluster, "ann", proxy.port, environment: environment, folder: downloads
                ) { ann in
                    try await ann.type("/upload \(path)")
                    try await ann.press("Enter")
                    try await ann.shows("▤ p.png")
                    try await ann.type("/open p.png")
                    try await ann.press("Enter")
                    try await ann.shows("red blue")
                    try await ann.shows("<end>")
                    let styled = try await ann.styledScreen()
                    #expect(styled.contains("\u{1b}[91mred") || styled.contains("38;5;9mred"), "\(styled)")
                }
            }
        }

        // MARK: People at terminals

        /// Ann at edge-a and bob at edge-b, both in the lobby, each in the other's list.
        private static func pair(
            _ cluster: TestCluster, _ body: (TmuxSession, TmuxSession) async throws -> Void
        ) async throws {
            let (first, second) = try (cluster.edge("edge-a").port, cluster.edge("edge-b").port)
            try await terminal(cluster, "ann", first) { ann in
                try await terminal(cluster, "bob", second) { bob in
                    try await ann.shows("bob")
                    try await body(ann, bob)
                }
            }
        }

        static func terminal(
            _ cluster: TestCluster, _ user: String, _ port: Int, room: String? = "lobby", shows shown: String? = nil,
            columns: Int = 100, rows: Int = 30, environment: [String: String] = [:], folder: String? = nil,
            _ body: (TmuxSession) async throws -> Void
        ) async throws {
            let program = TmuxSession.quoted(try TestCluster.program("termchat"))
            let place = TmuxSession.quoted(folder ?? cluster.folder)
            let command = "cd \(place) && exec \(program) \(room ?? "") --server ws://127.0.0.1:\(port) --user \(user)"
            try await TmuxSession.with(
                command, folder: cluster.folder, columns: columns, rows: rows, environment: environment
            ) { session in
                try await session.shows("\(shown ?? "#\(room ?? "lobby")") ❯")
                try await session.shows(" ● ")
                try await body(session)
            }
        }
    }
}
