// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every target is Swift 6 with warnings as errors; imports say what they use (`ExistentialAny`, `MemberImportVisibility`).
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

extension Target.Dependency {
    static func nio(_ name: String) -> Self { .product(name: name, package: "swift-nio") }
    static let nioCore = nio("NIOCore")
    static let nioPosix = nio("NIOPosix")
    static let nioHTTP1 = nio("NIOHTTP1")
    static let nioWebSocket = nio("NIOWebSocket")
    static let nioConcurrency = nio("NIOConcurrencyHelpers")
    static let nioEmbedded = nio("NIOEmbedded")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let orderedCollections = product(name: "OrderedCollections", package: "swift-collections")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
}

/// A module of Sources/, with the settings every module has.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// - Parameter exclude: what tests read by its path.
func suite(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let libraries: [Target] = [
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CLinux"),
    module("ChatWire", [.nioCore]),
    module("ChatCore", ["ChatWire", "ChatBroker", .nioCore, .deque]),
    module("ChatBroker", ["ChatWire", .nioCore, .deque, .crypto]),
    module("ChatIdentity", ["ChatWire", .jwtKit, .crypto]),
    module("HiredisClient", ["CHiredis", .nioCore, .nioPosix, .nioSSL, .nioConcurrency, .deque, .logging]),
    module("WebSocketServer", [.nioCore, .nioPosix, .nioHTTP1, .nioWebSocket, .nioConcurrency, .crypto, .logging]),
    module(
        "ServerKit",
        [
            "CLinux", .nioCore, .nioPosix, .nioConcurrency, .logging, .metrics, .coreMetrics, .hummingbird,
            .hummingbirdCore,
            .lifecycle,
            .configuration, .argumentParser,
        ]),
    module(
        "ChatBrokerRedis", ["ChatBroker", "ChatWire", "HiredisClient", .nioCore, .logging, .metrics, .deque],
        resources: [.embedInCode("Scripts")]),
    module(
        "ChatEdge",
        [
            "ChatBroker", "ChatCore", "ChatIdentity", "ChatWire", "ServerKit", "WebSocketServer", .nioCore, .nioPosix,
            .nioHTTP1, .nioConcurrency, .deque, .logging, .metrics,
        ]),
    module(
        "ChatUpload",
        [
            "CLinux", "ChatBroker", "ChatIdentity", "ChatWire", "ServerKit", "WebSocketServer", .nioCore, .nioPosix,
            .nioHTTP1, .nioConcurrency, .hummingbird, .hummingbirdCore, .httpTypes, .nioHTTPTypes, .lifecycle, .crypto,
            .logging,
        ]),
    module(
        "ChatControl",
        ["ChatBroker", "ChatWire", "ServerKit", .argumentParser, .logging, .nioConcurrency, .nioCore, .nioPosix]),
    module(
        "ChatProcess",
        [
            "ChatBroker", "ChatBrokerRedis", "ChatIdentity", "ChatWire", "HiredisClient", "ServerKit", .logging,
            .nioCore,
        ]),
    module("TerminalUI", [.nioConcurrency]),
    module(
        "ChatClient",
        [
            "ChatWire", "TerminalUI", .nioCore, .nioPosix, .nioHTTP1, .nioWebSocket, .nioSSL, .nioConcurrency, .deque,
            .logging,
            .argumentParser, .crypto,
        ]),
]

let executables: [Target] = [
    program(
        "termchat-edge",
        [
            "ChatBroker", "ChatEdge", "ChatIdentity", "ChatProcess", "ChatWire", "ServerKit", "WebSocketServer",
            .argumentParser, .logging, .nioConcurrency, .nioCore, .nioPosix,
        ]),
    program(
        "termchat-upload",
        [
            "ChatBroker", "ChatIdentity", "ChatProcess", "ChatUpload", "ChatWire", "ServerKit",
            .argumentParser, .logging, .nioConcurrency, .nioCore, .nioPosix,
        ]),
    program(
        "termchat-ctl",
        ["ChatBroker", "ChatBrokerRedis", "ChatControl", "ChatProcess", "HiredisClient", "ServerKit", .logging]),
    program("termchat", ["ChatClient", "ChatWire", .argumentParser]),
    program("termchat-bench", ["CLinux", .argumentParser]),
]

/// What several suites share, and what a test drives from outside.
let testSupport: [Target] = [
    .target(
        name: "ChatTesting",
        dependencies: ["CLinux", "ChatBroker", "ChatWire", .nioCore, .nioPosix, .nioConcurrency],
        path: "Tests/ChatTesting", swiftSettings: strict),
    .executableTarget(
        name: "websocket-echo",
        dependencies: ["WebSocketServer", .nioCore, .nioPosix, .logging],
        path: "Tests/WebSocketEcho", swiftSettings: strict),
    .executableTarget(
        name: "serverkit-probe",
        dependencies: ["ServerKit", .argumentParser, .nioConcurrency, .logging],
        path: "Tests/ServerKitProbe", swiftSettings: strict),
    .executableTarget(
        name: "terminal-probe", dependencies: ["TerminalUI"], path: "Tests/TerminalProbe", swiftSettings: strict),
]

let tests: [Target] =
    testSupport + [
        suite("ChatWireTests", ["ChatWire", .nioCore]),
        suite("ChatCoreTests", ["ChatCore", "ChatBroker", "ChatWire", .nioCore]),
        suite("ChatBrokerTests", ["ChatBroker", "ChatWire", "ChatTesting", .nioCore, .nioPosix]),
        suite("ChatIdentityTests", ["ChatIdentity", "ChatWire", .jwtKit, .crypto]),
        suite(
            "HiredisClientTests",
            ["HiredisClient", "ChatTesting", .nioCore, .nioPosix, .nioEmbedded, .nioSSL, .logging]),
        suite(
            "WebSocketServerTests",
            [
                "WebSocketServer", "websocket-echo", "ChatTesting", .nioCore, .nioPosix, .nioEmbedded, .nioHTTP1,
                .nioWebSocket, .logging,
            ]),
        suite(
            "ServerKitTests",
            [
                "ServerKit", "serverkit-probe", "ChatTesting", .argumentParser, .nioCore, .nioPosix, .nioConcurrency,
                .logging, .metrics, .coreMetrics, .configuration,
            ]),
        suite(
            "ChatBrokerRedisTests",
            [
                "ChatBrokerRedis", "ChatBroker", "ChatWire", "HiredisClient", "ChatTesting", .nioCore, .nioPosix,
                .logging,
            ]),
        suite(
            "ChatEdgeTests",
            [
                "ChatEdge", "ChatBroker", "ChatBrokerRedis", "ChatCore", "ChatIdentity", "ChatWire", "HiredisClient",
                "ServerKit",
                "WebSocketServer", "ChatTesting", .nioCore, .nioPosix, .logging,
            ]),
        suite(
            "ChatUploadTests",
            [
                "ChatUpload", "ChatBroker", "ChatIdentity", "ChatWire", "ServerKit", "WebSocketServer", "ChatTesting",
                .nioCore, .nioPosix, .nioEmbedded, .nioHTTP1, .nioConcurrency, .hummingbird, .httpTypes, .crypto,
                .logging,
            ]),
        suite("ChatControlTests", ["ChatControl", "ChatBroker", "ChatWire", .nioCore, .nioPosix]),
        suite("TerminalUITests", ["TerminalUI", "terminal-probe"]),
        suite(
            "ChatClientTests",
            [
                "ChatClient", "ChatTesting", "ChatWire", "TerminalUI", "termchat", .argumentParser, .deque,
                .nioConcurrency, .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .nioWebSocket, .crypto,
            ], exclude: ["Goldens"]),
        suite(
            "ClusterTests",
            ["ChatTesting", .crypto, "termchat-edge", "termchat-upload", "termchat-ctl", "termchat"]),
        suite("TidyTests", ["ChatWire"]),
    ]

let package = Package(
    name: "TermChat",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["JSON", "YAML"]),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: libraries + executables + tests
)

