import NIOConcurrencyHelpers
import NIOCore
import TerminalUI

/// Makes keys of the terminal's bytes, and of an Escape that nothing follows in time.
final class KeyReader: Sendable {
    /// A sequence arrives in one piece or in a few; a person presses the next key later.
    static let patience = TimeAmount.milliseconds(50)

    private struct State {
        var parser = InputParser()
        var timer: Scheduled<Void>?
    }

    private let state = NIOLockedValueBox(State())
    private let loop: any EventLoop
    private let tell: @Sendable (TerminalEvent) -> Void

    init(loop: any EventLoop, tell: @escaping @Sendable (TerminalEvent) -> Void) {
        self.loop = loop
        self.tell = tell
    }

    func received(_ bytes: [UInt8]) {
        change { $0.parse(bytes) }
    }

    private func change(_ parse: (inout InputParser) -> [TerminalEvent]) {
        state.withLockedValue { state in
            state.timer?.cancel()
            state.timer = nil
            // Told under the lock: the order of the keys is that of the bytes.
            for event in parse(&state.parser) { tell(event) }
            guard state.parser.isWaiting else { return }
            state.timer = loop.scheduleTask(in: Self.patience) { self.change { $0.timedOut() } }
        }
    }
}
