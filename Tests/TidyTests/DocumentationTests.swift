import ChatWire
import Testing

/// What the code can say, need or count is in the page that promises to list it.
@Suite struct DocumentationTests {
    @Test func everyFrameIsInTheProtocolPage() throws {
        let entries = Entry.Kind.allCases.map(\.frameType)
        let types = try ["ClientFrame", "ServerFrame"].flatMap { type in
            let text = try #require(Tree.text(of: "Sources/ChatWire/\(type).swift"))
            // The frames are the cases of the outer enum: indented once.
            return text.captures(/\n {4}case (\w+)/).flatMap { $0 == "entry" ? entries : [$0] }
        }
        try Document("docs/protocol.md").expectHeadings(types)
    }

    @Test func everyErrorCodeIsInTheProtocolPage() throws {
        try Document("docs/protocol.md").expectRows(ErrorCode.allCases.map(\.rawValue))
    }

    @Test func everyCloseCodeIsInTheProtocolPage() throws {
        let text = try #require(Tree.text(of: "Sources/ChatWire/ErrorCode.swift"))
        try Document("docs/protocol.md").expectRows(text.captures(/CloseCode\(rawValue: (\d+)\)/))
    }

    @Test func everyRedisKeyIsInTheKeyspacePage() throws {
        let text = try #require(Tree.text(of: "Sources/ChatBrokerRedis/Keyspace.swift"))
        let keys = text.captures(/"(\\\(prefix\):[^"]+)"/).map { key in
            key.replacing(#"\(prefix)"#, with: "tc").replacing(#"\(room)"#, with: "room")
                .replacing(#"\(node)"#, with: "<id>").replacing(#"probe:\(id)"#, with: "probe:<nonce>")
                .replacing(#"\(id)"#, with: "<id>").replacing(#"\(user)"#, with: "user")
        }
        try Document("docs/redis-keyspace.md").expectRows(keys)
    }

    @Test func everySettingIsInTheConfigurationPage() throws {
        let keys = Tree.sources.flatMap { file in
            file.text.captures(/Setting\.\w+\(\s*"([a-z][a-z-]*)"/)
                + file.text.captures(/_ key: String = "([a-z-]+)"/)
        }
        try Document("docs/configuration.md").expectRows(keys)
    }

    /// What two programs have in the same words is one declaration (`Setting+Shared.swift`), or one of them will differ some day.
    @Test func aSettingIsDeclaredOnce() {
        var places: [String: Set<String>] = [:]
        for file in Tree.sources {
            for declaration in file.text.captures(/(?s)Setting\.(\w+\(\s*"[a-z-]+",.*?help:\s*"[^"]*")/) {
                let words = declaration.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                places[words.replacing("( ", with: "("), default: []].insert(file.path)
            }
        }
        #expect(places.count > 50)
        for (declaration, files) in places {
            #expect(files.count == 1, "\(declaration) is in \(files.sorted().joined(separator: " and "))")
        }
    }

    @Test func everyMetricIsInTheMetricsPage() throws {
        let whole = Tree.sources.flatMap { $0.text.captures(/"((?:termchat|process)_[a-z_]+[a-z])"/) }
        let edge = try #require(Tree.text(of: "Sources/ChatEdge/EdgeMetrics.swift"))
        let gauges = edge.captures(/gauge\("([a-z_]+)"/).map { "termchat_edge_\($0)" }
        let counters = edge.captures(/counter\("([a-z_]+)"/).map { "termchat_edge_\($0)_total" }
        try Document("docs/metrics.md").expectRows(whole + gauges + counters)
    }

    @Test func everyExitStatusIsInTheOperationsPage() throws {
        let text = try #require(Tree.text(of: "Sources/ServerKit/Process/ExitStatus.swift"))
        try Document("docs/operations.md").expectRows(text.captures(/case \w+ = (\d+)/))
    }

    @Test func everyAlertIsInTheOperationsPage() throws {
        let text = try #require(Tree.text(of: "deploy/prometheus-alerts.yaml"))
        try Document("docs/operations.md").expectRows(text.captures(/alert: (\w+)/))
    }

    /// A rule about a metric that nothing exports would never fire.
    @Test func everyAlertAsksForAMetricThatThereIs() throws {
        let rules = try #require(Tree.text(of: "deploy/prometheus-alerts.yaml"))
        try Document("docs/metrics.md").expectRows(rules.captures(/((?:termchat|process)_[a-z_]+)/))
    }

    @Test(arguments: pages) func scriptsThatAPageNamesAreThere(page: String) throws {
        let text = try #require(Tree.text(of: page))
        for script in text.captures(/(?:^|[\s`(])((?:scripts|\.ci)\/[a-z-]+)(?![\w\/.])/) {
            #expect(Tree.isExecutable(script), "\(page) names \(script)")
        }
    }

    @Test(arguments: pages) func linksBetweenPagesLeadSomewhere(page: String) throws {
        let text = try #require(Tree.text(of: page))
        let folder = page.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        for link in text.captures(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/) {
            #expect(Tree.exists(folder + link), "\(page) links to \(link)")
        }
    }

    @Test func everyDecisionIsInTheIndex() throws {
        let index = try #require(Tree.text(of: "docs/decisions/README.md"))
        for file in Tree.files(in: "docs/decisions") where !file.path.hasSuffix("/README.md") {
            let name = file.path.split(separator: "/").last ?? ""
            #expect(index.contains("(\(name))"), "docs/decisions/README.md does not link to \(name)")
        }
    }

    static let pages =
        ["README.md", "CONTRIBUTING.md"] + Tree.files(in: "docs").map(\.path).filter { $0.hasSuffix(".md") }
}
