import ChatBroker
import ChatWire
import NIOCore

/// Everything that a worker needs of the broker.
typealias UploadBroker = Broker & FileRegistry & DirectRooms & NodeRegistry

/// The broker as the worker asks it: from any task, and for a limited time.
struct Registry: Sendable {
    let broker: any UploadBroker

    func call<Value: Sendable>(
        _ body: @escaping @Sendable (any UploadBroker) -> EventLoopFuture<Value>
    ) async throws -> Value {
        let loop = broker.eventLoop
        return try await loop.flatSubmit { [broker] in
            let promise = loop.makePromise(of: Value.self)
            let timeout = loop.assumeIsolated().scheduleTask(in: UploadLimits.brokerTimeout) {
                promise.fail(BrokerError(.unavailable, "the broker did not answer in time"))
            }
            body(broker).whenComplete { result in
                timeout.cancel()
                promise.completeWith(result)
            }
            return promise.futureResult
        }.get()
    }
}
