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
