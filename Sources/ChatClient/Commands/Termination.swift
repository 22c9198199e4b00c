import Dispatch
import Foundation

/// SIGINT and SIGTERM as a sequence, so that a command can say goodbye; the second one ends the process at once.
/// Immutable: the signal sources are only kept alive.
final class Termination: @unchecked Sendable {
    let signals: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        let queue = DispatchQueue(label: "termination")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
                continuation.yield(number)
            }
            source.resume()
            return source
        }
        signals = stream
    }

    /// Returns when the first signal came, or the task is cancelled.
    func wait() async {
        for await _ in signals { return }
    }
}
