import Foundation
import ServerKit
import Testing

/// Real processes and real signals.
@Suite(.timeLimit(.minutes(1))) struct ProcessTests {
    /// `serverkit-probe` with its output; killed if the test leaves it running.
    final class Probe {
        let process = Process()
        let output = Pipe()
        let errors = Pipe()

        init(_ arguments: String...) throws {
            let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            process.executableURL = folder.appending(path: "serverkit-probe")
            process.arguments = arguments
            process.standardOutput = output
            process.standardError = errors
            try process.run()
        }

        deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        /// Reads the two lines that a server says when it has started.
        func started() throws -> [String] {
            var text = Data()
            while text.count(where: { $0 == UInt8(ascii: "\n") }) < 2 {
                let part = output.fileHandleForReading.availableData
                try #require(!part.isEmpty, "the process ended before it said where it listens")
                text += part
            }
            return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        }

        func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

        func status() -> Int32 {
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }

        func errorText() throws -> String {
            String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }

        /// Waits until stderr says so.
        func untilLogged(_ message: String) throws {
            var text = ""
            while !text.contains(message) {
                let part = errors.fileHandleForReading.availableData
                try #require(!part.isEmpty, "the process ended without saying \(message)")
                text += String(decoding: part, as: UTF8.self)
            }
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalDrainsAndTheProcessIsDone(signal: Int32) throws {
        let probe = try Probe()
        let lines = try probe.started()
        #expect(lines[0] == "listening on 127.0.0.1:1")
        #expect(lines[1].wholeMatch(of: /admin on 127\.0\.0\.1:[1-9][0-9]*/) != nil)
        probe.send(signal)
        #expect(probe.status() == 0)
    }

    @Test func aSecondSignalEndsAtOnce() throws {
        let probe = try Probe("--drain", "hang", "--stop-seconds", "60")
        _ = try probe.started()
        probe.send(SIGTERM)
        try probe.untilLogged("message=draining")
        probe.send(SIGTERM)
        #expect(probe.status() == 1)
    }

    @Test(arguments: ["hang", "block"])
    func theDeadlineHolds(drain: String) throws {
        let probe = try Probe("--drain", drain, "--stop-seconds", "0.2")
        _ = try probe.started()
        let start = ContinuousClock.now
        probe.send(SIGTERM)
        #expect(probe.status() == 1)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func wrongUsageIsStatusTwo() throws {
        for arguments in [["--unknown"], ["--stop-seconds", "soon"]] {
            let probe = try Probe(arguments[0], arguments.count > 1 ? arguments[1] : "")
            #expect(probe.status() == 2)
            #expect(try !probe.errorText().isEmpty)
        }
    }

    @Test func anAddressInUseIsUnavailable() throws {
        let first = try Probe()
        let address = try #require(try first.started().last?.split(separator: " ").last.map(String.init))
        let second = try Probe("--admin", address)
        #expect(second.status() == 3)
        #expect(try second.errorText().contains("cannot bind \(address)"))
        first.send(SIGTERM)
        #expect(first.status() == 0)
    }

    @Test func theLimitOfDescriptorsIsRaised() throws {
        let raised = try #require(FileDescriptorLimit.raise())
        #expect(raised.soft == raised.hard)
        #expect(FileDescriptorLimit.current() == raised)
    }
}
