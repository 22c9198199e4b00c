public import ArgumentParser
import ChatBroker
import Foundation
public import NIOCore
import NIOPosix
import ServerKit
import Synchronization

/// What every subcommand takes, and how it reaches the cluster: Redis alone, so that it works when every edge is sick.
public struct ControlOptions: ParsableArguments {
    @Option(help: "URL of the Redis that the nodes share (or TERMCHAT_REDIS).")
    var redis: String?
    @Flag(help: "One JSON document on stdout, errors as JSON on stderr.")
    var json = false

    public init() {}

    private static let defaultURL = "redis://127.0.0.1:6379"

    /// Connects, runs `body` and disconnects; an error is told as PROTOCOL section 4 says.
    ///
    /// - Parameter watching: whether `body` stays and waits for news, so that a link which carries none must be noticed.
    func run(watching: Bool = false, _ body: @Sendable (ControlSession) async throws -> Void) async throws {
        let url = redis ?? ProcessInfo.processInfo.environment["TERMCHAT_REDIS"] ?? Self.defaultURL
        // A reader of stdout that goes away is an error of the write, not the end.
        signal(SIGPIPE, SIG_IGN)
        QuitSignal.endsTheProcess()
        do {
            guard let connect = ControlConnector.connect else {
                throw ProcessFailure(.failed, "this build of the program cannot reach a broker.")
            }
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let session = ControlSession(broker: try connect(url, loop, watching))
            do {
                try await session.start()
                try await body(session)
            } catch {
                await session.stop()
                throw error
            }
            await session.stop()
        } catch let code as ExitCode {
            throw code
        } catch {
            let failure = ErrorReport.failure(error)
            ErrorReport.tell(failure, asJSON: json)
            // Nothing of it is left for ArgumentParser to print.
            throw ExitCode(failure.exitStatus.rawValue)
        }
    }
}

/// How the program reaches a broker; the executable sets it, because only executables know Redis.
public enum ControlConnector {
    /// With `watching` the broker probes its links, which needs the right to publish.
    public typealias Connect =
        @Sendable (_ url: String, _ loop: any EventLoop, _ watching: Bool) throws -> any ControlBroker

    private static let installed = Mutex<Connect?>(nil)

    /// What ``install(_:)`` was given; nil before.
    static var connect: Connect? { installed.withLock { $0 } }

    /// Called once, before any command runs.
    public static func install(_ connect: @escaping Connect) { installed.withLock { $0 = connect } }
}
