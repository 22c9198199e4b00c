/// What did not become true in time.
public struct NotInTime: Error, CustomStringConvertible {
    public var description: String
}

/// Waits for a fact, asking every few milliseconds, and fails with its name when the time is over.
/// - Parameters:
///   - fact: what is waited for, as it should read in a failure.
///   - deadline: how long at most; generous, because it costs time only in a failure.
public func eventually(
    _ fact: String, within deadline: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < end else {
            throw NotInTime(description: "\(file):\(line): not within \(deadline): \(fact)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
