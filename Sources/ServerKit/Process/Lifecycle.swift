import Dispatch
public import Logging
import NIOConcurrencyHelpers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs the services of a process: starts them in order, waits for SIGTERM or SIGINT, and stops them in reverse.
///
/// The deadline and the second signal are kept on a queue of their own: they hold even where every thread of the
/// process hangs. ServiceLifecycle's group cannot give that: it waits for a service that ignores its cancellation.
public final class Lifecycle: Sendable {
    /// A part of the process with a beginning and an end.
    public struct Service: Sendable {
        public var name: String
        public var start: @Sendable () async throws -> Void
        /// Returns when nothing of the service is left.
        public var drain: @Sendable () async -> Void

        public init(
            _ name: String, start: @escaping @Sendable () async throws -> Void = {},
            drain: @escaping @Sendable () async -> Void
        ) {
            self.name = name
            self.start = start
            self.drain = drain
        }
    }

    private struct State: Sendable {
        var machine = DrainMachine()
        var waiter: CheckedContinuation<Void, Never>?
        var isDrainBegun = false
    }

    private let deadline: Duration
    private let logger: Logger
    private let queue = DispatchQueue(label: "termchat.lifecycle", qos: .userInteractive)
    private let state = NIOLockedValueBox(State())
    private let exitNow: @Sendable (ExitStatus) -> Void

    /// - Parameter deadline: from the beginning of the drain until the process ends in any case, with status 1.
    public convenience init(deadline: Duration, logger: Logger) {
        self.init(deadline: deadline, logger: logger) { _exit($0.rawValue) }
    }

    init(deadline: Duration, logger: Logger, exitNow: @escaping @Sendable (ExitStatus) -> Void) {
        self.deadline = deadline
        self.logger = logger
        self.exitNow = exitNow
    }

    /// Whether the process is on its way to its end.
    public var isDraining: Bool { state.withLockedValue { $0.machine.state != .running } }

    /// Starts the services, runs until a drain, and stops those that started.
    ///
    /// A signal during the start lets the service that is starting finish, starts no further one, and drains.
    /// - Throws: the error of the service that could not start, after the others have stopped.
    public func run(_ services: [Service]) async throws -> ExitStatus {
        let signals = trapSignals()
        defer { release(signals) }
        var started: [Service] = []
        do {
            for service in services where !isDraining {
                try await service.start()
                started.append(service)
            }
        } catch {
            perform(state.withLockedValue { $0.machine.serviceFailed(.failed) })
            await stop(started)
            throw error
        }
        await drainBegun()
        return await stop(started)
    }

    /// Begins the drain as a signal would, but a later signal still counts as the first.
    public func drain() {
        perform(state.withLockedValue { $0.machine.drainRequested() })
    }

    /// A service cannot go on: the process drains and ends with `status`.
    public func fail(_ status: ExitStatus = .failed) {
        perform(state.withLockedValue { $0.machine.serviceFailed(status) })
    }

    @discardableResult
    private func stop(_ services: [Service]) async -> ExitStatus {
        for service in services.reversed() {
            logger.debug("stopping a service", metadata: ["service": "\(service.name)"])
            await service.drain()
        }
        return state.withLockedValue { $0.machine.drained() }
    }

    private func drainBegun() async {
        await withCheckedContinuation { continuation in
            let isBegun = state.withLockedValue { state in
                if !state.isDrainBegun { state.waiter = continuation }
                return state.isDrainBegun
            }
            if isBegun { continuation.resume() }
        }
    }

    private func perform(_ action: DrainMachine.Action) {
        switch action {
        case .none: break
        case .exit(let status):
            logger.error("ending at once; what was not stopped is lost")
            exitNow(status)
        case .drain:
            logger.notice("draining", metadata: ["deadline_seconds": "\(deadline / .seconds(1))"])
            queue.asyncAfter(deadline: .now() + deadline / .seconds(1)) { [weak self] in
                guard let self else { return }
                perform(state.withLockedValue { $0.machine.deadlinePassed() })
            }
            let waiter = state.withLockedValue { state in
                state.isDrainBegun = true
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    private func trapSignals() -> [any DispatchSourceSignal] {
        // A peer, a pipe or a terminal that goes away must show as EPIPE of one write, not end the process.
        signal(SIGPIPE, SIG_IGN)
        QuitSignal.endsTheProcess()
        return [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in
                guard let self else { return }
                perform(state.withLockedValue { $0.machine.signalled() })
            }
            source.resume()
            return source
        }
    }

    /// From here on a signal ends the process as it does any other.
    private func release(_ sources: [any DispatchSourceSignal]) {
        for source in sources { source.cancel() }
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    }
}
