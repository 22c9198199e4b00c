import ChatWire
import Foundation
import NIOConcurrencyHelpers
import NIOPosix

/// `token-command`: a shell command whose output is a token, as password managers and `gh auth token` give one.
///
/// It may ask on the terminal, so it stays in this program's process group, its standard error is this program's, and
/// its standard input is empty: what is piped in are messages.
struct TokenCommand: Sendable {
    let command: String
    /// A person may have to answer it.
    var secondsMax = 60.0

    /// - Throws: ``CommandFailure`` with status notPermitted where the command fails, unavailable where it takes too long;
    ///   `CancellationError`.
    func run() async throws -> String {
        let run = Run(command: command, secondsMax: secondsMax, isCancelled: NIOLockedValueBox(false))
        // A thread of its own: a shared one would keep transfers waiting for as long as a person takes to answer.
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        let result = await withTaskCancellationHandler {
            await Result<String, any Error> { try await thread.runIfActive { try run.output() } }
        } onCancel: {
            run.isCancelled.withLockedValue { $0 = true }
        }
        try? await thread.shutdownGracefully()
        return try result.get()
    }

    /// One run; blocks its thread.
    private struct Run: Sendable {
        let command: String
        let secondsMax: Double
        let isCancelled: NIOLockedValueBox<Bool>

        func output() throws -> String {
            // This program ignores signals that the command is to obey.
            let start = ChildProgram.startForOutput(
                "/bin/sh", ["sh", "-c", command], obeying: [SIGPIPE, SIGINT, SIGTERM, SIGHUP])
            guard let (process, output) = start else { throw failure("could not be started") }
            defer { close(output) }
            let deadline = ContinuousClock.now + .seconds(secondsMax)
            do {
                let bytes = try read(output, until: deadline)
                let status = try wait(for: process, until: deadline)
                guard status == 0 else { throw failure("ended with \(Self.words(status))") }
                do {
                    return try Token.checked(String(decoding: bytes, as: UTF8.self), from: "The output")
                } catch { throw failure("gave no token") }
            } catch {
                end(process)
                throw error
            }
        }

        private func failure(_ what: String) -> CommandFailure {
            CommandFailure(.notPermitted, "The token-command \(what).")
        }

        /// Until the end of the output. More than any token has is none, and nobody waits for its end.
        private func read(_ output: CInt, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while bytes.count <= Limits.tokenBytesMax + 2 {
                try check(deadline)
                var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, Self.sliceMilliseconds) > 0 else { continue }
                let count = Glibc.read(output, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return bytes }
                bytes += chunk[..<count]
            }
            throw failure("gave no token")
        }

        private func wait(for process: pid_t, until deadline: ContinuousClock.Instant) throws -> CInt {
            while true {
                var status: CInt = 0
                let ended = waitpid(process, &status, WNOHANG)
                if ended == process { return status }
                if ended < 0, errno != EINTR { return 0 }
                try check(deadline)
                poll(nil, 0, Self.sliceMilliseconds)
            }
        }

        private func check(_ deadline: ContinuousClock.Instant) throws {
            if isCancelled.withLockedValue({ $0 }) { throw CancellationError() }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(.unavailable, "The token-command took longer than \(Int(secondsMax)) seconds.")
            }
        }

        /// Ends the shell and what it started: a signal to the shell alone would leave that running.
        private func end(_ process: pid_t) {
            var status: CInt = 0
            guard waitpid(process, &status, WNOHANG) == 0 else { return }
            let family = [process] + ProcessFamily.descendants(of: process)
            for member in family { kill(member, SIGTERM) }
            for _ in 0..<Self.slicesToEnd where waitpid(process, &status, WNOHANG) == 0 {
                poll(nil, 0, Self.sliceMilliseconds)
            }
            // Numbers of processes are not used again within a second.
            for member in family { kill(member, SIGKILL) }
            waitpid(process, &status, 0)
        }

        private static func words(_ status: CInt) -> String {
            status & 0x7f == 0 ? "status \((status >> 8) & 0xff)" : "signal \(status & 0x7f)"
        }

        /// How soon a deadline or the end of the command is noticed.
        private static let sliceMilliseconds: CInt = 20
        /// A second to end by itself.
        private static let slicesToEnd = 50
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
