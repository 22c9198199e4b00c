import NIOCore
import ServerKit
import Synchronization

/// Notices that an event loop does not turn any more, from outside it: what the loop would say of itself stays as it
/// was when it got stuck.
final class LoopWatch: Sendable {
    /// How often each loop shows that it turns.
    static let beatInterval = TimeAmount.milliseconds(250)
    /// Silence of a loop after which the node should get no traffic.
    static let unreadyAfter = TimeAmount.seconds(2)
    /// Silence of a loop after which only a restart is likely to help.
    static let unhealthyAfter = TimeAmount.seconds(15)

    private final class Pulse: Sendable {
        let lastBeat: Atomic<UInt64>
        init(_ now: NIODeadline) { lastBeat = Atomic(now.uptimeNanoseconds) }
    }

    private let pulses: [Pulse]
    private let tasks: Mutex<[RepeatedTask]>

    init(_ loops: [any EventLoop], now: NIODeadline = .now()) {
        let pulses = loops.map { _ in Pulse(now) }
        self.pulses = pulses
        tasks = Mutex(
            zip(loops, pulses).map { loop, pulse in
                loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.beatInterval) { _ in
                    pulse.lastBeat.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
                }
            })
    }

    func stop() {
        tasks.withLock { tasks in
            for task in tasks { task.cancel() }
            tasks = []
        }
    }

    /// What to say of the loops that have been silent for that long.
    func reasons(after silence: TimeAmount, at now: NIODeadline = .now()) -> [String] {
        pulses.enumerated().compactMap { index, pulse in
            let silent = now - .uptimeNanoseconds(pulse.lastBeat.load(ordering: .relaxed))
            return silent < silence ? nil : "event loop \(index) is stuck"
        }
    }
}
