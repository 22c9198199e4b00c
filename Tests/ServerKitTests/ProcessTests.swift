import ChatTesting
import Foundation
import ServerKit
import Testing

/// Real processes and real signals.
@Suite(.timeLimit(.minutes(1))) struct ProcessTests {
    /// `serverkit-probe` with its output, in a folder that goes with it; killed if the test leaves it running.
    struct Probe: ~Copyable {
        let process: ChildProcess
        let folder: String

        static func start(_ arguments: String...) async throws -> Probe {
            let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
                .appending(path: "serverkit-probe").path
            let folder = NSTemporaryDirectory() + "probe-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return Probe(
                process: try await .start(program, arguments, name: "probe", folder: folder), folder: folder)
        }

        deinit {
            process.signal(SIGKILL)
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// What it says where it listens, once it has started.
        func started() async throws -> (listening: String, admin: String) {
            (
                try await process.outputLine(after: "listening on ", within: .seconds(10)),
                try await process.outputLine(after: "admin on ", within: .seconds(10))
            )
        }

        func exit() async throws -> ChildProcess.Exit { try await process.exit(within: .seconds(20)) }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalDrainsAndTheProcessIsDone(signal: Int32) async throws {
        let probe = try await Probe.start()
        let addresses = try await probe.started()
        #expect(addresses.listening == "127.0.0.1:1")
        #expect(addresses.admin.wholeMatch(of: /127\.0\.0\.1:[1-9][0-9]*/) != nil)
        probe.process.signal(signal)
        #expect(try await probe.exit() == .status(0))
    }

    @Test func aQuitEndsAtOnce() async throws {
        let probe = try await Probe.start()
        _ = try await probe.started()
        probe.process.signal(SIGQUIT)
        #expect(try await probe.exit() == .signal(SIGQUIT))
    }

    @Test func aSecondSignalEndsAtOnce() async throws {
        let probe = try await Probe.start("--drain", "hang", "--stop-seconds", "60")
        _ = try await probe.started()
        probe.process.signal(SIGTERM)
        let process = probe.process
        try await eventually("it drains") { process.errors.contains("message=draining") }
        probe.process.signal(SIGTERM)
        #expect(try await probe.exit() == .status(1))
    }

    @Test(arguments: ["hang", "block"])
    func theDeadlineHolds(drain: String) async throws {
        let probe = try await Probe.start("--drain", drain, "--stop-seconds", "0.2")
        _ = try await probe.started()
        probe.process.signal(SIGTERM)
        #expect(try await probe.exit() == .status(1))
    }

    @Test(arguments: [["--unknown"], ["--stop-seconds", "soon"]])
    func wrongUsageIsStatusTwo(arguments: [String]) async throws {
        let probe = try await Probe.start(arguments[0], arguments.count > 1 ? arguments[1] : "")
        #expect(try await probe.exit() == .status(2))
        #expect(!probe.process.errors.isEmpty)
    }

    @Test func anAddressInUseIsUnavailable() async throws {
        let first = try await Probe.start()
        let address = try await first.started().admin
        let second = try await Probe.start("--admin", address)
        #expect(try await second.exit() == .status(3))
        #expect(second.process.errors.contains("cannot bind \(address)"))
        first.process.signal(SIGTERM)
        #expect(try await first.exit() == .status(0))
    }

    @Test func theLimitOfDescriptorsIsRaised() throws {
        let raised = try #require(FileDescriptorLimit.raise())
        #expect(raised.soft == raised.hard)
        #expect(FileDescriptorLimit.current() == raised)
    }
}
