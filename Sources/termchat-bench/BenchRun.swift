import Foundation
import Synchronization

/// One run: opens the connections, publishes for a while, waits for the rest, and gathers what the threads counted.
struct BenchRun {
    let plan: Plan
    /// Processes whose CPU time and memory are reported.
    let pids: [Int32]

    /// - Throws: ``BenchError`` where the connections do not come up in time.
    func run() throws -> Report {
        try Socket.raiseDescriptorLimit(to: plan.connectionsOpened + 256)
        let before = usage()
        if let pid = pids.first(where: { before[$0] == nil }) { throw BenchError("No process has the pid \(pid).") }
        let phase = Phase()
        let workers = try (0..<plan.threads).map { try Worker(number: $0, plan: plan, phase: phase) }
        let threads = workers.map { worker in Self.start { worker.run() } }
        let rampSeconds = Double(plan.connectionsOpened) / Double(plan.ramp)
        let isLive = wait(atMost: .seconds(rampSeconds) + BenchLimits.joinTimeout) {
            phase.live.load(ordering: .relaxed) >= plan.connectionsOpened
        }
        var atStart: [Int32: ProcessUsage] = [:]
        var atEnd: [Int32: ProcessUsage] = [:]
        let own = (start: 0.0, end: 0.0)
        var ownCPU = own
        if isLive {
            let from = Clock.now() + Duration.milliseconds(300).nanoseconds
            phase.publishFrom.store(from, ordering: .releasing)
            sleep(until: from + plan.warmup.nanoseconds)
            atStart = usage()
            ownCPU.start = ProcessUsage(pid: getpid())?.cpuSeconds ?? 0
            sleep(until: from + plan.warmup.nanoseconds + plan.duration.nanoseconds)
            atEnd = usage()
            ownCPU.end = ProcessUsage(pid: getpid())?.cpuSeconds ?? 0
            _ = wait(atMost: BenchLimits.settleTimeout) {
                phase.lastHeard.load(ordering: .relaxed) + BenchLimits.quiet.nanoseconds < Clock.now()
            }
        }
        phase.isOver.store(true, ordering: .relaxed)
        for thread in threads { pthread_join(thread, nil) }
        guard isLive else {
            throw Self.notLive(phase.live.load(ordering: .relaxed), of: plan.connectionsOpened, workers)
        }
        if let pid = pids.first(where: { atEnd[$0] == nil }) { throw BenchError("The process \(pid) ended meanwhile.") }
        return Report(
            plan: plan, workers: workers, processes: .init(before: before, start: atStart, end: atEnd),
            ownCPUSeconds: ownCPU.end - ownCPU.start)
    }

    private static func notLive(_ live: Int, of count: Int, _ workers: [Worker]) -> BenchError {
        var tally = Tally()
        for worker in workers { tally.merge(worker.tally) }
        let reasons = tally.errors.sorted { $0.value > $1.value }.prefix(3).map { "\($0.key) (\($0.value))" }
        return BenchError("Only \(live) of \(count) connections joined: \(reasons.joined(separator: ", ")).")
    }

    private func usage() -> [Int32: ProcessUsage] {
        Dictionary(uniqueKeysWithValues: pids.compactMap { pid in ProcessUsage(pid: pid).map { (pid, $0) } })
    }

    private func wait(atMost limit: Duration, until isDone: () -> Bool) -> Bool {
        let deadline = Clock.now() + limit.nanoseconds
        while !isDone() {
            if Clock.now() > deadline { return false }
            usleep(10_000)
        }
        return true
    }

    private func sleep(until time: UInt64) {
        while true {
            let now = Clock.now()
            guard now < time else { return }
            usleep(UInt32(min((time - now) / 1000 + 1, 500_000)))
        }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        let box = Unmanaged.passRetained(ThreadBody(run: body))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        return thread
    }

    private final class ThreadBody: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
