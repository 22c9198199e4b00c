import NIOConcurrencyHelpers
import Testing

@testable import TerminalUI

@Suite(.timeLimit(.minutes(1))) struct TerminalExecutorTests {
    private final class Wakes: Sendable {
        private let count = NIOLockedValueBox(0)
        var number: Int { count.withLockedValue { $0 } }
        func add() { count.withLockedValue { $0 += 1 } }
    }

    /// Starts a task there, and returns when its first job is there.
    private func start(on executor: TerminalExecutor, _ body: @escaping @Sendable () async -> Void) -> Task<Void, Never>
    {
        Task(executorPreference: executor, operation: body)
    }

    @Test func theThreadIsWokenOnlyWhereItWaitsAndOnlyOnce() async {
        let wakes = Wakes()
        let executor = TerminalExecutor { wakes.add() }
        let first = start(on: executor) {}
        #expect(wakes.number == 0)
        #expect(!executor.beginWaiting(), "a job is there")
        executor.runJobs()
        await first.value

        #expect(executor.beginWaiting())
        let others = (0..<3).map { _ in start(on: executor) {} }
        #expect(wakes.number == 1)
        executor.endWaiting()
        executor.runJobs()
        for other in others { await other.value }
    }

    @Test func whatAJobMakesHasItsTurnAfterALookAtTheTerminal() async {
        let executor = TerminalExecutor {}
        let (made, done) = (Wakes(), Wakes())
        let task = Task(executorPreference: executor) {
            made.add()
            return Task(executorPreference: executor) { done.add() }
        }
        executor.runJobs()
        #expect((made.number, done.number) == (1, 0))
        #expect(!executor.beginWaiting())
        executor.runJobs()
        await task.value.value
        #expect(done.number == 1)
    }

    @Test func tasksGoOnElsewhereWhenTheThreadEnds() async {
        let executor = TerminalExecutor {}
        let (numbers, producer) = AsyncStream<Int>.makeStream()
        let begun = start(on: executor) { for await _ in numbers {} }
        executor.runJobs()
        let waiting = start(on: executor) {}
        executor.end()
        producer.finish()
        await begun.value
        await waiting.value
        await start(on: executor) {}.value
    }
}
