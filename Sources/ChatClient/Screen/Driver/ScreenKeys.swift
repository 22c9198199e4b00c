import NIOConcurrencyHelpers
import NIOCore
import TerminalUI

/// The keys of one terminal, for one screen after the other. What is typed while there is none waits for the next one,
/// also a paste of which a part has arrived: the rest alone would be taken for keys, and its newlines for Enter.
final class ScreenKeys: Sendable {
    private struct State {
        var inbox: ScreenInbox?
        /// A key at most: an Escape whose time was over only now. The rest waits with the terminal.
        var waiting: [TerminalEvent] = []

        mutating func put(_ event: TerminalEvent) {
            if let inbox { inbox.putUrgent(.terminal(event)) } else { waiting.append(event) }
        }
    }

    private let state: NIOLockedValueBox<State>
    private let reader: KeyReader

    /// - Parameter loop: keeps the reader's time.
    init(loop: any EventLoop) {
        let state = NIOLockedValueBox(State())
        self.state = state
        reader = KeyReader(loop: loop) { event in state.withLockedValue { $0.put(event) } }
    }

    func received(_ bytes: [UInt8]) { reader.received(bytes) }

    /// The keys are for this one, those that waited first.
    func begin(_ inbox: ScreenInbox) {
        state.withLockedValue { state in
            state.inbox = inbox
            let waiting = state.waiting
            state.waiting = []
            for event in waiting { state.put(event) }
        }
    }

    /// Nobody takes from that inbox soon.
    func end() {
        state.withLockedValue { $0.inbox = nil }
    }
}