// Fuzzing. Only `scripts/fuzz` sets TERMCHAT_FUZZ: these targets need clang's fuzzer runtime and unsafe flags.

/// A libFuzzer target of Fuzz/ and the module it feeds, both instrumented; nothing where its folder is not there.
@MainActor
func addFuzzer(_ name: String, feeding module: String, _ dependencies: [Target.Dependency], runtime: String) {
    guard FileManager.default.fileExists(atPath: Context.packageDirectory + "/Fuzz/" + name),
        let fed = package.targets.first(where: { $0.name == module })
    else { return }
    let instrumented = SwiftSetting.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])
    fed.swiftSettings = strict + [instrumented]
    package.targets.append(
        .executableTarget(
            name: name, dependencies: [.byName(name: module)] + dependencies, path: "Fuzz/" + name,
            swiftSettings: strict + [instrumented],
            linkerSettings: [.unsafeFlags([runtime]), .linkedLibrary("stdc++")]))
}

if Context.environment["TERMCHAT_FUZZ"] == "1", let runtime = Context.environment["TERMCHAT_FUZZ_RUNTIME"] {
    addFuzzer("FrameFuzz", feeding: "ChatWire", [.nioCore], runtime: runtime)
    addFuzzer("WebSocketFuzz", feeding: "WebSocketServer", [.nioCore], runtime: runtime)
    addFuzzer("RESPFuzz", feeding: "HiredisClient", [.nioCore], runtime: runtime)
    addFuzzer("MultipartFuzz", feeding: "ChatUpload", ["ChatWire", .nioCore], runtime: runtime)
}
