import ChatTesting
import Foundation
import Testing

extension Scenarios {
    /// The terminal belongs to the shell again, as it was, however the full screen ends or is put aside.
    @Suite struct SaneTerminals {
        /// How a chat ends, and the status that the shell sees.
        struct Way: CustomTestStringConvertible {
            var testDescription: String
            var status: Int32
            var leave: @Sendable (TmuxSession, pid_t, TestCluster) async throws -> Void

            init(
                _ name: String, _ status: Int32,
                _ leave: @escaping @Sendable (TmuxSession, pid_t, TestCluster) async throws -> Void
            ) {
                testDescription = name
                self.status = status
                self.leave = leave
            }

            static func signal(_ name: String, _ number: Int32, status: Int32) -> Way {
                Way(name, status) { _, pid, _ in kill(pid, number) }
            }
        }

        static let ways: [Way] = [
            Way("/quit", 0) { screen, _, _ in
                try await screen.type("/quit")
                try await screen.press("Enter")
            },
            Way("Ctrl-C twice", 0) { screen, _, _ in try await screen.press("C-c", "C-c") },
            Way("kicked", 4) { _, _, cluster in
                let kick = try await cluster.run(
                    "termchat-ctl", ["--redis", cluster.redis.unixURL, "kick", "ann", "--yes"])
                try require(kick.exit == .status(0), kick.errors)
            },
            .signal("SIGTERM", SIGTERM, status: 0), .signal("SIGHUP", SIGHUP, status: 0),
            .signal("SIGINT", SIGINT, status: 0), .signal("SIGQUIT", SIGQUIT, status: 128 + SIGQUIT),
            .signal("SIGSEGV", SIGSEGV, status: 128 + SIGSEGV), .signal("SIGABRT", SIGABRT, status: 128 + SIGABRT),
            Way("stopped and killed", 0) { screen, pid, _ in
                for number in [SIGSTOP, SIGTERM, SIGCONT] { kill(pid, number) }
            },
        ]

