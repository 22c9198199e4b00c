import ArgumentParser
import ChatWire
import Foundation
import NIOCore

/// The flags that `upload` and `download` share.
struct TransferOptions: ParsableArguments {
    @Option(help: "How progress is shown on standard error: bar, json or none (default: a bar on a terminal).")
    var progress: ProgressDisplay.Mode?

    @Flag(help: "What was transferred as JSON, one object a line.") var json = false

    @Option(help: "Seconds without any progress before it gives up with status 3.") var timeout = 60.0

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout is above 0, at most 86400.") }
    }

    var patience: TimeAmount { .nanoseconds(Int64(timeout * 1e9)) }

    func display(_ output: LineOutput) -> ProgressDisplay {
        ProgressDisplay(mode: progress ?? (LineOutput.isRewritable ? .bar : .none), output: output)
    }

    /// Whose status line is the bar: where one is asked for it is drawn, terminal or not.
    func output() -> LineOutput { LineOutput(canRewrite: progress == .bar || LineOutput.isRewritable) }
}

/// Runs a transfer until it is over or the user interrupts it; what can be gone on with is kept.
enum Interruption {
    /// - Throws: what `body` throws; ``CommandFailure`` with what is kept where it was interrupted.
    static func ends<Value: Sendable>(
        _ display: ProgressDisplay, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let termination = Termination()
        let (value, words) = try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask(operation: body)
            group.addTask {
                await termination.wait()
                return nil
            }
            defer { group.cancelAll() }
            do {
                if let value = try await group.next() ?? nil { return (value as Value?, "") }
            } catch {
                await display.end()
                throw error
            }
            let words = await display.whatIsKept
            group.cancelAll()
            // Only when the transfer has let go of its files is it true what is said about them.
            if case .success(let value?) = await group.nextResult() { return (value as Value?, "") }
            return (nil, words)
        }
        await display.end()
        guard let value else { throw CommandFailure(.failed, words) }
        return value
    }
}
