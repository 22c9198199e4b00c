import NIOConcurrencyHelpers

/// Runs tasks on the terminal's thread. From what is typed to what is drawn there is no other thread then, and to wake one
/// is a good part of what a key costs.
///
/// A task that blocks there keeps the terminal waiting. When the terminal is closed, its tasks go on elsewhere.
public final class TerminalExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        /// The thread waits for the terminal: only then it must be woken.
        var isWaiting = false
        var hasEnded = false
    }

    private let state = NIOLockedValueBox(State())
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isTaken = state.withLockedValue { state in
            if state.hasEnded { return false }
            state.jobs.append(job)
            // Under the lock: the thread, and what wakes it, are there.
            if state.isWaiting { wake() }
            state.isWaiting = false
            return true
        }
        if !isTaken { Self.runElsewhere(job) }
    }

    private static func runElsewhere(_ job: UnownedJob) { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }

    // MARK: For the terminal's thread

    /// Rounds of jobs between two looks at the terminal: what a key sets off is done in two.
    static let roundsMax = 4

    /// Runs the jobs that are there, and those that they make; the last of these have their turn after the next look at
    /// the terminal.
    func runJobs() {
        for _ in 0..<Self.roundsMax {
            let jobs = state.withLockedValue { state in
                defer { state.jobs.removeAll(keepingCapacity: true) }
                return state.jobs
            }
            if jobs.isEmpty { return }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    /// - Returns: false where a job is there, and nothing to wait for.
    func beginWaiting() -> Bool {
        state.withLockedValue { state in
            state.isWaiting = state.jobs.isEmpty
            return state.isWaiting
        }
    }

    func endWaiting() { state.withLockedValue { $0.isWaiting = false } }

    /// The thread ends.
    func end() {
        let jobs = state.withLockedValue { state in
            state.hasEnded = true
            defer { state.jobs.removeAll() }
            return state.jobs
        }
        for job in jobs { Self.runElsewhere(job) }
    }
}
