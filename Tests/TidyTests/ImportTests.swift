import Testing

/// The arrows between the modules (docs/architecture.md): who may import whom.
@Suite struct ImportTests {
    /// What each module may import of ours. A new module gets its row here and its line in docs/architecture.md.
    static let arrows: [String: Set<String>] = [
        "ChatWire": [],
        "TerminalUI": [],
        "ServerKit": [],
        "WebSocketServer": [],
        "HiredisClient": ["CHiredis"],
        "ChatIdentity": ["ChatWire"],
        "ChatBroker": ["ChatWire"],
        "ChatCore": ["ChatBroker", "ChatWire"],
        "ChatBrokerRedis": ["ChatBroker", "ChatWire", "HiredisClient"],
        "ChatClient": ["ChatWire", "TerminalUI"],
        "ChatControl": ["ChatBroker", "ChatIdentity", "ChatWire", "ServerKit"],
        "ChatEdge": ["ChatBroker", "ChatCore", "ChatIdentity", "ChatWire", "ServerKit", "WebSocketServer"],
        "ChatProcess": ["ChatBroker", "ChatBrokerRedis", "ChatIdentity", "ChatWire", "HiredisClient", "ServerKit"],
        "ChatUpload": ["ChatBroker", "ChatIdentity", "ChatWire", "ServerKit", "WebSocketServer"],
    ]

    /// What a program may not import: what is behind its module, and the other side of the wire.
    static let serverSide: Set<String> = [
        "ChatBroker", "ChatBrokerRedis", "ChatControl", "ChatCore", "ChatEdge", "ChatIdentity", "ChatProcess",
        "ChatUpload", "CHiredis", "HiredisClient", "ServerKit", "WebSocketServer",
    ]

    @Test func arrowsGoDownOnly() {
        let ours = Set(Tree.sources.map(\.module)).union(["CHiredis"])
        for file in Tree.sources where !file.isOfProgram {
            guard let allowed = Self.arrows[file.module] else {
                Issue.record("the module \(file.module) has no row in the table of arrows")
                continue
            }
            let wrong = file.imports.intersection(ours).subtracting(allowed).subtracting([file.module])
            #expect(wrong.isEmpty, "\(file.path) imports \(wrong.sorted().joined(separator: ", "))")
        }
    }

    @Test func onlyHiredisClientKnowsHiredis() {
        for file in Tree.sources + Tree.tests where file.module != "HiredisClient" {
            #expect(!file.imports.contains("CHiredis"), "\(file.path) imports CHiredis")
        }
    }

    @Test func theClientsProgramKnowsNoServer() {
        for file in Tree.sources where file.module == "termchat" {
            let wrong = file.imports.intersection(Self.serverSide)
            #expect(wrong.isEmpty, "\(file.path) imports \(wrong.sorted().joined(separator: ", "))")
        }
    }

    /// Decisions are made in values: a clock is read and a socket written by the drivers.
    @Test(arguments: ["ChatWire", "ChatCore", "TerminalUI"]) func pureModulesDoNoInput(module: String) {
        for file in Tree.sources where file.module == module {
            var drivers: Set<String> = ["NIOPosix", "Logging", "Dispatch", "Foundation"]
            // Names are normalised to NFC, which the standard library does not offer.
            if module == "ChatWire" { drivers.remove("Foundation") }
            let wrong = file.imports.intersection(drivers)
            #expect(wrong.isEmpty, "\(file.path) imports \(wrong.sorted().joined(separator: ", "))")
            #expect(!file.text.contains(".now()"), "\(file.path) reads a clock")
        }
    }
}

extension Tree.File {
    /// Programs are named as they are called, modules begin with a capital.
    fileprivate var isOfProgram: Bool { module.first?.isLowercase == true }

    fileprivate var imports: Set<String> {
        Set(
            text.captures(
                /(?m)^(?:@\w+(?:\([^)]*\))? +)*(?:(?:public|package|internal|private|fileprivate) +)?import +(?:(?:struct|class|enum|func|protocol|typealias|var|let) +)?(\w+)/
            ))
    }
}
