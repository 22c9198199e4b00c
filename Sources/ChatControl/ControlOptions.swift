public import ArgumentParser
import ChatBroker
import ChatWire
import Foundation
import Logging
public import NIOCore
import NIOPosix
import ServerKit

/// What every subcommand takes, and how it reaches the cluster: Redis alone, so that it works when every edge is sick.
public struct ControlOptions: ParsableArguments {
    @Option(help: "URL of the Redis that the nodes share (or TERMCHAT_REDIS).")
    var redis: String?
    @Flag(help: "One JSON document on stdout, errors as JSON on stderr.")
    var json = false

    public init() {}

    private static let defaultURL = "redis://127.0.0.1:6379"

    /// Connects, runs `body` and disconnects; an error is told as PROTOCOL section 4 says.
    func run(_ body: @Sendable (ControlSession) async throws -> Void) async throws {
        let url = redis ?? ProcessInfo.processInfo.environment["TERMCHAT_REDIS"] ?? Self.defaultURL
        do {
            guard let connect = ControlConnector.connect else {
                throw ProcessFailure(.failed, "this build of the program cannot reach a broker.")
            }
            let group = MultiThreadedEventLoopGroup.singleton
            let loop = group.next()
            let session = ControlSession(broker: try connect(url, loop))
            try await session.start()
            do { try await body(session) } catch {
                await session.stop()
                throw error
            }
            await session.stop()
        } catch let code as ExitCode {
            throw code
        } catch {
            throw report(error)
        }
    }

    /// Tells an error once; nothing of it is left for ArgumentParser to print.
    private func report(_ error: any Error) -> ExitCode {
        let failure = Self.failure(error)
        if json {
            let document = ErrorDocument(error: .init(code: "\(failure.exitStatus)", message: failure.description))
            ControlOutput.errors(ControlOutput.json(document))
        } else {
            ControlOutput.errors("termchat-ctl: \(failure.description)")
        }
        return ExitCode(failure.exitStatus.rawValue)
    }

    private static func failure(_ error: any Error) -> ProcessFailure {
        switch error {
        case let failure as ProcessFailure: return failure
        case let error as WireError: return ProcessFailure(.usage, error.message)
        case let error as BrokerError where error.code == .unavailable || error.code == .stopped:
            return ProcessFailure(
                .unavailable, "Redis does not answer (\(error.message)); check --redis and the server.")
        default: return ProcessFailure(.failed, "\(error)")
        }
    }

    private struct ErrorDocument: Encodable {
        struct Body: Encodable {
            var code: String
            var message: String
        }
        var error: Body
    }
}

/// How the program reaches a broker; the executable sets it, because only executables know Redis.
public enum ControlConnector {
    public typealias Connect = @Sendable (_ url: String, _ loop: any EventLoop) throws -> any ControlBroker

    @TaskLocal public static var connect: Connect?
}
