import ArgumentParser

/// Runs `body`, but not for longer than `seconds`.
/// - Throws: ``CommandFailure`` with status unavailable when the time is over; what `body` throws.
func withTimeout<Result: Sendable>(
    seconds: Double, _ message: String, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw CommandFailure(.unavailable, message)
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

/// What `--timeout` may be.
enum TimeoutOption {
    /// A week: longer is a mistake, and infinity is no duration.
    static let secondsMax = 604_800.0

    static func validate(_ seconds: Double) throws {
        guard (0...secondsMax).contains(seconds) else {
            throw ValidationError("--timeout is 0 to \(Int(secondsMax)) seconds.")
        }
    }
}
