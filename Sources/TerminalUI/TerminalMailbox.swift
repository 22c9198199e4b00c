import NIOConcurrencyHelpers

extension Terminal {
    /// Hands events to the handler one after the other, until ``stopDelivering()``: those that waited before it returns,
    /// then each as it comes, on the terminal's thread or on that of ``lend(isolation:_:)``. No task is resumed for a key.
    ///
    /// The handler is called under a lock, so that the order holds and nothing comes after ``stopDelivering()``. It must
    /// neither block nor deliver, stop delivering, lend or close. What it takes is out of ``TerminalMailbox/bytesMax``: who
    /// cannot keep up with a paste must see to that where ``executor`` does not.
    /// - Parameter handler: gets nil when there will be no more: the terminal is closed or gone.
    public func deliver(to handler: @escaping @Sendable (Event?) -> Void) { mailbox.deliver(to: handler) }

    /// The handler gets nothing more when this returns; what comes waits for the next one.
    public func stopDelivering() { mailbox.stopDelivering() }
}

/// Events on their way from the terminal's thread to a handler. They wait while there is none.
final class TerminalMailbox: Sendable {
    /// Input that waits for a handler; above it the thread reads no more, and the system stops whoever pastes.
    static let bytesMax = 256 * 1024

    private struct State {
        var events: [Terminal.Event] = []
        var bytes = 0
        var hasEnded = false
        /// Called under the lock: events come one after the other, and none after ``stopDelivering()``.
        var handler: (@Sendable (Terminal.Event?) -> Void)?

        mutating func add(_ event: Terminal.Event) {
            switch event {
            case .bytes(let new):
                bytes += new.count
                if case .bytes(let waiting) = events.last {
                    events[events.count - 1] = .bytes(waiting + new)
                } else {
                    events.append(event)
                }
            case .resized:
                // Only the last size counts, and the sooner it is known the better: `continued` draws at the size before it.
                if let earlier = events.firstIndex(where: { if case .resized = $0 { true } else { false } }) {
                    events[earlier] = event
                } else {
                    events.append(event)
                }
            case .writable, .continued, .terminated:
                if !events.contains(event) { events.append(event) }
            }
        }
    }

    private let state = NIOLockedValueBox(State())
    /// Called when a full mailbox has room again.
    private let roomMade: @Sendable () -> Void

    init(roomMade: @escaping @Sendable () -> Void) { self.roomMade = roomMade }

    var isFull: Bool { state.withLockedValue { $0.bytes >= Self.bytesMax } }

    func post(_ event: Terminal.Event) {
        state.withLockedValue { state in
            if state.hasEnded { return }
            if let handler = state.handler { handler(event) } else { state.add(event) }
        }
    }

    func end() {
        state.withLockedValue { state in
            if !state.hasEnded { state.handler?(nil) }
            state.hasEnded = true
        }
    }

    func deliver(to handler: @escaping @Sendable (Terminal.Event?) -> Void) {
        let wasFull = state.withLockedValue { state in
            let wasFull = state.bytes >= Self.bytesMax
            for event in state.events { handler(event) }
            (state.events, state.bytes) = ([], 0)
            if state.hasEnded { handler(nil) }
            state.handler = handler
            return wasFull
        }
        if wasFull { roomMade() }
    }

    func stopDelivering() { state.withLockedValue { $0.handler = nil } }
}
