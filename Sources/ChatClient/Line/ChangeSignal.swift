/// Lets one task of an actor wait until its state has changed, and be cancelled while it waits.
///
/// Changes that nobody waits for count as one, so the waiting task looks at the state again and waits on.
struct ChangeSignal: Sendable {
    private let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func notify() { continuation.yield() }

    /// Returns after the next change, or one since the last call.
    /// - Throws: `CancellationError`.
    func next() async throws {
        var iterator = changes.makeAsyncIterator()
        guard await iterator.next() != nil else { throw CancellationError() }
    }
}
