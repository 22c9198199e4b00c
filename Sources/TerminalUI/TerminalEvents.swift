import NIOConcurrencyHelpers

/// What comes from the terminal, in order, for one reader. Ends when the terminal is closed or gone.
public struct TerminalEvents: AsyncSequence, Sendable {
    public typealias Element = Terminal.Event
    public typealias Failure = Never
    let mailbox: TerminalMailbox

    public struct AsyncIterator: AsyncIteratorProtocol {
        let mailbox: TerminalMailbox

        public mutating func next() async -> Terminal.Event? { await mailbox.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> Terminal.Event? {
            await mailbox.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(mailbox: mailbox) }
}

/// Hands events from the terminal's thread to the task that reads them.
final class TerminalMailbox: Sendable {
    /// Input that waits for the reader; above it the thread reads no more, and the system stops whoever pastes.
    static let bytesMax = 256 * 1024

    private struct State {
        var events: [Terminal.Event] = []
        var bytes = 0
        var hasEnded = false
        var reader: CheckedContinuation<Terminal.Event?, Never>?

        enum Answer {
            /// Nil: there will be no more.
            case now(Terminal.Event?)
            /// The reader is kept and gets the next event.
            case later
        }

        mutating func take(for reader: CheckedContinuation<Terminal.Event?, Never>) -> Answer {
            if !events.isEmpty {
                let event = events.removeFirst()
                if case .bytes(let taken) = event { bytes -= taken.count }
                return .now(event)
            }
            if hasEnded || Task.isCancelled { return .now(nil) }
            self.reader = reader
            return .later
        }

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
        let reader = state.withLockedValue { state -> CheckedContinuation<Terminal.Event?, Never>? in
            if let reader = state.reader.take() { return reader }
            if !state.hasEnded { state.add(event) }
            return nil
        }
        reader?.resume(returning: event)
    }

    func end() {
        let reader = state.withLockedValue { state in
            state.hasEnded = true
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    func next() async -> Terminal.Event? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, madeRoom) = state.withLockedValue { state in
                    // A cancellation before this point found no reader to let go.
                    if Task.isCancelled { return (State.Answer.now(nil), false) }
                    let wasFull = state.bytes >= Self.bytesMax
                    let answer = state.take(for: continuation)
                    return (answer, wasFull && state.bytes < Self.bytesMax)
                }
                if madeRoom { roomMade() }
                if case .now(let event) = answer { continuation.resume(returning: event) }
            }
        } onCancel: {
            state.withLockedValue { $0.reader.take() }?.resume(returning: nil)
        }
    }
}
