import NIOConcurrencyHelpers
import NIOPosix

/// Where everything that waits for the volume runs. Work that was given to it is done even if the request that wanted it is
/// cancelled: half a step would be worse than a late one.
///
/// Who waits is woken by the disk's thread itself: through an event loop each piece of work would wake a second thread
/// (docs/performance.md, "Uploads").
struct DiskThreads: Sendable {
    let pool: NIOThreadPool

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await begin(body).value
    }

    /// The same without waiting.
    func begin<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) -> DiskWork<Value> {
        let work = DiskWork<Value>()
        pool.submit { state in
            switch state {
            case .active: work.end(Result(catching: body))
            case .cancelled: work.end(.failure(CancellationError()))
            }
        }
        return work
    }
}

/// Something that was begun on the disk's threads, for the one task that waits for it.
final class DiskWork<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Value, any Error>)
        case ended(Result<Value, any Error>)
    }

    private let state = NIOLockedValueBox(State.running)

    var isDone: Bool {
        state.withLockedValue { state in
            if case .ended = state { true } else { false }
        }
    }

    var value: Value {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLockedValue { state in
                    if case .ended(let result) = state { return result }
                    state = .awaited(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        }
    }

    fileprivate func end(_ result: Result<Value, any Error>) {
        let waiter: CheckedContinuation<Value, any Error>? = state.withLockedValue { state in
            defer { state = .ended(result) }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume(with: result)
    }
}
