import ChatTesting
import Foundation
import Testing

extension Scenarios {
    /// What the screen makes of terminals of all kinds.
    @Suite struct ScreenLevels {
        struct Level: CustomTestStringConvertible {
            var testDescription: String
            var environment: [String: String]
            /// The kinds of colour that the screen has.
            var kinds: Set<Kind>
        }

        enum Kind: Hashable { case sixteen, palette, truecolor }

        static let levels = [
            Level(
                testDescription: "NO_COLOR", environment: ["NO_COLOR": "1", "COLORTERM": "truecolor"], kinds: []),
            Level(testDescription: "16", environment: ["TERM": "xterm"], kinds: [.sixteen]),
            Level(testDescription: "256", environment: ["TERM": "xterm-256color"], kinds: [.palette]),
            Level(
                testDescription: "true colour", environment: ["TERM": "xterm-256color", "COLORTERM": "truecolor"],
                kinds: [.truecolor]),
        ]

        @Test func coloursAreThoseTheTerminalHas() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let folder = cluster.folder + "/.config/termchat"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data("theme = \"dark\"\n".utf8).write(to: URL(fileURLWithPath: folder + "/config.toml"))
                for level in Self.levels {
                    try await Self.terminal(cluster, level.environment) { screen in
                        try await screen.shows("#lobby ❯")
                        try await screen.shows(" ● ")
                        #expect(try await Self.kinds(of: screen.styledScreen()) == level.kinds, "\(level)")
                    }
                }
            }
        }

        @Test func withoutUTF8TheSignsAreASCII() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                try await Self.terminal(cluster, ["LANG": "C", "LC_ALL": "C"]) { screen in
                    try await screen.shows("#lobby >")
                    try await screen.shows(" * ")
                    #expect(try await screen.screen().joined().allSatisfy(\.isASCII))
                }
            }
        }

        /// Neither a cursor that moves nor another screen.
        @Test func whereNothingCanBeDrawnThereAreLines() async throws {
            try await TestCluster.with(nodes: ["edge-a"]) { cluster in
                let ways: [(environment: [String: String], tail: String)] = [
                    (["TERM": "dumb"], ""), (["TERM": ""], ""), ([:], " | cat"), ([:], " --plain"),
                ]
                for (number, way) in ways.enumerated() {
                    try await Self.terminal(cluster, way.environment, way.tail) { screen in
                        try await screen.shows("connected to")
                        #expect(try await screen.value("alternate_on") == "0", "\(way)")
                        try await screen.type("line \(number)")
                        try await screen.press("Enter")
                        try await screen.shows("ann  line \(number)")
                        try await screen.type("/quit")
                        try await screen.press("Enter")
                        try await screen.ends()
                    }
                }
            }
        }

        private static func terminal(
            _ cluster: TestCluster, _ environment: [String: String], _ tail: String = "",
            _ body: (TmuxSession) async throws -> Void
        ) async throws {
            let program = TmuxSession.quoted(try TestCluster.program("termchat"))
            let port = try cluster.edge("edge-a").port
            let command = "\(program) lobby --server ws://127.0.0.1:\(port) --user ann\(tail)"
            try await TmuxSession.with(command, folder: cluster.folder, environment: environment, body)
        }

        /// The kinds of colour in the sequences of a screen.
        private static func kinds(of text: String) -> Set<Kind> {
            var kinds: Set<Kind> = []
            for match in text.matches(of: /\u{1b}\[([0-9;]*)m/) {
                var codes = match.1.split(separator: ";").compactMap { Int($0) }[...]
                while let code = codes.popFirst() {
                    switch code {
                    case 30...37, 40...47, 90...97, 100...107: kinds.insert(.sixteen)
                    case 38, 48:
                        let isIndexed = codes.popFirst() == 5
                        kinds.insert(isIndexed ? .palette : .truecolor)
                        codes = codes.dropFirst(isIndexed ? 1 : 3)
                    default: break
                    }
                }
            }
            return kinds
        }
    }
}