        @Test func howeverTheChatEnds() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try Self.wantMouse(cluster)
                for way in Self.ways {
                    try await Self.beside(cluster) { screen, pid in
                        try await way.leave(screen, pid, cluster)
                        try await Self.expectSane(screen, cluster, way)
                    }
                }
            }
        }

        /// The edge does not answer, so leaving waits for the message's acknowledgement: a second signal does not.
        @Test func theSecondSignalEndsAtOnce() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try Self.wantMouse(cluster)
                let edge = try cluster.edge("edge-a")
                try await Self.beside(cluster) { screen, pid in
                    edge.process.signal(SIGSTOP)
                    defer { edge.process.signal(SIGCONT) }
                    try await screen.type("not answered")
                    try await screen.press("Enter")
                    try await eventually("the line to wait") {
                        try await screen.screen().contains { $0.contains("not answered") && $0.contains("…") }
                    }
                    kill(pid, SIGTERM)
                    kill(pid, SIGHUP)
                    let way = Way("two signals", 128 + SIGHUP) { _, _, _ in }
                    try await Self.expectSane(screen, cluster, way, orStatus: 128 + SIGTERM)
                }
            }
        }

        @Test func ctrlZGivesTheShellItsTerminalAndFgTakesItAgain() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try await Self.inAShell(cluster) { screen in
                    try await screen.press("C-z")
                    try await Self.expectPrompt(screen, cluster)
                    // In the background it must not draw over the shell, nor take its keys: it stops again.
                    try await screen.type("bg")
                    try await screen.press("Enter")
                    try await Self.expectPrompt(screen, cluster)
                    try await screen.type("fg")
                    try await screen.press("Enter")
                    try await screen.shows("#lobby ❯")
                    #expect(try await screen.value("alternate_on") == "1")
                    try await screen.type("said after fg")
                    try await screen.press("Enter")
                    try await screen.shows("✓")
                    // Ended while it is stopped.
                    try await screen.press("C-z")
                    try await Self.expectPrompt(screen, cluster)
                    try await screen.type("kill %1; wait; echo ended")
                    try await screen.press("Enter")
                    try await eventually("the job to end") { try await screen.screen().contains("ended") }
                    try await Self.expectPrompt(screen, cluster)
                }
            }
        }

        /// Where no shell waits, nobody could continue it.
        @Test func ctrlZWithoutAShellStopsNothing() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try await Self.beside(cluster) { screen, _ in
                    try await screen.press("C-z")
                    try await screen.type("still here")
                    // In the input line: what the shell's modes echo meanwhile is none.
                    try await screen.shows("❯ still here")
                    try await screen.press("Enter")
                    try await screen.shows("✓")
                    #expect(try await screen.value("alternate_on") == "1")
                }
            }
        }

        /// The shell shows what is typed into it, and the prompt does not, also when it comes back.
        @Test func ctrlZAtAHiddenPromptGivesTheShellItsTerminal() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let environment = ["PS1": "shell> "]
                try await TmuxSession.with("exec sh -i", folder: cluster.folder, environment: environment) { screen in
                    try await screen.shows("shell>")
                    let program = TmuxSession.quoted(try TestCluster.program("termchat"))
                    let login = "\(program) login --server ws://127.0.0.1:\(try cluster.edge("edge-a").port)"
                    try await Self.stopHidden("stty -a > \(cluster.folder)/before; clear; \(login)", screen, cluster)
                    try await screen.type("bg")
                    try await screen.press("Enter")
                    try await Self.expectPrompt(screen, cluster)
                    try await screen.type("fg")
                    try await screen.press("Enter")
                    try await Self.hidesTyping(screen, cluster)
                    try await screen.type("my-secret")
                    try await screen.press("Enter")
                    try await screen.shows("termchat: ")
                    #expect(try await !screen.screen().contains { $0.contains("my-secret") })
                    try await Self.expectPrompt(screen, cluster)
                    // A job that is ended where it was stopped asks nobody for the terminal.
                    try await Self.stopHidden("clear; \(login)", screen, cluster)
                    try await screen.type("kill %1; kill -CONT %1; wait; echo the job''s over")
                    try await screen.press("Enter")
                    try await screen.shows("the jobs over")
                }
            }
        }

        /// Starts a login and stops it at its prompt; the shell has its terminal then.
        private static func stopHidden(_ command: String, _ screen: TmuxSession, _ cluster: TestCluster) async throws {
            try await screen.type(command)
            try await screen.press("Enter")
            try await screen.shows("Token for")
            try await hidesTyping(screen, cluster)
            try await screen.press("C-z")
            try await expectPrompt(screen, cluster)
        }

        private static func hidesTyping(_ screen: TmuxSession, _ cluster: TestCluster) async throws {
            let terminal = try await screen.value("pane_tty")
            try await eventually("what is typed to be hidden") {
                let modes = try await ChildProcess.run(
                    "/usr/bin/stty", ["-a", "-F", terminal], folder: cluster.folder)
                return modes.output.contains(" -echo ")
            }
        }

        @Test func aFrozenChatGoesOnWithTheSizeOfNow() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try await Self.beside(cluster) { screen, pid in
                    kill(pid, SIGSTOP)
                    try await screen.resize(columns: 60, rows: 12)
                    kill(pid, SIGCONT)
                    try await screen.hides("IN ROOM")
                    try await screen.type("after the frost")
                    try await screen.press("Enter")
                    try await screen.shows("✓")
                }
            }
        }

        @Test func theEditorHasTheTerminalAndGivesItBack() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                // An editor that takes lines from the terminal until a dot, and does not mind an interrupt.
                let editor = "\(cluster.folder)/editor"
                let script = """
                    #!/bin/sh
                    trap '' INT
                    echo "editing $1"
                    while read -r line; do
                        [ "$line" = . ] && exit 0
                        echo "$line" > "$1"
                    done
                    """
                try Data(script.utf8).write(to: URL(fileURLWithPath: editor))
                chmod(editor, 0o700)
                try await Self.inAShell(cluster, environment: ["EDITOR": editor]) { screen in
                    try await screen.press("C-x", "e")
                    try await screen.shows("editing /")
                    #expect(try await screen.value("alternate_on") == "0")
                    // What is meant for the editor ends nothing else.
                    try await screen.press("C-c")
                    try await screen.shows("^C")
                    try await screen.press("C-z")
                    try await Self.expectPrompt(screen, cluster)
                    try await screen.type("fg")
                    try await screen.press("Enter")
                    try await screen.type("from the editor")
                    try await screen.press("Enter")
                    try await screen.type(".")
                    try await screen.press("Enter")
                    try await screen.shows("#lobby ❯ from the editor")
                    #expect(try await screen.value("alternate_on") == "1")
                }
            }
        }

        /// The terminal hangs up; with `trap` the chat only sees that it is gone.
        @Test(arguments: ["", "trap '' HUP; "]) func aClosedWindowEndsTheChat(_ before: String) async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let port = try cluster.edge("edge-a").port
                let (watcher, _) = try await WireClient.signIn("watcher", port: port)
                _ = try await watcher.join("lobby")
                let command = before + "exec " + (try Self.chat(port))
                try await TmuxSession.with(command, folder: cluster.folder) { screen in
                    try await screen.shows("#lobby ❯")
                    let pid = try #require(pid_t(try await screen.value("pane_pid")))
                    #expect(try await watcher.expect("presence").joined?.first?.user == "ann")
                    try await screen.close()
                    #expect(try await watcher.expect("presence").left?.first?.reason == "left")
                    try await eventually("the program to end") { Self.hasEnded(pid) }
                }
            }
        }

        // MARK: Chats in shells

        private static func chat(_ port: Int) throws -> String {
            "\(TmuxSession.quoted(try TestCluster.program("termchat"))) lobby --server ws://127.0.0.1:\(port) --user ann"
        }

        private static func wantMouse(_ cluster: TestCluster) throws {
            let folder = cluster.folder + "/.config/termchat"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("mouse = true\n".utf8).write(to: URL(fileURLWithPath: folder + "/config.toml"))
        }

        /// A chat that a script has started, which looks at the terminal before and after.
        private static func beside(
            _ cluster: TestCluster, _ body: (TmuxSession, pid_t) async throws -> Void
        ) async throws {
            let folder = cluster.folder
            for name in ["before", "after"] { unlink("\(folder)/\(name)") }
            let script = try """
            stty -a > \(folder)/before; \(chat(cluster.edge("edge-a").port)); echo "status $?"
            stty -a > \(folder)/after; echo over; exec cat
            """
            let quiet = ["SWIFT_BACKTRACE": "enable=no"]
            try await TmuxSession.with(script, folder: folder, environment: quiet) { screen in
                try await screen.shows("#lobby ❯")
                try await screen.shows(" ● ")
                let shell = try await screen.value("pane_pid")
                let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
                let pid = try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
                try await body(screen, pid)
            }
        }

        private static func expectSane(
            _ screen: TmuxSession, _ cluster: TestCluster, _ way: Way, orStatus other: Int32? = nil
        ) async throws {
            let name = way.testDescription
            try await screen.shows("over")
            let texts = try await screen.screen()
            #expect(
                texts.contains("status \(way.status)") || other.map { texts.contains("status \($0)") } ?? false,
                "\(name): \(texts)")
            try await expectPlain(screen, name)
            let (before, after) = try (modes("before", cluster), modes("after", cluster))
            #expect(!before.isEmpty && before == after, "\(name)")
        }

        /// No alternate screen, no mouse, a cursor, lines that wrap, and no brackets around a paste.
        private static func expectPlain(_ screen: TmuxSession, _ name: String) async throws {
            let flags = ["alternate_on", "mouse_any_flag", "mouse_sgr_flag", "cursor_flag", "wrap_flag"]
            var values: [String] = []
            for flag in flags { values.append(try await screen.value(flag)) }
            #expect(values == ["0", "0", "0", "1", "1"], "\(name)")
            try await screen.paste("pasted\n")
            try await screen.shows("pasted")
            #expect(try await !screen.screen().contains { $0.contains("200~") }, "\(name)")
        }

        private static func modes(_ file: String, _ cluster: TestCluster) throws -> String {
            try String(contentsOfFile: "\(cluster.folder)/\(file)", encoding: .utf8)
        }

        /// A chat that an interactive shell with jobs has started.
        private static func inAShell(
            _ cluster: TestCluster, environment: [String: String] = [:], _ body: (TmuxSession) async throws -> Void
        ) async throws {
            let environment = environment.merging(["PS1": "shell> "]) { mine, _ in mine }
            try await TmuxSession.with("exec sh -i", folder: cluster.folder, environment: environment) { screen in
                try await screen.shows("shell>")
                let chat = try chat(cluster.edge("edge-a").port)
                try await screen.type("stty -a > \(cluster.folder)/before; clear; \(chat)")
                try await screen.press("Enter")
                try await screen.shows("#lobby ❯")
                try await screen.shows(" ● ")
                try await body(screen)
            }
        }

        /// The shell has the terminal, and it is as it was.
        private static func expectPrompt(_ screen: TmuxSession, _ cluster: TestCluster) async throws {
            let mark = "same-\(UInt32.random(in: .min ... .max))"
            try await eventually("the main screen") { try await screen.value("alternate_on") == "0" }
            try await screen.shows("shell>")
            try await screen.type("clear; stty -a | cmp - \(cluster.folder)/before && echo \(mark)")
            try await screen.press("Enter")
            try await eventually("the modes of before") { try await screen.screen().contains(mark) }
            #expect(try await screen.value("alternate_on") == "0")
            #expect(try await screen.value("cursor_flag") == "1")
        }

        /// Gone, or only waiting for its parent to ask.
        private static func hasEnded(_ pid: pid_t) -> Bool {
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
            return status.split(separator: " ").dropFirst(2).first == "Z"
        }
    }
}
