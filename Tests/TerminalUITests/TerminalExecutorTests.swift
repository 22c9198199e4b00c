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

    /// However many jobs make others, the terminal has its turn.
    @Test func jobsThatMakeJobsDoNotKeepTheTerminalWaiting() async {
        let executor = TerminalExecutor {}
        let done = Wakes()
        @Sendable func make(_ left: Int) {
            done.add()
            if left > 1 { Task(executorPreference: executor) { make(left - 1) } }
        }
        Task(executorPreference: executor) { make(TerminalExecutor.roundsMax + 1) }
        executor.runJobs()
        #expect(done.number == TerminalExecutor.roundsMax)
        #expect(!executor.beginWaiting(), "the last one is there")
        executor.runJobs()
        #expect(done.number == TerminalExecutor.roundsMax + 1)
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
