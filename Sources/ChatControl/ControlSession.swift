public import ChatBroker
import ChatWire
import NIOConcurrencyHelpers
import NIOCore
import ServerKit

/// What `termchat-ctl` needs of a broker; it never registers as a node.
public typealias ControlBroker = Broker & NodeRegistry & PresenceStore

/// One run's connection to the cluster.
final class ControlSession: BrokerReceiver, Sendable {
    let broker: any ControlBroker
    private let isUp: EventLoopPromise<Void>
    private let deliveries: AsyncStream<RoomDelivery>
    private let feed: AsyncStream<RoomDelivery>.Continuation
    /// Deliveries that may wait for stdout; a tail that falls further behind loses the oldest and sees it by `prev`.
    private static let deliveriesMax = 10_000
    private static let connectTimeout = TimeAmount.seconds(5)

    init(broker: any ControlBroker) {
        self.broker = broker
        isUp = broker.eventLoop.makePromise()
        (deliveries, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.deliveriesMax))
    }

    /// - Throws: ``BrokerError`` `.unavailable` where Redis does not answer in time.
    func start() async throws {
        let timeout = broker.eventLoop.scheduleTask(in: Self.connectTimeout) { [isUp] in
            isUp.fail(BrokerError(.unavailable, "no answer within 5 s"))
        }
        broker.eventLoop.execute { self.broker.start(self) }
        defer { timeout.cancel() }
        try await isUp.futureResult.get()
    }

    func stop() async {
        feed.finish()
        _ = try? await call { $0.stop() }
    }

    /// Asks the broker on its loop.
    func call<Value: Sendable>(
        _ body: @escaping @Sendable (any ControlBroker) -> EventLoopFuture<Value>
    ) async throws -> Value {
        try await broker.eventLoop.flatSubmit { [broker] in body(broker) }.get()
    }

    /// What subscribed rooms receive, from the subscription on.
    var received: AsyncStream<RoomDelivery> { deliveries }

    func received(_ deliveries: [RoomDelivery]) {
        for delivery in deliveries { feed.yield(delivery) }
    }

    func linkChanged(to state: LinkState) {
        if case .up = state { isUp.succeed(()) }
    }

    func received(_ message: NodeMessage) {}
}
