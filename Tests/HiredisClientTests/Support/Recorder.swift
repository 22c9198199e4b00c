import Synchronization

/// What was heard, in order, from any thread.
final class Recorder<Value: Sendable>: Sendable {
    private let heard = Mutex<[Value]>([])

    var values: [Value] { heard.withLock { $0 } }

    var last: Value? { heard.withLock { $0.last } }

    var count: Int { heard.withLock { $0.count } }

    func append(_ value: Value) { heard.withLock { $0.append(value) } }

    func append(contentsOf values: [Value]) { heard.withLock { $0 += values } }
}
