import ArgumentParser
import ChatWire

/// Runs `body`, but not for longer than `seconds`.
/// - Parameter message: what is said when the time is over; made then.
/// - Throws: ``CommandFailure`` with status unavailable when the time is over; what `body` throws.
func withTimeout<Result: Sendable>(
    seconds: Double, _ message: @autoclosure @escaping @Sendable () async -> String,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw CommandFailure(.unavailable, await message())
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

extension ChatSession {
    /// What a command says that waited in vain, with the reason where one is known.
    func noAnswer(from server: ServerAddress) async -> String {
        guard let trouble = await trouble else { return "No answer from \(server)." }
        let words = VisibleText(trouble).value
        return "No answer from \(server): \(words)\(words.hasSuffix(".") ? "" : ".")"
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
