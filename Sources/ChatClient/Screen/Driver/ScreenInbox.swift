import DequeModule
import NIOConcurrencyHelpers
import NIOCore

/// Brings what happens to the one task that owns the full screen: keys before everything else, the rest in order.
///
/// A flood of messages waits here, not the keys: who puts an ordinary event waits for room. One task takes.
final class ScreenInbox: Sendable {
    private struct State {
        /// No limit but what one read of the terminal holds: its thread runs the taker before it reads again.
        var urgent: [ScreenEvent] = []
        var ordinary: Deque<ScreenEvent> = []
        var taker: CheckedContinuation<Void, Never>?
        var putters: Deque<CheckedContinuation<Void, Never>> = []
        /// When the running wait is over though nothing happened: the taker has something to do.
        var deadline: NIODeadline?
        /// A wait whose time came.
        var isDue = false
        var alarm: (at: NIODeadline, timer: Scheduled<Void>)?
        var isClosed = false

        var hasSomething: Bool { isDue || isClosed || !urgent.isEmpty || !ordinary.isEmpty }
    }

    /// Ordinary events that wait before their putters do.
    static let ordinaryMax = 512
    /// Ordinary events taken at once, so that a key never waits for more.
    static let batchMax = 128

    private let state = NIOLockedValueBox(State())
    private let loop: any EventLoop

    /// - Parameter loop: keeps the time of ``next(until:)``.
    init(loop: any EventLoop) { self.loop = loop }

    /// For what comes from the person or is one of a few: never waits.
    func putUrgent(_ event: ScreenEvent) {
        wake { $0.urgent.append(event) }
    }

    /// For what may come in floods: returns when there is room, or when the inbox is closed.
    func put(_ event: ScreenEvent) async {
        await withCheckedContinuation { putter in
            wake { state in
                state.ordinary.append(event)
                guard state.ordinary.count >= Self.ordinaryMax, !state.isClosed else { return [putter] }
                state.putters.append(putter)
                return []
            }
        }
    }

    /// Lets everybody go; ``next(until:)`` returns nothing more.
    func close() {
        wake { state in
            state.isClosed = true
            state.alarm?.timer.cancel()
            state.ordinary.removeAll()
            defer { state.putters.removeAll() }
            return Array(state.putters)
        }
    }

    /// Everything urgent and some of the rest; empty when the time has come. Nil: closed.
    func next(until deadline: NIODeadline?) async -> [ScreenEvent]? {
        await withCheckedContinuation { taker in
            let isReady = state.withLockedValue { state in
                setAlarm(for: deadline, &state)
                if !state.hasSomething { state.taker = taker }
                return state.hasSomething
            }
            if isReady { taker.resume() }
        }
        let (events, putters) = state.withLockedValue { state in
            if state.isClosed { return ([ScreenEvent]?.none, Deque<CheckedContinuation<Void, Never>>()) }
            state.isDue = false
            state.deadline = nil
            var events = state.urgent
            state.urgent = []
            let count = min(Self.batchMax, state.ordinary.count)
            if count > 0 {
                events += state.ordinary.prefix(count)
                state.ordinary.removeFirst(count)
            }
            defer { if state.ordinary.count < Self.ordinaryMax { state.putters.removeAll() } }
            return (events, state.ordinary.count < Self.ordinaryMax ? state.putters : [])
        }
        for putter in putters { putter.resume() }
        return events
    }

    /// Sets the alarm where none is set or only a later one. One that comes too early is let come: to set and to cancel one
    /// wakes the loop each time, which is a good part of what a key costs.
    private func setAlarm(for deadline: NIODeadline?, _ state: inout State) {
        state.deadline = deadline
        guard let deadline else { return }
        if let alarm = state.alarm {
            if alarm.at <= deadline { return }
            alarm.timer.cancel()
        }
        state.alarm = (deadline, loop.scheduleTask(deadline: deadline) { self.alarmRang(at: deadline) })
    }

    private func alarmRang(at time: NIODeadline) {
        wake { state in
            // One that was cancelled too late.
            guard state.alarm?.at == time else { return }
            state.alarm = nil
            guard let deadline = state.deadline else { return }
            if deadline <= time { state.isDue = true } else { setAlarm(for: deadline, &state) }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        wake { state -> [CheckedContinuation<Void, Never>] in
            change(&state)
            return []
        }
    }

    /// Changes the state, then resumes those that `change` lets go and the one that waits for it.
    private func wake(_ change: (inout State) -> [CheckedContinuation<Void, Never>]) {
        let waiting = state.withLockedValue { state in
            var waiting = change(&state)
            if state.hasSomething, let taker = state.taker {
                state.taker = nil
                waiting.append(taker)
            }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
